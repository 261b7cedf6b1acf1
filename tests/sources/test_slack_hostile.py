"""Damaged and hostile Slack exports, built from the documented format."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from frictionless import Package
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_slack import (
    ANNA,
    BERT,
    CARL,
    CHANNELS,
    RANDOM,
    USERS,
    export,
    line,
    packed,
    says,
    user,
)

from shequn.text import ShequnError

ONE = [says("1577836800.000000", ANNA)]


Take = Callable[..., Imported]


@pytest.fixture
def take(import_as: Take) -> Take:
    """Return a function that imports an export as a zip, or a zip as it is."""

    def run(given: dict[str, Any] | bytes, **options: Any) -> Imported:
        raw = given if isinstance(given, bytes) else packed(given)
        return import_as("slack", {"export.zip": raw}, **options)

    return run


def test_rows_that_are_no_messages_are_counted_and_refused_above_one_percent(
    take: Take,
) -> None:
    good = [says(f"1577836800.{i:06}", ANNA) for i in range(200)]
    bad: list[Any] = [
        None, "Anna Berg", 3, [], says("", ANNA), says("nan", ANNA), {"ts": "1577836900.000000"},
        says("1577836900.0000001", ANNA), says("-1.0", ANNA), says("９577836900.000000", ANNA),
        says("1577836901.000000", "a\x00b"), says("1577836901.000000", ["U1"]), {"type": [], "ts": "1"},
        {"type": "message", "subtype": "message_changed", "ts": "1577836901.000000"},
    ]  # fmt: skip
    with pytest.raises(ShequnError, match=r"14 of 222 rows \(6.3%\)"):
        take(export({"general/2020-01-01": [*bad, *good]}))
    got = take(export({"general/2020-01-01": [*bad, *good]}), tolerate=True)
    assert (got.report.rows_unparsed, got.report.messages) == (14, 200)
    assert got.report.examples[1].shape == "x x" and got.report.examples[1].row == 2
    with pytest.raises(ShequnError, match="1 of 3 rows"):
        take(export({}, users=[{"name": "no id"}, USERS[0]], channels=[CHANNELS[0]]))


def test_times_that_are_numbers_lose_nothing(take: Take) -> None:
    raw = b'[{"type":"message","user":"U024BE7LH","ts":1577836800.123457,"text":"x"}]'
    number = take(export({}) | {"general/2020-01-01.json": raw}).rows("messages")
    text = take(export({"general/2020-01-01": [says("1577836800.123457", ANNA)]})).rows("messages")
    assert [r["message_id"] for r in number] == [r["message_id"] for r in text]


@pytest.mark.parametrize(
    "raw",
    [b"[", b'[{"ts": "1577836800.0000', b'[{"ts":1},,]', b'[{"ts":' + b'{"a":' * 50_000,
     b'[{"ts": tru}]', b'[{"ts":1} 2]', b'[{"ts":1}] []', b'[{"ts":1}]\x00'],
)  # fmt: skip
def test_a_damaged_day_stops_the_import_in_words(take: Take, raw: bytes) -> None:
    with pytest.raises(ShequnError, match="cut off or damaged") as caught:
        take(export({"general/2020-01-02": ONE}) | {"general/2020-01-01.json": raw})
    assert "不完整或已损坏" in caught.value.say("zh")


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"nonsense", b"\xff\xfe[\x00]\x00", b"\x00" * 5000, b"[1]"]
)
def test_what_is_only_named_like_a_day_is_named_in_the_report(take: Take, raw: bytes) -> None:
    got = take(export({"general/2020-01-02": ONE}) | {"general/2020-01-01.json": raw})
    assert [f.why.en for f in got.report.files_left_out] == [
        "named like a day of messages, but holds none"
    ]


def test_strange_numbers_are_harmless(take: Take) -> None:
    raw = b'[{"type":"message","user":"U024BE7LH","ts":"1577836800.000000","text":NaN,'
    raw += b'"thread_ts":Infinity,"x":1' + b"0" * 4000 + b',"edited":{"ts":-1e400},'
    raw += b'"reactions":[{"name":"a","users":[],"count":1' + b"0" * 4000 + b"}]}]"
    got = take(export({}) | {"general/2020-01-01.json": raw})
    [row] = got.rows("messages")
    assert (row["n_chars"], row.get("thread_id", ""), row.get("edited_at", "")) == ("0", "", "")
    assert got.report.reactions == 0


def test_records_over_the_ends_of_pieces(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [says(f"1577836800.{i:06}", ANNA, 'é王😀\\" , ]} [{' * (i % 7)) for i in range(40)]
    wanted = take(export({"general/2020-01-01": rows}), keep_text=True).rows("messages")
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr("shequn.sources.files._BLOCK", size)
        for indent in (None, 1):
            raw = json.dumps(rows, indent=indent, ensure_ascii=False).encode()
            got = take(export({}) | {"general/2020-01-01.json": raw}, keep_text=True)
            assert [r["text"] for r in got.rows("messages")] == [r["text"] for r in wanted]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_folder_names_in_zips_that_do_not_say_their_encoding(take: Take, encoding: str) -> None:
    named = [{"id": "C0CHINESE1", "name": "café-项目讨论"}]
    files = export({"PLACE/2020-01-01": ONE}, channels=named)
    raw = "café-项目讨论".encode(encoding)
    blob = packed({k.replace("PLACE", "P" * len(raw)): v for k, v in files.items()})
    got = take(blob.replace(b"P" * len(raw), raw))
    assert [r["name"] for r in got.rows("channels")] == ["café-项目讨论"]
    # A Mac writes the accent as a letter of its own.
    mac = take(export({"cafe\u0301-项目讨论/2020-01-01": ONE}, channels=named))
    assert mac.rows("channels") == got.rows("channels")


def test_what_else_lies_in_an_export_is_named_and_left_out(take: Take) -> None:
    files = export({"general/2020-01-01": ONE, "FC:F01:Anna Berg/2020-01-01": ONE})
    files |= {"integration_logs.json": [], "canvases.json": [], "__MACOSX/general/._2020-01-01.json": b"\0",
              ".DS_Store": b"\0", "general/notes.txt": b"x", "__uploads/F1/Anna Berg.png": b"x"}  # fmt: skip
    got = take(files)
    assert got.report.messages == 1 and "Berg" not in got.report.to_json()
    assert len(got.report.files_left_out) == 7


def test_a_damaged_zip(take: Take) -> None:
    whole = packed(export({"general/2020-01-01": ONE}))
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        with pytest.raises(ShequnError):
            take(whole[:cut])


def test_hostile_names_and_ids_are_harmless(take: Take) -> None:
    evil = [
        "=cmd()|' /C calc'!A0",
        "<script>alert(1)</script>",
        "\u202eevil\u0000",
        "a" * 9999,
        "-",
        "...",
        "\ud800",
        "",
    ]
    users = [user(f"U0EVIL000{i}", name, name) for i, name in enumerate(evil)]
    users += [users[0], {"id": "x" * 999}, {"id": "a b"}, user("USLACKBOT", "slackbot", "Slackbot")]
    channels = [
        {"id": "../../etc", "name": evil[0], "created": 10**30},
        {"id": "ANNA BERG", "name": 3},
        {"id": RANDOM, "name": "…"},
    ]
    rows = [says(f"157783680{i}.000000", f"U0EVIL000{i}", name) for i, name in enumerate(evil)]
    rows.append(
        line("1577836809.000000", "U0EVIL0000", "channel_join", inviter={"a": 1}, user_profile=[])
    )
    rows.append(
        says("1577836810.000000", "U0EVIL0000", user_profile={"real_name": {}, "display_name": [1]})
    )
    got = take(
        export({"…/2020-01-01": rows}, users=users, channels=channels),
        tolerate=True,
        keep_text=True,
    )
    assert got.report.messages == 10 and got.report.rows_unparsed == 2
    assert Package(str(got.data / "datapackage.json")).validate().valid
    assert all(not r["display_name"].startswith(("=", "-", "@")) for r in got.rows("identities"))
    assert len(got.rows("channels")) == 1


FORMULAS = {f"'{sign}" for sign in "=+-@\t\r"}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=5))
def test_any_text_survives(take: Take, texts: list[str]) -> None:
    """Slack escapes & < > in what people write; what is left is what they wrote, but for names."""
    escaped = [t.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for t in texts]
    rows = [says(f"157783680{i}.000000", "U0Q", t) for i, t in enumerate(escaped)]
    got = take(export({"general/2020-01-01": rows}, users=[{"id": "U0Q"}]), keep_text=True)
    for text, row in zip(texts, got.rows("messages"), strict=True):
        assert row["n_chars"] == str(len(text))
        shown = row["text"]
        if not any(mark in shown for mark in ("[", "\ufffd", got.ids["U0Q"])):
            shown = shown[1:] if shown[:2] in FORMULAS else shown
            assert shown == text.replace("\r\n", "\n")


WEIRD: list[Any] = [
    None, True, 0, -1, 10**400, 1.5, "", "\0", "x" * 300, "1577836803.000000", "9999999999.999999", ANNA,
    ANNA.lower(), "message_changed", "message_deleted", "tombstone", "channel_join", "D0G9QPY56", [], {},
    [[]], {"id": ANNA}, {"ts": "1577836800.000000", "user": BERT}, [None, 3, {"name": "a", "users": [[], ANNA]}],
]  # fmt: skip


def twist(value: Any, rng: random.Random) -> Any:
    """Return JSON with something in it replaced, taken out, or doubled."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.1:
        return rng.choice(WEIRD)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    at = rng.choice(keys)
    if isinstance(value, list) and rng.random() < 0.2:
        return [*value, value[at]]
    if rng.random() < 0.1:
        left = [k for k in keys if k != at]
        return {k: value[k] for k in left} if isinstance(value, dict) else [value[k] for k in left]
    new = value.copy()
    new[at] = twist(value[at], rng)
    return new


def test_mutated_exports_never_end_in_a_traceback(take: Take) -> None:
    early, late = "1577836800.000000", "1577836804.000000"
    rich = [{"type": "rich_text", "elements": [{"type": "user", "user_id": BERT}]}]
    changes = {"type": "message", "ts": "1577836803.000000"}
    rows = [
        says(early, ANNA, f"<@{BERT}> <!here> &amp;", thread_ts=early, edited={"ts": "1577836801.000000"}),
        line("1577836802.000000", BERT, "channel_join", inviter=ANNA),
        changes | {"subtype": "message_deleted", "deleted_ts": early},
        changes | {"subtype": "message_changed", "message": says(late, CARL)},
        says("1577836805.000000", ANNA, "", blocks=rich, files=[{"mimetype": "image/png"}]),
        says("1577836806.000000", CARL, reactions=[{"name": "+1", "users": [CARL], "count": 3}]),
        {"type": "message", "subtype": "bot_message", "ts": "1577836807.000000", "username": "Owl"},
    ]  # fmt: skip
    dm = [{"id": "D0G9QPY56"}]
    files = export({"general/2020-01-01": rows, "D0G9QPY56/2020-01-01": rows}, dms=dm)
    rng = random.Random(20240510)
    worked = 0
    for turn in range(100):
        kind = turn % 4  # bytes of the zip, of a file in it, or the JSON itself
        values = dict(files)
        for _ in range(rng.randint(1, 5) if kind > 1 else 0):
            name = rng.choice(["general/2020-01-01.json"] * 3 + sorted(values))
            values[name] = twist(values[name], rng)
        raw = {name: bytearray(json.dumps(value).encode()) for name, value in values.items()}
        if kind == 1:
            victim = raw[rng.choice(sorted(raw))]
            victim[rng.randrange(len(victim))] = rng.randrange(256)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in raw.items():
                archive.writestr(name, bytes(content))
        whole = bytearray(packed.getvalue())
        if kind == 0:
            for _ in range(rng.randint(1, 4)):
                whole[rng.randrange(len(whole))] = rng.randrange(256)
            whole = whole[: rng.choice([len(whole), rng.randrange(len(whole))])]
        try:
            got = take(bytes(whole), keep_text=bool(turn % 3), tolerate=bool(turn % 5))
        except ShequnError as error:
            assert error.say("en") and error.say("zh")
        else:
            worked += 1
            shutil.rmtree(got.data)
    assert 25 < worked < 90
