"""Tables of any kind, by a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_mapping
import pytest
from hand_made import Imported
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import excel, text

from shequn.sources import platforms
from shequn.sources.files import Export
from shequn.sources.readers import mapping
from shequn.text import ShequnError

SHARED = Path(__file__).parents[3] / "shared" / "data"
Mapped = Callable[..., Imported]


@pytest.fixture
def mapped(
    import_as: Callable[..., Imported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapped:
    """Return a function that imports files as a mapping says."""

    def run(files: dict[str, str | bytes], said: str, **options: Any) -> Imported:
        path = tmp_path / "mapping.yml"
        path.write_text(said, encoding="utf-8")
        try:
            platforms.reader("map")
        except ShequnError:  # until the command is wired: the module stands in for a platform
            monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, "mapped"))
            return import_as("mapped", files, mapping=path, **options)
        return import_as("map", files, mapping=path, **options)

    return run


def load(folder: Path, said: str | bytes) -> mapping.Mapping:
    path = folder / "mapping.yml"
    path.write_bytes(said if isinstance(said, bytes) else said.encode())
    return mapping.load(path)


def said_of(got: Imported) -> str:
    return "\n".join(a.en for a in got.report.assumptions)


def test_messages_and_members_come_out_as_the_mapping_says(mapped: Mapped) -> None:
    got = mapped(made_mapping.example(), made_mapping.MAP, keep_text=True)
    ids, rows = got.ids, got.rows("messages")
    assert [(r["ts"], r["author_id"], r["kind"], r["text"]) for r in rows] == [
        ("2025-03-01T02:00:00Z", ids["u1"], "text", "大家好"),
        ("2025-03-01T02:05:00Z", ids["u2"], "image", "[图片]"),
        ("2025-03-01T15:59:00Z", ids["u1"], "other", "x"),
    ]
    assert [(r["reply_to_id"], r["reply_basis"]) for r in rows[:2]] == [
        ("", ""), (rows[0]["message_id"], "explicit"),
    ]  # fmt: skip
    assert sorted(r["target_id"] for r in got.rows("mentions")) == sorted([ids["u1"], ids["u3"]])
    people = {r["member_id"]: r for r in got.rows("members")}
    assert people[ids["u1"]]["is_staff"] == "true"
    assert people[ids["u9"]]["inviter_id"] == ids["u2"]
    assert people[ids["u9"]]["joined_at"] == "2025-02-19T21:23:20Z"
    assert people[ids["u9"]]["joined_at_basis"] == "registration"


def test_a_table_that_the_mapping_does_not_name_is_left_out(mapped: Mapped) -> None:
    got = mapped({**made_mapping.example(), "else.csv": "a,b\n1,2\n"}, made_mapping.MAP)
    assert [f.why.en for f in got.report.files_left_out] == ["in no entry of the mapping"]
    assert got.report.rows_unparsed == 0


def test_names_and_ids_leave_the_tables(mapped: Mapped) -> None:
    got = mapped(made_mapping.example(), made_mapping.MAP, keep_text=True)
    whole = "".join(p.read_text() for p in got.data.glob("*.csv") if p.name != "identities.csv")
    assert "小橘" not in whole
    assert "Quiet" not in whole


def test_the_same_tables_again_change_nothing(mapped: Mapped) -> None:
    first = mapped(made_mapping.example(), made_mapping.MAP)
    before = first.rows("messages"), first.rows("members"), first.rows("mentions")
    got = mapped(made_mapping.example(), made_mapping.MAP, into=first.data)
    assert (got.rows("messages"), got.rows("members"), got.rows("mentions")) == before


def test_a_row_whose_time_is_none_is_not_understood(mapped: Mapped) -> None:
    files = {"chat.csv": text(made_mapping.CHAT)}
    with pytest.raises(ShequnError, match="a cell that is needed is empty or cannot be read"):
        mapped(files, made_mapping.CHAT_MAP)
    assert mapped(files, made_mapping.CHAT_MAP, tolerate=True).report.rows_unparsed == 1


def test_excel_with_a_header_further_down_is_read_too(mapped: Mapped) -> None:
    book = excel([["导出说明"], [], *made_mapping.CHAT[:-1]])
    said = made_mapping.CHAT_MAP.replace("chat*.csv", "*.xlsx")
    assert len(mapped({"a.xlsx": book}, said).rows("messages")) == 3


def test_a_column_that_is_not_there_is_told_with_the_line_and_what_is_there(mapped: Mapped) -> None:
    with pytest.raises(
        ShequnError, match=r"mapping\.yml, line 3: chat\.csv: no column .*There is: a, b"
    ):
        mapped({"chat.csv": "a,b\n1,2\n"}, made_mapping.CHAT_MAP)


def test_visits_of_a_day_are_added_up(mapped: Mapped) -> None:
    said = """
tables:
  - table: activity
    columns:
      member_id: user
      date: {column: at, format: unix}
      kind: {value: visit}
      seconds: spent
"""
    rows = [
        ["user", "at", "spent"],
        ["u1", 1740787200, 5],
        ["u1", 1740790800, 7.5],
        ["u1", 1740844800, 1],
    ]
    got = mapped({"v.csv": text(rows)}, said, timezone="Asia/Shanghai")
    assert [(r["date"], r["n"], r["seconds"]) for r in got.rows("activity")] == [
        ("2025-03-01", "2", "12.5"), ("2025-03-02", "1", "1.0"),
    ]  # fmt: skip
    assert [r["member_id"] for r in got.rows("members")] == [got.ids["u1"]]


def test_events_without_an_id_are_told_apart_and_found_again(mapped: Mapped) -> None:
    said = """
tables:
  - table: events
    columns: {member_id: user, ts: at, name: step}
"""
    rows = [["user", "at", "step"], ["u1", "2025-03-01 10:00", "open"], ["u1", "2025-03-01 10:00", "open"],
            ["", "2025-03-01 10:01", "buy"]]  # fmt: skip
    first = mapped({"e.csv": text(rows)}, said)
    assert len(first.rows("events")) == 3
    longer = text([rows[0], ["u2", "2025-02-01", "open"], *rows[1:]])
    got = mapped({"new.csv": longer}, said, into=first.data)
    assert len(got.rows("events")) == 4


def test_where_and_systems_and_comings_and_goings(mapped: Mapped) -> None:
    said = """
tables:
  - table: membership_events
    system: crm
    where: {状态: [成功, ok]}
    columns:
      member_id: user
      ts: {column: at, day_first: true}
      action: {column: what, values: {入群: join, 退群: leave}}
"""
    rows = [["user", "at", "what", "状态"], ["1", "3/4/2025", "入群", "成功"], ["1", "5/4/2025", "退群", "ok"],
            ["2", "5/4/2025", "入群", "失败"]]  # fmt: skip
    got = mapped({"e.csv": text(rows)}, said)
    assert [(r["ts"][:10], r["action"]) for r in got.rows("membership_events")] == [
        ("2025-04-03", "join"), ("2025-04-05", "leave"),
    ]  # fmt: skip
    assert list(got.ids) == ["crm/1"]
    assert "1 rows are left out as the mapping's where says" in said_of(got)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("a: &a [x, x]\nb: [*a, *a]", r"line 1: & and \*"),
        ("a: &a [x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]", r"line 1: & and \*"),
        ("tables: !!python/object/apply:os.system [ls]", r"line 1: ! \(types\)"),
        ("[" * 100_000, "nested too deep"),
        ("{a: " * 60_000, "nested too deep"),
        ("tables: [", "no valid YAML"),
        ("tables:\n\t- x", "line 2: no valid YAML"),
        ("", "empty"),
        ("- 1", "keys with values"),
        ("tables: []", "tables is empty"),
        ("table: []", r"line 1: table is not known; tables\?"),
        ("tables:\n- table: mesages\n  columns: {}", "line 2: mesages is no table"),
        ("tables:\n- table: identities\n  columns: {}", "identities is no table"),
        ("tables:\n- table: events\n  columns:\n    name: x", "line 4: events needs ts"),
        (
            "tables:\n- table: events\n  columns: {name: x, ts: {column: t, format: dd}}",
            "format is",
        ),
        (
            "tables:\n- table: events\n  columns: {name: x, ts: {column: t, zone: Mars}}",
            "no time zone Mars",
        ),
        ("tables:\n- table: events\n  columns: {name: x, ts: t, ts: u}", "ts stands there twice"),
        ("tables:\n- table: events\n  columns: {name: '', ts: t}", "which column"),
        (
            "tables:\n- table: events\n  columns: {name: {column: a, value: b}, ts: t}",
            "either column or value",
        ),
        ("tables:\n- table: events\n  columns: {name: $cell, ts: t}", "goes with unpivot"),
        (
            "tables:\n- table: messages\n  unpivot: [a]\n  columns: {author_id: a, ts: t}",
            "unpivot does not",
        ),
        (
            "tables:\n- table: messages\n  columns:\n    author_id: a\n    ts: t\n"
            "    kind: {column: k, values: {x: picture}}",
            "line 6: picture is none of text",
        ),
        (b"\xff\xfe\xfd", "UTF-8"),
        ("#" * (1 << 19), "too long"),
    ],
)
def test_faults_of_a_mapping_are_told_with_their_line(
    tmp_path: Path, said: str | bytes, words: str
) -> None:
    with pytest.raises(ShequnError, match=words):
        load(tmp_path, said)


@given(st.text(max_size=200))
@settings(max_examples=30)
def test_any_text_is_a_mapping_or_refused_in_words(said: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            load(Path(folder), said.encode("utf-8", "replace"))
        except ShequnError as error:
            assert "mapping.yml, line" in error.say("en")


def guess(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return mapping.guess(Export(path).files[0])


def test_a_draft_can_be_used_as_it_is(tmp_path: Path, mapped: Mapped) -> None:
    chat = text(made_mapping.CHAT[:-1])
    draft = guess(tmp_path, "chat.csv", chat)
    entry = load(tmp_path, draft).entries[0]
    assert entry.table == "messages"
    assert {n: s.column for n, s in entry.columns.items()} == {
        "message_id": "编号", "author_id": "用户ID", "ts": "时间", "kind": "类型", "text": "内容",
    }  # fmt: skip
    assert entry.columns["author_id"].name == "昵称"
    assert entry.columns["kind"].values == {"图片": "image", "文本": "text"}
    got = mapped({"chat.csv": chat}, draft)
    assert [r["kind"] for r in got.rows("messages")] == ["text", "image", "other"]


@pytest.mark.parametrize(
    ("rows", "table", "needed"),
    [
        (
            [["日期", "计划名称", "花费", "点击量"], ["2025-03-01", "a", "5", "1"]],
            "spend",
            {"date", "cost"},
        ),
        (
            [["订单号", "买家账号", "付款时间", "实付金额"], ["1", "u", "2025-03-01", "5"]],
            "orders",
            {"order_id", "member_id", "ts", "gross"},
        ),
        (
            [
                ["user_id", "event_name", "event_time"],
                ["u", "open", "1740787200"],
                ["v", "buy", "1740787201"],
            ],
            "events",
            {"ts", "name", "member_id"},
        ),
        (
            [["账号", "入群时间", "邀请人"], ["u", "2025-03-01", ""], ["v", "2025-03-02", "u"]],
            "members",
            {"member_id", "joined_at", "inviter_id"},
        ),
    ],
)
def test_a_table_is_recognised_by_its_columns(
    tmp_path: Path, rows: list[list[str]], table: str, needed: set[str]
) -> None:
    draft = guess(tmp_path, "t.csv", text(rows))
    assert f"- table: {table}\n" in draft
    for column in needed:
        assert f"      {column}:" in draft
    if '""' not in draft:
        load(tmp_path, draft)


def test_a_draft_says_how_sure_it_is_and_shows_nobody(tmp_path: Path) -> None:
    rows = [
        ["发言人", "when", "内容", "备注"],
        *[[f"Name {i % 7}", f"2025-03-01 10:{i:02}", "hi", "secret"] for i in range(20)],
    ]
    draft = guess(tmp_path, "t.csv", text(rows))
    assert 'author_id: "发言人"  # sure' in draft
    assert 'ts: "when"  # a guess, by its content only' in draft
    assert '"备注": text 文字, 1 different' in draft
    assert "Name 1" not in draft
    assert "secret" not in draft


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_draft_is_a_mapping_or_says_what_it_lacks_whatever_columns_are_called(
    names: list[str],
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        whole = text([names, ["1"] * len(names)]).encode("utf-8", "replace")
        try:
            load(Path(folder), guess(Path(folder), "t.csv", whole))
        except ShequnError as error:
            assert any(
                w in error.say("en")
                for w in ("It is empty", "holds no table", "is missing", "needs")
            )


@pytest.mark.skipif(not (SHARED / "web-traffic-daily").is_dir(), reason="needs ../shared/data")
def test_the_real_traffic_of_a_site_becomes_events_of_each_day(mapped: Mapped) -> None:
    place = SHARED / "web-traffic-daily" / "2013.01.01-2015.04.30-daily-users-info.csv"
    said = """
tables:
  - table: events
    file: "*users-info.csv"
    unpivot: [Users, New Users, Sessions, Pageviews]
    columns:
      ts: {column: Day Index, format: "%m/%d/%y"}
      name: $column
      value: $cell
"""
    got = mapped({place.name: place.read_bytes()}, said, timezone="America/New_York")
    rows = {(r["ts"], r["name"]): r["value"] for r in got.rows("events")}
    assert rows["2013-01-01T05:00:00Z", "Users"] == "67283.0"
    assert rows["2015-04-30T04:00:00Z", "Pageviews"] == "1189299.0"
    assert ("2013-01-02T05:00:00Z", "Sessions") not in rows  # empty in the file
    assert got.report.rows_unparsed == 0
    assert got.report.rows_read == 850


@pytest.mark.skipif(not (SHARED / "github-oss-survey").is_dir(), reason="needs ../shared/data")
def test_the_real_survey_becomes_items_and_answers(mapped: Mapped) -> None:
    folder = SHARED / "github-oss-survey"
    names = ("clean_data__negative_incidents.csv", "mappings__question_text.csv")
    said = """
tables:
  - table: survey_answers
    file: clean_data*.csv
    system: survey
    unpivot: ["ONEHOT.NEGATIVE_WITNESS.*"]
    columns:
      survey_id: {value: github-2024}
      respondent_id: $row
      item_id: $column
      value: $cell
  - table: survey_items
    file: mappings__question_text.csv
    columns:
      survey_id: {value: github-2024}
      item_id: modeling_column
      text: column_2024
"""
    got = mapped({n: (folder / n).read_bytes() for n in names}, said)
    lines = (folder / names[0]).read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    wanted = [i for i, c in enumerate(header) if c.startswith("ONEHOT.NEGATIVE_WITNESS.")]
    cells = [line.split(",") for line in lines[1:]]  # no cell of this file holds a comma
    answers = got.rows("survey_answers")
    assert len(answers) == sum(row[i] != "" for row in cells for i in wanted)
    assert sum(float(r["value"]) for r in answers) == sum(
        float(row[i] or 0) for row in cells for i in wanted
    )
    assert {r["item_id"] for r in answers} == {header[i] for i in wanted}
    assert {r["item_id"] for r in got.rows("survey_items")} >= {header[i] for i in wanted}
    assert not (got.data / "members.csv").exists(), "answers name nobody"


@pytest.mark.parametrize("page", ["book", "zh/book"])
def test_the_mappings_of_the_guide_are_ones(page: str, tmp_path: Path, mapped: Mapped) -> None:
    whole = (Path(__file__).parents[2] / page / "guides" / "exports" / "mapping.md").read_text(
        "utf-8"
    )
    chat, survey = re.findall(r"```yaml\n(.*?)```", whole, re.DOTALL)
    assert load(tmp_path, chat).entries[0].table == "messages"
    got = mapped({"q.csv": "Q1,Q2,Age\n同意,,30\n不同意,一般,40\n"}, survey)
    answers = [(r["item_id"], r["value"]) for r in got.rows("survey_answers")]
    assert sorted(answers) == [("Q1", "0.0"), ("Q1", "2.0"), ("Q2", "1.0")]
