"""ChatLab files, written by the format's specification."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from frictionless import Package
from hand_made import Imported
from made_chatlab import ANN, BOB, EVA, T, example, lines, member, said, whole

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Import:
    """Return a function that imports ChatLab files."""
    return lambda files, **options: import_as("chatlab", files, **options)


def events(got: Imported) -> list[tuple[str, str, str, str]]:
    if not (got.data / "membership_events.csv").exists():
        return []
    names = {member: raw for raw, member in got.ids.items()}
    return [
        (
            r["action"],
            names[r["member_id"]],
            names.get(r.get("actor_id", ""), ""),
            r.get("method", ""),
        )
        for r in got.rows("membership_events")
    ]


def test_a_group_is_read_with_replies_roles_and_kinds(imported: Import) -> None:
    got = imported({"a.json": example()["a.json"]}, keep_text=True)
    i, m = got.ids, got.rows("messages")
    assert [(r["kind"], r["author_id"]) for r in m] == [
        ("text", i[ANN]), ("system", i[ANN]), ("text", i[EVA]), ("text", i[BOB]),
        ("image", i[BOB]), ("redpacket", i[ANN]), ("recall", i[BOB]), ("text", i[ANN]),
    ]  # fmt: skip
    assert m[0]["ts"] == "2023-11-14T22:13:20Z"
    assert [r["n_chars"] for r in m] == ["9", "", "2", "2", "", "", "", "8"]
    assert (m[3]["reply_to_id"], m[3]["reply_basis"]) == (m[0]["message_id"], "explicit")
    assert [r["text"] for r in m][6:] == ["", f"'@{i[EVA]}\u2005 你好"]
    assert events(got) == [("join", EVA, ANN, "invite")]
    assert [(r["target_id"], r["kind"]) for r in got.rows("mentions")] == [(i[EVA], "mention")]
    members = {r["member_id"]: r for r in got.rows("members")}
    assert (members[i[ANN]]["role"], members[i[EVA]]["inviter_id"]) == ("owner", i[ANN])
    assert members[i[EVA]]["joined_at"] == "2023-11-14T22:13:29Z"
    assert got.rows("sources")[0]["exported_at"] == "2023-11-15T01:00:00Z"
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_the_example_shows_all_that_the_matrix_claims(imported: Import) -> None:
    got = imported(example())
    known = got.report.knowledge
    assert {what for what, k in known.items() if k.found} == {
        "messages",
        "joins",
        "inviters",
        "leaves",
        "replies",
    }
    assert {k.level for what, k in known.items() if k.found} == {"partial", "full"}
    again = imported(example(), into=got.data)
    assert again.rows("members") == imported(example()).rows("members")


def test_private_names_and_avatars_are_written_nowhere(imported: Import) -> None:
    files = {
        "a.json": whole(said(0, ANN, "老板 is here"), members=(member(BOB, aliases=["老板"]),))
    }
    got = imported(files, keep_text=True)
    assert "老板" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())
    assert got.rows("messages")[0]["text"] == "[name] is here"


def test_private_chats_are_left_out_and_not_named(imported: Import) -> None:
    for write, name in ((whole, "王小明.json"), (lines, "王小明.jsonl")):
        alone = {name: write(said(0, ANN, "x"), type="private")}
        with pytest.raises(ShequnError, match="only groups are read"):
            imported(alone)
        got = imported({"g.json": whole(said(0, ANN, "x")), **alone})
        assert got.report.messages == 1
        assert "王小明" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())


@pytest.mark.parametrize(
    ("text", "sender", "expected"),
    [
        ("小波邀请Eva加入了群聊。", "0", [("join", EVA, BOB, "invite")]),
        ("Eva加入了本群。", "0", [("join", EVA, "", "")]),
        ("Eva 加入了群聊", EVA, [("join", EVA, "", "")]),
        ("Joined the server.", EVA, [("join", EVA, "", "")]),
        ("Anna added Eva", ANN, [("join", EVA, ANN, "invite")]),
        ("Eva joined using this group's invite link", "0", [("join", EVA, "", "link")]),
        ("Eva退出了群聊", "0", [("leave", EVA, "", "")]),
        ("Eva left", "0", [("leave", EVA, "", "")]),
        ("Eva被管理员移出群聊", "0", [("kick", EVA, "", "")]),
        ("Anna removed Eva", ANN, [("kick", EVA, ANN, "")]),
        ("Stranger left", "0", []),
        ("群公告：Eva", "0", []),
    ],
)
def test_system_lines_of_other_platforms_in_plain_words(
    imported: Import, text: str, sender: str, expected: list[tuple[str, ...]]
) -> None:
    got = imported(
        {
            "a.json": whole(
                *(said(-9, who, "x") for who in (ANN, BOB, EVA)), said(0, sender, text, 80)
            )
        }
    )
    assert events(got) == expected
    assert "0" not in got.ids


def test_wechat_lines_follow_the_rules_of_wechat(imported: Import) -> None:
    """There names stand in quotation marks, and 你 is the owner of the file."""
    got = imported(
        {"a.json": whole(
            said(0, ANN, "x"), said(1, EVA, "x"), said(2, BOB, "x"),
            said(3, "0", '你邀请"Eva"加入了群聊', 80), said(4, "0", "Anna邀请Eva加入了群聊", 80),
            platform="wechat", ownerId=BOB, name="甲、乙",
        )}
    )  # fmt: skip
    assert events(got) == [("join", EVA, BOB, "invite")]
    assert "甲" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())


def test_authors_of_forwarded_messages_are_no_members(imported: Import) -> None:
    """WeFlow lists them with their name for an id."""
    people = (member(BOB), member("wxid_silent"), {"platformId": "张 三", "accountName": "张 三"})
    got = imported({"a.json": whole(said(0, ANN, "x"), members=people, platform="wechat")})
    assert set(got.ids) == {ANN, BOB, "wxid_silent"}


def test_a_silent_member_is_there_without_a_date(imported: Import) -> None:
    got = imported({"a.json": whole(said(0, ANN, "x"), members=(member(BOB),))})
    members = {r["member_id"]: r["joined_at_basis"] for r in got.rows("members")}
    assert members == {got.ids[ANN]: "first_message", got.ids[BOB]: ""}


def test_the_same_export_twice_changes_nothing_and_overlaps_are_joined(imported: Import) -> None:
    messages = [said(n, ANN, "x", platformMessageId=str(n)) for n in range(5)]
    messages += [said(9, BOB, "no id"), said(9, BOB, "no id"), said(10, BOB, "x")]
    one = imported({"a.json": whole(*messages[:6])})
    before = one.rows("messages")
    again = imported({"a.json": whole(*messages[:6])}, into=one.data)
    assert again.rows("messages") == before
    more = imported({"b.jsonl": lines(*messages)}, into=one.data)
    assert len(more.rows("messages")) == 8
    assert {r["message_id"] for r in before} < {r["message_id"] for r in more.rows("messages")}


def test_the_order_of_files_and_the_layout_do_not_matter(imported: Import) -> None:
    parts = [
        said(n, who, f"t{n}", platformMessageId=str(n)) for n, who in enumerate([ANN, BOB, EVA])
    ]
    columns = ("message_id", "author_id", "ts", "kind", "text")
    seen = [
        [tuple(r[c] for c in columns) for r in imported(files, keep_text=True).rows("messages")]
        for files in (
            {"a.json": whole(*parts[:2]), "b.json": whole(*parts[1:])},
            {"b.json": whole(*parts[:2]), "a.json": whole(*parts[1:])},
            {"a.jsonl": lines(*parts)},
        )
    ]
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(
    "value",
    [None, True, -1, 0, 1e400, 10**30, "", "x", [], {}, [[]], {"id": 1}, "\ud800", "a\x00b", 1.5,
     T * 1000],
)  # fmt: skip
def test_odd_values_anywhere_never_give_a_traceback(imported: Import, value: Any) -> None:
    fine = [said(n, BOB, "x", platformMessageId=f"b{n}") for n in range(5)]
    fields = ("sender", "accountName", "groupNickname", "timestamp", "type", "content",
              "platformMessageId", "replyToMessageId")  # fmt: skip
    odd = [said(n, ANN, "x") | {field: value} for n, field in enumerate(fields)]
    about = ("platformId", "accountName", "groupNickname", "aliases", "roles", "avatar")
    people = tuple(member(f"m{field}") | {field: value} for field in about)

    def escaped(text: str) -> str:  # half a character stands in JSON as an escape
        return text.replace("\ud800", "\\ud800")

    got = imported({"a.json": escaped(whole(*odd, *fine, members=people))}, tolerate=True)
    assert got.report.messages + got.report.rows_unparsed == 13
    imported({"a.json": escaped(whole(*fine, name=value, platform=value, groupId=value))})
    imported({"a.json": escaped(whole(*fine, type=value, ownerId=value))})
    for top in ("chatlab", "meta", "members"):
        imported({"a.json": escaped(json.dumps(json.loads(whole(*fine)) | {top: value}))})


def test_sixty_mutations_give_an_error_in_words_or_a_clean_result(imported: Import) -> None:
    chance, fine = random.Random(20261122), 0
    for n in range(60):
        name = ("a.json", "b.jsonl")[n % 2]
        content = example()[name]
        assert isinstance(content, str)
        data = bytearray(content.encode())
        for _ in range(chance.choice([1, 1, 2, 8])):
            at = chance.randrange(len(data))
            if chance.random() < 0.5:
                data[at] = chance.randrange(256)
            elif chance.random() < 0.5:
                del data[at : at + chance.randrange(1, 40)]
            else:
                data[at:at] = bytes(chance.choices(b'",\n{}[]:0eN\\<\x00\xff', k=3))
        try:
            imported({name: bytes(data)}, keep_text=True, tolerate=True)
            fine += 1
        except ShequnError as error:
            assert error.what.zh
    assert fine > 10


def test_empty_and_cut_off_files_are_refused(imported: Import) -> None:
    for text in (whole(), lines(), "{}", "", '{"chatlab": {}}'):
        with pytest.raises(ShequnError, match="Nothing of ChatLab"):
            imported({"a.json": text})
    with pytest.raises(ShequnError, match="cut off or damaged"):
        imported({"a.json": whole(said(0, ANN, "x"))[:-2]})
