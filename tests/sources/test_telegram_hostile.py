"""Exports of Telegram Desktop that are damaged, invalid or hostile, and what text becomes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from frictionless import Package
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_telegram import T0, chat, done, full, importer, said, tables, text

from shequn.sources import import_export, json_stream
from shequn.text import ShequnError

Import = Callable[..., Imported]
FIXTURE = [HealthCheck.function_scoped_fixture]  # every call of it uses a folder of its own


@pytest.fixture
def imported(import_as: Import) -> Import:
    return importer(import_as)


def test_the_two_ways_in_which_telegram_writes_invalid_json(imported: Import) -> None:
    emoji = {"type": "custom_emoji", "text": "😮", "document_id": "FILE"}
    fine = text(chat(said(1, 11, "aCONTROLb\\x41 c"), said(2, 11, [emoji, "!"]), said(3, 11)))
    bad = fine.replace("CONTROL", "\\x01\\x1F").replace('"FILE"', "video_files/sticker (2).webm")
    with pytest.raises(json.JSONDecodeError):
        json.loads(bad)
    got = imported({"result.json": bad}, keep_text=True)
    assert [r["text"] for r in got.rows("messages")] == ["a\ufffd\ufffdb\\x41 c", "😮!", "x"]
    assert got.report.rows_unparsed == 0


def test_both_are_mended_wherever_a_read_ends(
    imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    emoji = {"type": "custom_emoji", "text": "😮", "document_id": "FILE"}
    made = [said(i, 11, ["你\\好CONTROL", emoji, "!"]) for i in range(1, 6)]
    fine = text(chat(*made, number=123_456_789_012))
    bad = fine.replace("CONTROL", "\\x01").replace('"FILE"', "(File not included.)")
    whole = imported({"result.json": bad}, keep_text=True)
    for size in (*range(1, 30), 64):
        monkeypatch.setattr("shequn.sources.files._BLOCK", size)
        assert tables(imported({"result.json": bad}, keep_text=True)) == tables(whole)
    assert whole.rows("messages")[0]["text"] == "你\\好\ufffd😮!"


def test_a_file_cut_anywhere_is_refused(imported: Import, tmp_path: Path) -> None:
    whole = text(full(chat(said(1, 11, "é"), done(2, 12, "pin_message")))).encode()
    for cut in range(len(whole) - 1, 0, -37):
        with pytest.raises(ShequnError) as caught:
            imported({"result.json": whole[:cut]})
        assert caught.value.say("zh") and caught.value.mend
    assert not any(p.name.startswith(("data", ".data")) for p in tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "{}", '"type": "private_group"', '{"type": "private_group"',
        '{"type": "private_group", "id": 1, "messages": [' + "[" * 100_000,
        '{"type": "private_group", "id": 1, "messages": [' + '{"a":' * 5000,
        '{"type": "private_group", "id": 1, "messages": [' + "9" * 9000 + "]}",
        '{"type": "private_group", "id": 1, "messages": []} x',
        '{"type": "private_group", "id": 1, "messages": [], "messages": []}',
        '{"type": "private_group", "id": 1, "messages": [,]}',
        '{"type": "private_group", "id": 1, 5: []}',
        '{"type": "private_group", "id": 1, "messages" []}',
        '{"type": "personal_chat", "id": 1, "messages": []}',
        '{"type": "private_group", "messages": []}',
        '{"type": "private_group", "id": true, "messages": []}',
        '{"messages": [], "type": "private_group", "id": -1}',
        '{"chats": {"list": [1, [], {"type": {}, "id": 1, "messages": [1]}]}}',
        "\x00" * 5000, "\ufeff\ufeff{", "\\x01" * 100,
    ],
)  # fmt: skip
def test_nothing_to_read_is_said_in_words(imported: Import, content: str) -> None:
    with pytest.raises(ShequnError) as caught:
        imported({"result.json": content})
    assert caught.value.what.zh and caught.value.mend


STRANGE = [
    7, None, [], "x", {}, {"id": 5}, {"id": "5", "type": "message"}, {"id": True, "type": "message"},
    said(1, 11, id=1 << 40), said(0, 11), said(5, 11, type="other"), said(5, 11, type=[]),
    said(5, 11, date_unixtime="soon"), said(5, 11, date_unixtime=None, date="soon"),
    said(5, 11, date_unixtime="99999999999"),
    said(5, 11, date_unixtime=1e300, date=[]), said(5, 11, date_unixtime="0"),
    said(5, 11, from_id="bob"), said(5, 11, from_id={}), said(5, 11, from_id=-1),
    said(5, 11, from_id=None), done(5, 11, "x", actor_id="robot11"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_rows_that_cannot_be_understood(imported: Import, number: int) -> None:
    with pytest.raises(ShequnError, match="1 of 2 rows"):
        imported(chat(said(1, 11), STRANGE[number]))
    got = imported(chat(said(1, 11), STRANGE[number]), tolerate=True)
    assert (got.report.rows_unparsed, got.report.messages) == (1, 1)
    [example] = got.report.examples
    assert "bob" not in example.shape and "robot" not in example.shape and example.row == 2


def test_odd_fields_do_no_harm(imported: Import) -> None:
    nan = float("nan")
    odd: list[object] = [
        None,
        7,
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": {}},
        nan,
        1 << 80,
        True,
        [{"type": []}],
    ]
    names = ("from", "text", "text_entities", "reactions", "reply_to_message_id", "edited",
             "edited_unixtime", "reply_to_peer_id", "media_type", "poll", "forwarded_from",
             "inline_bot_buttons")  # fmt: skip
    lines = ("actor", "members", "inviter", "action", "title")
    made: list[object] = []
    for value in odd:
        made += [said(len(made) + 1 + i, 11, **{n: value}) for i, n in enumerate(names)]
        made += [
            done(len(made) + 1 + i, 12, "invite_members", **({} if n == "action" else {n: value}))
            for i, n in enumerate(lines)
        ]
        inner = {"type": "emoji", "count": 2, "emoji": value, "recent": [{"from_id": value}, value]}
        made.append(said(len(made) + 1, 13, [{"type": "mention_name", "user_id": value}, value],
                         reactions=[inner, {"count": value}]))  # fmt: skip
    got = imported(chat(*made), keep_text=True)
    assert got.report.messages == len(made)
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_hostile_names_are_harmless_and_stay_in_identities(imported: Import) -> None:
    names = ["=cmd()", "a\x00b", "\u202eevil", "<script>alert(1)</script>", 'q"uo,te\n', "x" * 5000,
             "群主", ".", "A", "\ud800lone", "@admin"]  # fmt: skip
    made = [said(i, 10 + i, " ".join(names), **{"from": n}) for i, n in enumerate(names, 1)]
    got = imported({"result.json": json.dumps(chat(*made), indent=1)}, keep_text=True)
    shown = [r["display_name"] for r in got.rows("identities")]
    assert len(shown) == len(names) and "'=cmd()" in shown and "'@admin" in shown
    others = "".join(v for k, v in tables(got).items() if k != "identities.csv")
    assert "script" not in others and "群主" not in others and "xxxxx" not in others
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_kept_text_holds_no_name_and_no_trace(imported: Import) -> None:
    got = imported(
        chat(
            said(1, 11, "Ask ANNA SCHMIDT or anna, @some_user t.me/some_user/5 or 13812345678"),
            said(2, 12, ["to ", {"type": "phone", "text": "555"}, {"type": "bold", "text": " Li Wei"}]),
            said(3, 13, "Li Wei's club: mail li@wei.example", **{"from": "Li Wei"}),
            said(4, 14, "x", **{"from": "Anna Schmidt"}),
            said(5, 15, "x", **{"from": "Zhang San"}),
            said(6, 16, "Zhang San", **{"from": "Zhang San"}),
            done(7, 16, "edit_group_title", title="Zhang San"),
            name="Friends of Anna Schmidt",
        ),
        keep_text=True,
    )  # fmt: skip
    i = got.ids
    assert [r["text"] for r in got.rows("messages")] == [
        f"Ask {i['user14']} or anna, [username] t.me/[username]/5 or [phone]",
        f"to [phone] {i['user13']}",
        f"{i['user13']}'s club: mail [email]",
        "x", "x", "[name]", "",
    ]  # fmt: skip
    assert got.rows("channels")[0]["name"] == f"Friends of {i['user14']}"
    assert "Anna" not in (got.data / "datapackage.json").read_text(encoding="utf-8")
    assert "Anna" not in got.report.to_json()


def test_names_without_a_letter_do_not_riddle_the_text(imported: Import) -> None:
    names = [said(1, 11, "So. And ... so!", **{"from": "."}), said(2, 12, **{"from": "!"})]
    got = imported(chat(*names), keep_text=True)
    assert got.rows("messages")[0]["text"] == "So. And ... so!"


def test_names_of_one_letter_do_not_riddle_the_text(imported: Import) -> None:
    names = [said(1, 11, "A book. 好 b."), said(2, 12, **{"from": "A"})]
    got = imported(chat(*names, said(3, 13, **{"from": "好"})), keep_text=True)
    assert got.rows("messages")[0]["text"] == "A book. 好 b."


@settings(max_examples=20, deadline=None, suppress_health_check=FIXTURE)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_survives(imported: Import, texts: list[str]) -> None:
    sure = [t.replace("@", "").replace("me/", "").replace("tg:", "") for t in texts]
    sure = ["".join(c for c in t if not c.isdigit()) for t in sure]
    got = imported(chat(*(said(i, 11, t) for i, t in enumerate(sure, 1))), keep_text=True)
    kept = [r["text"] for r in got.rows("messages")]
    lengths = [int(r["n_chars"]) for r in got.rows("messages")]
    assert lengths == [len(t) for t in sure]
    clean = [t.replace("\r\n", "\n") for t in sure]
    assert [_plain(k) for k in kept] == [_plain(t) for t in clean]


def _plain(text: str) -> str:
    # Control characters, and what CSV and universal newlines make of them, do not count.
    text = (
        text.removeprefix("'") if text[1:2] in ("=", "+", "-", "@", "\t", "\n", "\ufffd") else text
    )
    return "".join(c for c in text if c.isprintable() and c != "\ufffd")


@settings(max_examples=8, deadline=None, suppress_health_check=FIXTURE)
@given(st.permutations(range(5)), st.integers(1, 4))
def test_neither_order_nor_cut_of_the_files_matters(
    imported: Import, order: list[int], size: int
) -> None:
    messages = [said(i, 11 + i % 3) for i in range(1, 10)]
    messages.append(done(10, 11, "invite_members", members=["N12 Name", "N13 Name"]))
    parts = [chat(*messages[2 * n : 2 * n + 1 + size]) for n in range(5)]
    files = {f"{n}.json": text(parts[n]) for n in range(5)}
    mixed = {f"{n}.json": text(parts[m]) for n, m in enumerate(order)}
    assert tables(imported(files)) == tables(imported(mixed))


def test_mutated_exports_never_break_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_MOST", 1 << 16)
    one = {"from": "N", "from_id": "user12", "date": "2024-01-01T00:09:00"}
    reaction = {"type": "emoji", "count": 1, "emoji": "👍", "recent": [one]}
    name = {"type": "mention_name", "text": "Zoe", "user_id": 13}
    whole = text(
        full(
            chat(said(1, 11, reactions=[reaction]), said(2, 12, ["é", name], reply_to_message_id=1),
                 done(3, 11, "invite_members", members=["N12 Name", None]), at_end()),
            chat(said(1, 11), kind="personal_chat", number=5),
        )
    ).encode()  # fmt: skip
    dice = random.Random(20240101)
    outcomes = {True: 0, False: 0}
    for n in range(80):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            at, what = dice.randrange(len(data)), dice.random()
            if what < 0.4:
                data[at] = dice.randrange(256)
            elif what < 0.6:
                del data[at : at + dice.randint(1, 30)]
            elif what < 0.8:
                data[at:at] = dice.choice(
                    [b'"', b"{", b"]", b"\\", b"9" * 30, b"null", b"\xff", b","]
                )
            else:
                data[at:at] = data[dice.randrange(len(data)) :][: dice.randint(1, 80)]
        place, out = tmp_path / f"{n}.json", tmp_path / f"out{n}"
        place.write_bytes(bytes(data))
        try:
            import_export("telegram", place, out, timezone="UTC", key_file=tmp_path / "key",
                          keep_text=True, tolerate=True)  # fmt: skip
        except ShequnError as error:
            assert error.say("zh") and not out.exists()
            outcomes[False] += 1
        else:
            assert (out / "import.json").exists()
            outcomes[True] += 1
    assert min(outcomes.values()) > 10  # both ends are reached


def at_end() -> dict[str, object]:
    """Return a message with most of what a message can have."""
    return said(
        4, 13, "", at=T0 + 999, poll={"question": "Q"}, edited_unixtime=str(T0 + 1000),
        edited="2024-01-01T00:20:00", reply_to_message_id=2, reply_to_peer_id="channel77",
        forwarded_from=None,
    )  # fmt: skip
