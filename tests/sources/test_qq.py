"""QQ groups, on files built from the documented grammar: the text, QCE's JSON, its chunks of lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_qq as made
import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources.files import ExportFile
from shequn.sources.platforms import Head
from shequn.sources.readers.qq import sniff
from shequn.sources.readers.qq_notices import read_notice
from shequn.sources.readers.qq_text import who_of
from shequn.text import ShequnError

Import = Callable[..., Imported]
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def read_text(import_as: Import, *said: made.Line, name: str = "群", **options: Any) -> Imported:
    return import_as("qq", {"a.txt": made.text(made.chat(name, said))}, **options)


def pairs(got: Imported, *columns: str, table: str = "messages") -> list[tuple[str, ...]]:
    return [tuple(row[c] for c in columns) for row in got.rows(table)]


def test_the_time_is_that_of_the_zone_and_the_hour_may_have_one_digit(import_as: Import) -> None:
    said = [("2024-03-05 0:00:00", "甲(10001)", "a"), ("2024-03-05 23:59:59", "甲(10001)", "b")]
    for zone, times in {
        "UTC": ["2024-03-05T00:00:00Z", "2024-03-05T23:59:59Z"],
        "Asia/Shanghai": ["2024-03-04T16:00:00Z", "2024-03-05T15:59:59Z"],
        "America/New_York": ["2024-03-05T05:00:00Z", "2024-03-06T04:59:59Z"],
    }.items():
        assert read_text(import_as, *said, timezone=zone).times() == times


def test_windows_in_some_regions_writes_am_and_pm(import_as: Import) -> None:
    got = read_text(
        import_as,
        ("2024-03-05 12:00:01 AM", "甲(10001)", "a"),
        ("2024-03-05 8:43:38 PM", "甲(10001)", "b"),
        ("2024-03-05 20:44:00", "PM(10002)", "a name, no clock"),
    )
    assert got.times() == ["2024-03-05T00:00:01Z", "2024-03-05T20:43:38Z", "2024-03-05T20:44:00Z"]
    assert "10002" in got.ids


@pytest.mark.parametrize(
    ("tail", "raw", "name", "role"),
    [
        ("李雷(10001)", "10001", "李雷", ""),
        ("(10001)", "10001", "", ""),
        ("【管理员】李雷(10001)", "10001", "李雷", "admin"),
        ("【群主】(微笑)(10001)", "10001", "(微笑)", "owner"),
        ("【LV100 话唠】【作者】Linc(10001)", "10001", "【作者】Linc", ""),
        ("Tom<Tom@Example.com>", "tom@example.com", "Tom", ""),
        ("a<b>", "nick:a<b>", "a<b>", ""),
        ("匿名小鹿(80000000)", "anonymous:匿名小鹿", "匿名小鹿", ""),
        ("只有名字", "nick:只有名字", "只有名字", ""),
        ("(笑)", "nick:(笑)", "(笑)", ""),
    ],
)
def test_who_wrote_is_told_by_number_then_address_then_name(
    tail: str, raw: str, name: str, role: str
) -> None:
    who = who_of(tail)
    assert (who.raw, who.name, who.role) == (raw, name, role)


def test_lines_that_look_like_the_first_of_a_message_stay_in_the_one_that_quotes_them(
    import_as: Import,
) -> None:
    quoted = (
        "他昨天说的：\n\n2024-03-04 9:00:00 乙(10002)\n旧话\n\n2024-03-04 9:00:30 丙(10003)\n旧话二\n\n"
        "计划：\n\n2024-05-01 10:00:00 爬山"
    )
    got = read_text(
        import_as,
        ("2024-03-05 8:00:00", "甲(10001)", quoted),
        ("2024-03-05 8:00:00", "甲(10001)", "没有空行\n2024-03-05 8:00:00 乙(10002)\n不是新消息"),
        ("2024-03-05 8:01:00", "乙(10002)", "好"),
        keep_text=True,
    )
    assert len(got.rows("messages")) == 3
    assert set(got.ids) >= {"10001", "10002"}
    assert [int(r["n_chars"]) for r in got.rows("messages")] == [len(quoted), 38, 1]


def test_after_a_message_with_a_clock_in_the_future_the_rest_is_still_read(
    import_as: Import,
) -> None:
    rest = [(f"2024-03-05 8:{m:02}:00", "乙(10002)", f"第{m}条") for m in range(60)]
    got = read_text(import_as, ("2031-01-01 8:00:00", "甲(10001)", "早"), *rest)
    assert len(got.rows("messages")) == 61


def test_several_chats_in_one_file_are_told_apart_and_those_of_two_are_left_out(
    import_as: Import,
) -> None:
    file = made.text(
        made.chat("读书会", [("2024-03-05 8:00:00", "甲(10001)", "在群里")]),
        made.chat("小王", [("2024-03-01 8:00:00", made.SYSTEM, "已是好友"),
                           ("2024-03-01 9:00:00", "小王", "秘密")], sort="我的好友"),
        made.chat("旧讨论组", [("2024-02-01 8:00:00", "老张", "只有名字")], sort="多人聊天"),
        made.chat("自定分组里的群", [("2024-03-02 8:00:00", "甲(10001)", "也是群")], sort="工作"),
    )  # fmt: skip
    got = import_as("qq", {"全部消息记录.txt": file}, keep_text=True)
    assert {r["name"] for r in got.rows("channels")} == {"读书会", "旧讨论组", "自定分组里的群"}
    assert "秘密" not in (got.data / "messages.csv").read_text(encoding="utf-8")
    assert "小王" not in (got.data / "identities.csv").read_text(encoding="utf-8")
    assert any("1 talks of two" in a.en for a in got.report.assumptions)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_read(encoding: str, import_as: Import) -> None:
    file = made.text(made.chat("读书会", [("2024-03-05 8:00:00", "韩梅梅(10003)", "大家好")]))
    got = import_as("qq", {"a.txt": file.encode(encoding)}, keep_text=True)
    assert pairs(got, "text") == [("大家好",)]
    assert got.rows("identities")[0]["display_name"] == "韩梅梅"


@pytest.mark.parametrize(
    ("line", "action", "method", "actor", "subjects"),
    [
        ("李雷邀请韩梅梅加入了群聊。", "join", "invite", "李雷", "韩梅梅"),
        ("李雷 邀请 甲、乙 加入了群聊，并附带了30条聊天记录。", "join", "invite", "李雷", "甲、乙"),
        ("韩梅梅加入本群。", "join", "", "", "韩梅梅"),
        ("韩梅梅通过扫描李雷分享的二维码加入了群聊", "join", "qr", "李雷", "韩梅梅"),
        ("管理员已同意韩梅梅的加群申请", "join", "request", "", "韩梅梅"),
        ("你已经是群成员了，和大家打个招呼吧！", "join", "", "", "你"),
        ("韩梅梅退出了本群。", "leave", "", "", "韩梅梅"),
        ("韩梅梅被管理员移出本群", "kick", "", "管理员", "韩梅梅"),
        ("你将韩梅梅移出了群聊", "kick", "", "你", "韩梅梅"),
        ("李雷撤回了一条消息", "recall", "", "李雷", ""),
        ("韩梅梅已成为新的群主", "role", "", "", "韩梅梅"),
        ("群主开启了全员禁言", None, "", "", ""),
        ("x" * 5000, None, "", "", ""),
    ],
)
def test_what_a_grey_line_says(
    line: str, action: str | None, method: str, actor: str, subjects: str
) -> None:
    notice = read_notice(line)
    if action is None:
        assert notice is None
    else:
        assert notice is not None
        assert (notice.action, notice.method) == (action, method)
        assert (notice.actor, notice.subjects) == (actor, subjects)


def test_who_comes_back_has_two_joins_and_has_not_left(import_as: Import) -> None:
    got = read_text(
        import_as,
        ("2024-03-01 8:00:00", made.GROUP_SYSTEM, "李雷邀请韩梅梅加入了群聊。"),
        ("2024-03-01 8:01:00", "李雷(10001)", "欢迎"),
        ("2024-03-01 8:02:00", "韩梅梅(10003)", "好"),
        ("2024-03-02 8:00:00", made.GROUP_SYSTEM, "韩梅梅退出了本群。"),
        ("2024-03-03 8:00:00", made.GROUP_SYSTEM, "韩梅梅加入本群。"),
        ("2024-03-04 8:00:00", made.GROUP_SYSTEM, "从未说话的人加入本群。"),
    )
    mei = got.ids["10003"]
    assert pairs(got, "ts", "member_id", "action", table="membership_events") == [
        ("2024-03-01T08:00:00Z", mei, "join"),
        ("2024-03-02T08:00:00Z", mei, "leave"),
        ("2024-03-03T08:00:00Z", mei, "join"),
    ]
    [row] = [r for r in got.rows("members") if r["member_id"] == mei]
    assert (row["joined_at"], row["inviter_id"], row["left_at"]) == (
        "2024-03-01T08:00:00Z", got.ids["10001"], "",
    )  # fmt: skip
    assert any("1 names in system lines" in a.en for a in got.report.assumptions)


def test_text_and_qce_of_one_group_are_one(import_as: Import) -> None:
    said = [("2024-01-01 8:00:00", "李雷(10001)", "早"), ("2024-01-01 8:00:00", "李雷(10001)", "[图片]"),
            ("2024-01-01 8:05:00", "王芳(10002)", "好")]  # fmt: skip
    records = [made.record(1, made.START, made.LI, "早"),
               made.record(2, made.START, made.LI, "[图片]", type="image"),
               made.record(3, made.START + 300, made.WANG, "好")]  # fmt: skip
    files = {
        "读书会.txt": made.text(made.chat("读书会", said)),
        "b.json": made.export("读书会", records),
    }
    got = import_as("qq", files, timezone="Asia/Shanghai")
    assert pairs(got, "ts", "author_id") == [
        ("2024-01-01T00:00:00Z", got.ids["10001"]),
        ("2024-01-01T00:00:00Z", got.ids["10001"]),
        ("2024-01-01T00:05:00Z", got.ids["10002"]),
    ]
    assert got.ids["u_10002xyz"] == got.ids["10002"]
    assert got.report.rows_duplicate == 3


def test_a_uid_without_its_number_is_the_person_whose_number_another_message_shows(
    import_as: Import,
) -> None:
    bare = {"uid": "u_10001xyz", "name": "李雷"}
    records = [made.record(1, made.START, bare, "a"), made.record(2, made.START + 9, made.LI, "b")]
    got = import_as("qq", {"b.json": made.export("群", records)})
    assert {r["author_id"] for r in got.rows("messages")} == {got.ids["10001"]}


@pytest.mark.parametrize("version", ["old", "new"])
def test_replies_lead_to_the_message_of_that_id(version: str, import_as: Import) -> None:
    first, answer = f"75{1:017}", made.record(2, made.START + 5, made.WANG, "[回复消息]好的")
    if version == "old":
        records = [made.old_record(1, made.START, made.LI, "开会"),
                   made.old_record(2, made.START + 5, made.WANG, "[回复消息]好的")]  # fmt: skip
        records[1]["content"]["reply"] = {"referencedMessageId": first}
    else:
        answer["content"]["elements"] = [
            {"type": "reply", "data": {"messageId": first}},
            {"type": "text", "data": {"text": "好的"}},
        ]
        records = [made.record(1, made.START, made.LI, "开会"), answer]
    got = import_as("qq", {"b.json": made.export("群", records)}, keep_text=True)
    one, two = got.rows("messages")
    assert (two["reply_to_id"], two["reply_basis"]) == (one["message_id"], "explicit")
    assert two["text"] == "好的"


def test_the_exporters_private_name_for_somebody_is_kept_nowhere(import_as: Import) -> None:
    boss = made.sender("10007", "讨厌的老板", remark="讨厌的老板", nickname="Zhang San")
    records = [made.record(1, made.START, boss, "早"),
               made.record(2, made.START + 9, made.LI, "讨厌的老板来了")]  # fmt: skip
    got = import_as("qq", {"b.json": made.export("群", records)}, keep_text=True)
    for path in got.data.glob("*"):
        assert "讨厌的老板" not in path.read_text(encoding="utf-8"), path
    assert "Zhang San" in (got.data / "identities.csv").read_text(encoding="utf-8")


def test_chunks_of_lines_belong_to_the_manifest_beside_them(import_as: Import) -> None:
    parts = [
        [made.record(1, made.START, made.LI, "a")],
        [made.record(2, made.START + 9, made.WANG, "b")],
    ]
    files = {f"qce/{n}": c for n, c in made.chunked("产品群", parts)}
    got = import_as("qq", files)
    assert len(got.rows("messages")) == 2
    assert [r["name"] for r in got.rows("channels")] == ["产品群"]
    assert {r["exported_at"] for r in got.rows("sources")} == {"2024-06-01T00:00:00Z"}
    del files["qce/manifest.json"]
    with pytest.raises(ShequnError, match="manifest"):
        import_as("qq", files)


def test_a_private_talk_of_qce_is_left_out(import_as: Import) -> None:
    records = [made.record(1, made.START, made.LI, "秘密")]
    files = {
        "group.json": made.export("群", records),
        "friend.json": made.export("小王", records, "private"),
    }
    got = import_as("qq", files)
    assert [f.why.en for f in got.report.files_left_out] == ["a talk of two people"]
    with pytest.raises(ShequnError, match="two people"):
        import_as("qq", {"friend.json": made.export("小王", records, "private")})


def test_other_exports_of_qq_are_named_with_what_to_do(tmp_path: Path) -> None:
    for name, content, why in (
        ("a.mht", "消息对象:群", "mht"),
        ("b.txt", "[QQChatExporter V4 / https://github.com]\n", "JSON"),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        said = sniff(Head(ExportFile(path, name, 1), alone=False))
        assert why in getattr(said, "en", "")


def test_an_empty_group_and_stray_lines(import_as: Import) -> None:
    with pytest.raises(ShequnError):
        import_as("qq", {"a.txt": made.text(made.chat("群", []))})
    with pytest.raises(ShequnError, match="could not be understood"):
        import_as("qq", {"a.txt": made.text() + "不知所云\n"})


WORDS = st.text(min_size=1, max_size=40)


@FEW
@given(words=st.lists(WORDS, min_size=1, max_size=4))
def test_any_text_survives_qce(words: list[str], import_as: Import) -> None:
    records = [made.record(n, made.START + n, made.LI, w) for n, w in enumerate(words, 1)]
    got = import_as("qq", {"b.json": json.dumps(json.loads(made.export("群", records)))})
    assert [int(r["n_chars"]) for r in got.rows("messages")] == [len(w.strip()) for w in words]


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\r\n=["), min_size=1, max_size=30)


@FEW
@given(bodies=st.lists(st.lists(PLAIN, min_size=1, max_size=3), min_size=1, max_size=5))
def test_any_lines_survive_the_text_and_the_order_of_files_does_not_matter(
    bodies: list[list[str]], import_as: Import
) -> None:
    said = [(f"2024-03-05 8:00:{n:02}", "甲(10001)", "\n".join(b)) for n, b in enumerate(bodies)]
    first, second = (made.text(made.chat("群", part)) for part in (said[:2], said[1:] or said))
    got = import_as("qq", {"a.txt": first, "b.txt": second})
    turned = import_as("qq", {"b.txt": first, "a.txt": second})
    kept = [len("\n".join(b)) for b in bodies]
    assert [int(r["n_chars"]) for r in got.rows("messages")] == kept
    assert turned.rows("messages") == got.rows("messages")


def test_overlapping_exports_appended_are_counted_once(import_as: Import) -> None:
    said = [(f"2024-03-05 8:0{n}:00", "甲(10001)", str(n)) for n in range(6)]
    got = read_text(import_as, *said[:4])
    read_text(import_as, *said[2:], into=got.data)
    assert len(got.rows("messages")) == 6
    read_text(import_as, *said[2:], into=got.data)
    assert len(got.rows("messages")) == 6
