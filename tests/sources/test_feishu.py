"""Feishu groups, on answers built from the vendor's documentation; no genuine export was seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import made_feishu as made
import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources.readers.feishu_content import event_of, words_of
from shequn.text import ShequnError

Import = Callable[..., Imported]
T = made.START


def load(import_as: Import, *items: dict[str, Any], **options: Any) -> Imported:
    return import_as("feishu", {"m.json": made.page(items)}, **options)


def by_time(got: Imported) -> dict[str, dict[str, str]]:
    return {r["ts"]: r for r in got.rows("messages")}


def test_the_whole_example_says_who_did_what(import_as: Import) -> None:
    got = import_as("feishu", made.example(), keep_text=True)
    rows, ids = by_time(got), got.ids
    li, wang, han = ids[made.LI], ids[made.WANG], ids[made.HAN]
    first, answer = rows["2024-01-01T00:01:00Z"], rows["2024-01-01T00:02:00Z"]
    assert first["text"] == f"大家好 @{wang}"
    assert (answer["author_id"], answer["reply_to_id"]) == (wang, first["message_id"])
    assert answer["reply_basis"] == "explicit" and answer["thread_id"] == ""
    topic, inside = rows["2024-01-01T00:05:40Z"], rows["2024-01-01T00:05:50Z"]
    assert topic["thread_id"] == inside["thread_id"] == topic["message_id"]
    assert (inside["reply_to_id"], inside["reply_basis"]) == (topic["message_id"], "thread")
    assert rows["2024-01-01T00:03:00Z"]["text"] == f"周报 weekly\n请看 链接\n@{wang}"
    assert rows["2024-01-01T00:04:00Z"]["edited_at"] == "2024-01-01T00:05:00Z"
    gone = rows["2024-01-01T00:04:20Z"]
    assert (gone["deleted_at"], gone["text"], gone["n_chars"]) == ("2024-01-01T00:05:10Z", "", "")
    assert rows["2024-01-01T00:05:30Z"]["kind"] == "image"
    assert rows["2024-01-01T00:05:20Z"]["is_bot"] == "true"
    assert sorted((r["ts"], r["member_id"], r["action"], r["actor_id"], r["method"])
                  for r in got.rows("membership_events")) == [
        ("2024-01-01T00:00:00Z", wang, "join", li, "invite"),
        ("2024-01-01T00:08:20Z", han, "join", li, "invite"),
        ("2024-01-01T00:15:00Z", han, "leave", "", ""),
    ]  # fmt: skip
    [r] = got.rows("reactions")
    assert (r["message_id"], r["member_id"]) == (first["message_id"], wang)
    assert (r["emoji"], r["ts"]) == ("THUMBSUP", "2024-01-01T00:01:10Z")
    assert [r["kind"] for r in got.rows("mentions")].count("all") == 1


def test_milliseconds_are_utc_whatever_the_zone(import_as: Import) -> None:
    for zone in ("UTC", "Asia/Shanghai", "America/New_York"):
        got = load(import_as, made.text(1, T, made.LI, "零点"), timezone=zone)
        assert [r["ts"] for r in got.rows("messages")] == ["2024-01-01T00:00:00Z"]


def test_pages_lists_and_lines_say_the_same(import_as: Import) -> None:
    items = [made.text(n, T + n, made.LI, f"第{n}条") for n in range(1, 4)]
    lines = "\n".join(json.dumps(i, ensure_ascii=False) for i in items)
    shapes = {
        "page.json": made.page(items),
        "indented.json": json.dumps(json.loads(made.page(items)), indent=2),
        "list.json": json.dumps(items),
        "pages.json": json.dumps(
            [json.loads(made.page(items[:1])), json.loads(made.page(items[1:]))]
        ),
        "items.jsonl": lines,
        "pages.jsonl": made.page(items[:2]) + "\n" + made.page(items[2:]) + "\n",
    }
    seen = []
    for name, content in shapes.items():
        got = import_as("feishu", {name: content})
        seen.append([(r["message_id"], r["ts"], r["n_chars"]) for r in got.rows("messages")])
        assert got.report.rows_read == 3, name
    assert seen[0] and all(s == seen[0] for s in seen)


@pytest.mark.parametrize(
    ("template", "action", "method"),
    [
        ("{from_user} invited {to_chatters} to the group.", "join", "invite"),
        ("{from_user} 邀请 {to_chatters} 加入了群聊", "join", "invite"),
        ("{from_user} removed {to_chatters} from this chat.", "kick", ""),
        ("{from_user} 将 {to_chatters} 移出了群聊", "kick", ""),
        ("{from_user} joined by scanning the QR code.", "join", "qr"),
        ("{from_user} joined via link.", "join", "link"),
        ("{from_user} left the group.", "leave", ""),
        ("{from_user} 退出了群聊", "leave", ""),
        ("{from_user} updated the group name", "", ""),
        ("{from_user} started the group chat.", "", ""),
    ],
)
def test_what_a_system_line_tells_of(template: str, action: str, method: str) -> None:
    assert event_of(template) == (action, method)


def test_a_system_line_and_the_event_of_the_same_are_one(import_as: Import) -> None:
    line = made.system(
        1, T + 3, "{from_user} invited {to_chatters} to the group.", ["李雷"], ["韩梅梅"]
    )
    files = {
        "m.json": made.page([line, made.text(2, T + 9, made.LI, "欢迎")]),
        "members.json": made.members((made.LI, "李雷"), (made.HAN, "韩梅梅")),
        "events.jsonl": made.came("added", T, made.HAN, "韩梅梅", made.LI) + "\n",
    }
    got = import_as("feishu", files)
    assert [(r["ts"], r["action"]) for r in got.rows("membership_events")] == [
        ("2024-01-01T00:00:00Z", "join")
    ]


def test_names_that_lead_to_nobody_or_to_two_are_not_guessed(import_as: Import) -> None:
    invited = "{from_user} invited {to_chatters} to the group."
    files = {
        "m.json": made.page([
            made.system(1, T, invited, ["李雷"], ["同名"]),
            made.system(2, T + 60, invited, ["李雷"], ["查无此人"]),
            made.text(3, T + 90, made.LI, "查无此人来了"),
        ]),
        "members.json": made.members((made.LI, "李雷"), (made.WANG, "同名"), (made.HAN, "同名")),
    }  # fmt: skip
    got = import_as("feishu", files, keep_text=True)
    assert got.report.membership_events == 0
    assert any("2 names in system lines" in a.en for a in got.report.assumptions)
    assert "查无此人" not in (got.data / "messages.csv").read_text(encoding="utf-8")


def test_silent_members_of_the_list_are_members(import_as: Import) -> None:
    files = {"m.json": made.page([made.text(1, T, made.LI, "x")]),
             "members.json": made.members((made.LI, "李雷"), (made.HAN, "韩梅梅"))}  # fmt: skip
    got = import_as("feishu", files)
    rows = {r["member_id"]: r["joined_at_basis"] for r in got.rows("members")}
    assert rows == {got.ids[made.LI]: "first_message", got.ids[made.HAN]: ""}


def test_a_reaction_that_was_taken_back_is_none(import_as: Import) -> None:
    def react(name: str, ts: int, emoji: str) -> str:
        return made.event(
            f"im.message.reaction.{name}_v1", ts, message_id=made.om(1), operator_type="user",
            user_id=made.ids(made.WANG), action_time=f"{ts}000", reaction_type={"emoji_type": emoji},
        )  # fmt: skip

    lines = [
        react("deleted", T + 9, "OK"),
        react("created", T + 5, "OK"),
        react("created", T + 5, "SMILE"),
    ]
    files = {"m.json": made.page([made.text(1, T, made.LI, "x")]), "e.jsonl": "\n".join(lines)}
    assert [r["emoji"] for r in import_as("feishu", files).rows("reactions")] == ["SMILE"]


def test_a_message_that_an_event_brought_is_the_one_of_the_page(import_as: Import) -> None:
    message = {
        "message_id": made.om(1), "chat_id": made.CHAT, "chat_type": "group", "message_type": "text",
        "create_time": f"{T}123", "content": json.dumps({"text": "你好"}),
    }  # fmt: skip
    sender = {"sender_id": made.ids(made.LI), "sender_type": "user"}
    heard = made.event("im.message.receive_v1", T, sender=sender, message=message)
    private = made.event(
        "im.message.receive_v1", T, sender=sender,
        message={**message, "message_id": made.om(2), "chat_type": "p2p", "chat_id": "oc_12345678"},
    )  # fmt: skip
    files = {
        "m.json": made.page([made.text(1, T, made.LI, "你好")]),
        "e.jsonl": f"{heard}\n{private}\n",
    }
    got = import_as("feishu", files)
    assert len(got.rows("messages")) == 1 and len(got.rows("channels")) == 1


def test_a_chat_of_two_is_left_out_whatever_its_files_name(import_as: Import) -> None:
    info = {"code": 0, "data": {"chat_mode": "p2p", "name": "", "owner_id": made.LI}}
    other = {**made.text(1, T, made.LI, "秘密"), "chat_id": "oc_private1234567"}
    files = {
        "a.json": made.page([other]),
        "zz_oc_private1234567.json": json.dumps(info),
        "b.json": made.page([made.text(2, T, made.LI, "公开")]),
    }
    got = import_as("feishu", files, keep_text=True)
    assert [r["text"] for r in got.rows("messages")] == ["公开"]


def test_hidden_senders_count_as_one_a_group_and_the_report_says_so(import_as: Import) -> None:
    hidden = [made.text(n, T + n, "", "x") for n in (1, 2)]
    for one in hidden:
        one["sender"] = {"id": "", "id_type": "", "sender_type": "anonymous"}
    got = load(import_as, *hidden)
    assert len({r["author_id"] for r in got.rows("messages")}) == 1
    assert any("2 messages bear no sender" in a.en for a in got.report.assumptions)


def test_the_newest_version_of_a_message_counts(import_as: Import) -> None:
    old = made.page([made.text(1, T, made.LI, "错字"), made.text(2, T + 5, made.LI, "b")])
    new = made.page([
        made.text(1, T, made.LI, "改好了", updated=True, update_time=f"{T + 99}000"),
        made.text(2, T + 5, made.LI, "b", deleted=True, update_time=f"{T + 100}000"),
        made.text(3, T + 200, made.LI, "c"),
    ])  # fmt: skip
    got = import_as("feishu", {"1.json": old}, keep_text=True)
    import_as("feishu", {"2.json": new}, into=got.data, keep_text=True)
    rows = got.rows("messages")
    assert [r["text"] for r in rows] == ["改好了", "", "c"]
    assert [r["deleted_at"] for r in rows] == ["", "2024-01-01T00:01:40Z", ""]


def test_an_error_of_the_interface_is_not_understood_and_an_empty_page_is(
    import_as: Import,
) -> None:
    files = {"m.json": made.page([made.text(1, T, made.LI, "x")]),
             "e.jsonl": '{"code": 230002, "msg": "bot not in chat", "data": {}, "chat_id": "oc_12345678", '
                        '"msg_type": 1}\n'}  # fmt: skip
    assert import_as("feishu", files, tolerate=True).report.rows_unparsed == 1
    with pytest.raises(ShequnError):
        import_as("feishu", {"m.json": made.page([])})


def test_the_tenth_person_named_is_not_the_first_with_a_nought() -> None:
    names = {"@_user_1": "@Ann", "@_user_10": "@Bob"}
    assert words_of("text", {"text": "@_user_10 @_user_1"}, names) == "@Bob @Ann"


@pytest.mark.parametrize(
    "odd",
    [
        {"create_time": "x"}, {"create_time": "9" * 40}, {"create_time": None}, {"message_id": 5},
        {"msg_type": 5}, {"chat_id": None}, {"create_time": "-1"},
    ],
)  # fmt: skip
def test_odd_records_are_counted_as_not_understood(odd: dict[str, Any], import_as: Import) -> None:
    good = [made.text(n, T + n, made.LI, "x") for n in range(1, 3)]
    got = load(import_as, *good, {**made.text(9, T, made.LI, "y"), **odd}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_unparsed) == (3, 1)


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "[" * 9000, '{"text": 5}', '{"content": [[5, {"tag": 5}], 7]}', None, 5]
)
def test_odd_bodies_are_messages_without_words(body: Any, import_as: Import) -> None:
    for kind in ("text", "post", "image", "system", "unheard_of"):
        item = {**made.text(1, T, made.LI, "x"), "body": {"content": body}, "msg_type": kind}
        got = load(import_as, item, made.text(2, T, made.LI, "y"))
        assert got.report.rows_unparsed == 0


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(st.text(max_size=30).filter(lambda t: "@_" not in t), min_size=1, max_size=5))
def test_any_text_survives_in_any_order_of_files(words: list[str], import_as: Import) -> None:
    items = [made.text(n, T + n, made.LI, w) for n, w in enumerate(words, 1)]
    pages = [made.page(items[:2]), made.page(items[1:] or items)]
    got = import_as("feishu", {"a.json": pages[0], "b.json": pages[1]})
    turned = import_as("feishu", {"b.json": pages[0], "a.json": pages[1]})
    assert [int(r["n_chars"]) for r in got.rows("messages")] == [len(w) for w in words]
    assert turned.rows("messages") == got.rows("messages")
