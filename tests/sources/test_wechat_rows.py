"""WeChat groups in several files, and rows that are amiss; built from the documented grammar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_wechat import (
    ANN,
    BOB,
    CARL,
    GROUP,
    ME,
    TALK,
    csv_file,
    echotrace,
    grey,
    line,
    said,
    weflow,
)  # fmt: skip

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Import:
    """Return a function that imports WeChat groups, as in Shanghai unless told."""
    return lambda files, **options: import_as(
        "wechat", files, **{"timezone": "Asia/Shanghai", **options}
    )


def texts(got: Imported, *columns: str, table: str = "messages") -> list[tuple[str, ...]]:
    """Return columns of a table, all where none is named; nothing where it is not there."""
    if not (got.data / f"{table}.csv").exists():
        return []
    return [tuple(row[c] for c in columns or row) for row in got.rows(table)]


def ids(got: Imported) -> dict[str, str]:
    return {r["platform_user_id"]: r["member_id"] for r in got.rows("identities")}


def test_overlapping_exports_are_joined(imported: Import) -> None:
    whole = [
        said(0, ANN, "a", platformMessageId="1"), said(0, ANN, "b", platformMessageId="2"),
        said(0, BOB, "c", platformMessageId="3"), grey(5, '"Anna"邀请"Carl"加入了群聊'),
        said(9, CARL, "d", platformMessageId="4"), said(9, CARL, "d", platformMessageId="4"),
    ]  # fmt: skip
    one = imported({"a.json": weflow(*whole)})
    both = {"a.json": weflow(*whole[:4]), "b.json": weflow(*whole[1:])}
    two = imported(both)
    older = imported({"a.json": echotrace(*whole[:5]), "b.json": weflow(*whole)})
    turned = imported({"z.json": both["a.json"], "b.json": both["b.json"]})
    columns = ("message_id", "author_id", "ts", "kind")
    assert len(one.rows("messages")) == 5
    assert sorted(texts(one, *columns)) == sorted(texts(older, *columns))
    assert sorted(texts(one, *columns)) == sorted(texts(two, *columns))
    assert (
        one.rows("membership_events")[0]["event_id"] == two.rows("membership_events")[0]["event_id"]
    )
    assert texts(two, *columns) == texts(turned, *columns)
    assert two.report.rows_read == 9
    assert one.rows("members") == two.rows("members") == older.rows("members")


def test_overlap_within_one_second_needs_the_same_order(imported: Import) -> None:
    """A second that only one export cuts in two is joined by order, which is a known weakness."""
    got = imported(
        {
            "a.json": weflow(said(0, ANN, "a"), said(0, ANN, "b")),
            "b.json": weflow(said(0, ANN, "a")),
        }
    )
    assert len(got.rows("messages")) == 2


def test_the_same_file_twice_is_one(imported: Import) -> None:
    once, twice = {"g_utf8.csv": csv_file(*GROUP)}, {"x/g_utf8.csv": csv_file(*GROUP)}
    got = imported({**once, **twice, "g_utf8(1).csv": csv_file(*GROUP)})
    assert (got.report.messages, got.report.duplicates) == (3, 2)


def test_two_groups_are_one_community_and_two_channels(imported: Import) -> None:
    got = imported(
        {
            "a.json": weflow(*TALK, said(300, ME, "x"), grey(310, '你将"小波"移出了群聊')),
            "b.json": weflow(said(100, BOB, "x"), said(400, ANN, "x"), wxid="9@chatroom"),
        }
    )
    assert len(got.rows("channels")) == 2
    assert len(got.rows("members")) == 4
    assert {r["left_at"] for r in got.rows("members")} == {""}  # still in the other group
    assert [r["action"] for r in got.rows("membership_events")] == ["kick"]
    everything = "".join(p.read_text("utf-8") for p in got.data.iterdir() if p.stem != "identities")
    assert not [n for n in ("chatroom", "wxid_", "小波") if n in everything]


def test_ids_stay_when_an_export_grows_and_differ_under_another_key(
    imported: Import, tmp_path: Path
) -> None:
    a = imported({"a.json": weflow(*TALK)})
    b = imported({"a.json": weflow(*TALK, said(500, ANN, "more"))})
    c = imported({"a.json": weflow(*TALK)}, key_file=tmp_path / "other")
    columns = ("message_id", "author_id", "channel_id")
    assert texts(b, *columns)[:3] == texts(a, *columns)
    assert not {x for row in texts(a, *columns) for x in row} & {
        x for row in texts(c, *columns) for x in row
    }


def test_one_member_and_no_message_at_all(imported: Import) -> None:
    got = imported({"a.json": weflow(said(0, ANN, "x"))})
    assert [r["joined_at_basis"] for r in got.rows("members")] == ["first_message"]
    for empty in (weflow(), '{"session": {"wxid": "1@chatroom", "type": "群聊"}}'):
        with pytest.raises(ShequnError, match="Nothing of WeChat"):
            imported({"a.json": empty})
    with pytest.raises(ShequnError, match="Nothing of WeChat"):
        imported({"g_utf8.csv": csv_file()})
    with pytest.raises(ShequnError, match="Nothing of WeChat"):
        imported({"a.txt": "hello", "b.csv": "a,b\n1,2\n", "c.json": "[1]", "d.csv": ""})


def test_rows_that_are_not_understood_are_told_without_their_words(imported: Import) -> None:
    odd = (
        line(0, ANN, "x")[:9], (*line(1, ANN, "x"), "more"), line(2, "", "geheim"),
        (*line(3, ANN, "x")[:2], "kind", *line(3, ANN, "x")[3:]),
    )  # fmt: skip
    file = csv_file(*GROUP, *odd)
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file})
    got = imported({"g_utf8.csv": file}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_unparsed, got.report.messages) == (7, 4, 3)
    assert [e.row for e in got.report.examples] == [4, 5, 6, 7]
    assert "geheim" not in got.report.to_json()


def test_a_lost_quotation_mark_does_not_swallow_rows(imported: Import) -> None:
    file = csv_file(line(0, ANN, "a,b"), *GROUP[1:], line(5, ANN, "c,d"), *GROUP).decode(
        "utf-8-sig"
    )
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file.replace('"a,b"', '"a,b')})
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file.replace('"a,b"', '"a,b').replace('"c,d"', "c,d")})
    # A hundred rows in the belly of one are a hundred rows that are lost.
    many = [line(n, ANN, "x") for n in range(500)]
    many[100], many[200] = line(100, ANN, "a,b"), line(200, ANN, ",d")
    file = csv_file(*GROUP, *many).decode("utf-8-sig")
    got = imported({"g_utf8.csv": file.replace('"a,b"', '"a,b')}, tolerate=True)
    assert got.report.rows_unparsed >= 100
    assert got.report.messages == 402


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(said_=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([ANN, BOB, CARL, ME]), _WORDS),
                      min_size=1, max_size=8))  # fmt: skip
def test_any_text_and_any_order_of_files_give_the_same_tables(
    said_: list[tuple[int, str, str]], imported: Import
) -> None:
    """Random names are not used here: a name in a text is replaced."""
    messages = [said(n * 100 + at, who, text) for n, (at, who, text) in enumerate(said_)]
    half = len(messages) // 2
    parts = [weflow(*messages[: half + 1]), weflow(*messages[half:])]
    one = imported({"a.json": parts[0], "b.json": parts[1]}, keep_text=True)
    two = imported({"b.json": parts[0], "a.json": parts[1]}, keep_text=True)
    again = imported({"a.json": parts[0], "b.json": parts[1]}, keep_text=True)
    for table in ("messages", "members", "mentions", "sources", "identities"):
        tables = [texts(x, table=table) for x in (one, two, again)]
        assert tables[0] == tables[1] == tables[2]
    assert len(one.rows("messages")) == len(messages)
    assert [int(r["n_chars"]) for r in one.rows("messages")] == [len(t) for _, _, t in said_]
