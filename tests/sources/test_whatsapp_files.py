"""Several WhatsApp exports of one chat, and damaged ones, built from the documented grammar."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_whatsapp import L, example

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Import) -> Import:
    """Return a function that imports files, given by name and text, as UTC unless told."""
    return partial(import_as, "whatsapp")


def chat(*lines: str) -> str:
    """Return lines of a day, behind one that says that this is a group's chat."""
    first = "00:00 - Messages to this group are secured"
    return "".join(f"13/05/2024, {line}\n" for line in (first, *lines))


def test_one_event_in_two_phones_is_one(imported: Import) -> None:
    talk = [f"sentence {i} of the talk" for i in range(6)]
    one = chat(*(f"09:0{i} - Anna: {t}" for i, t in enumerate(talk)), "09:06 - Anna添加了Bert")
    two = "".join(f"[13.05.24, 09:0{i}:00] Anna: {t}\n" for i, t in enumerate(talk))
    two += f"[13.05.24, 09:06:09] Anna: {L}Anna added Bert\n[13.05.24, 09:07:00] Bert: hi\n"
    got = imported({"one.txt": one, "two.txt": two}, keep_text=True)
    assert [r["action"] for r in got.rows("membership_events")] == ["join"]
    texts = [r["text"] for r in got.rows("messages") if r["kind"] == "text"]
    assert sorted(texts) == sorted([*talk, "hi"])


def test_two_exports_on_two_days_are_merged(imported: Import) -> None:
    lines = [f"09:{i:02} - {'Anna' if i % 2 else 'Bert'}: line number {i}" for i in range(20)]
    same = ["10:00 - Anna: ok", "10:00 - Anna: ok"]
    early = chat(*lines, *same, "10:01 - Bert: one more")
    late = chat(*lines[5:], *same, "10:01 - Bert: one more", "10:03 - Carl: new")
    one = imported({"WhatsApp Chat with P.txt": early, "WhatsApp Chat with P (1).txt": late})
    other = imported({"b/x.txt": early, "a/y.txt": late})
    for got in (one, other):
        rows = got.rows("messages")
        assert len(rows) == 24 and len({r["message_id"] for r in rows}) == 24
        assert len({r["channel_id"] for r in rows}) == 1
        minutes = sorted(r["ts"][11:16] for r in rows if r["ts"][11:13] == "10")
        assert minutes == ["10:00", "10:00", "10:01", "10:03"]
    first, last = chat("08:00 - Dora: first"), chat("12:00 - Carl: z", "12:01 - Carl: y")
    kept = imported({"x.txt": first + early, "y.txt": early + last}, keep_text=True)
    assert len(kept.rows("messages")) == len(lines) + 6
    assert all("\n" not in r["text"] for r in kept.rows("messages"))
    part = imported({"whole.txt": early, "part.txt": chat(*lines[3:])})
    assert len(part.rows("messages")) == 23
    assert part.report.duplicates == 1


EDITED = " <This message was edited>"


def test_what_was_edited_or_deleted_between_two_exports_counts_once(imported: Import) -> None:
    """By words they are two messages each; author and minute show that they are one."""
    lines = [f"09:{i:02} - {'Anna' if i % 2 else 'Bert'}: line number {i}" for i in range(9)]
    early = chat(
        *lines, "10:02 - Anna: typo hre", "10:02 - Anna: yes", "10:02 - Anna: secrets",
        "10:02 - Bert: mine", "10:03 - Anna: typo", "10:04 - Anna: stays",
    )  # fmt: skip
    late = chat(
        *lines, f"10:02 - Anna: typo here{EDITED}", "10:02 - Anna: yes",
        "10:02 - Anna: This message was deleted", "10:02 - Bert: mine", "10:04 - Anna: stays",
        f"10:05 - Anna: new{EDITED}",
    )  # fmt: skip
    names = ("WhatsApp Chat with P.txt", "WhatsApp Chat with P (1).txt")
    once = imported(dict(zip(names, (early, late), strict=True)), keep_text=True)
    rows = [r for r in once.rows("messages") if r["ts"][11:13] == "10"]
    assert [(r["kind"], r["text"]) for r in rows] == [
        ("text", "typo here"), ("text", "yes"), ("recall", ""), ("text", "mine"), ("text", "typo"),
        ("text", "stays"), ("text", "new"),
    ]  # fmt: skip
    assert rows[0]["edited_at"] == rows[0]["ts"] and not rows[1]["edited_at"]
    assert "2 messages were edited" in once.report.say("en")
    for first, second in ((early, late), (late, early)):
        got = imported({names[0]: first}, keep_text=True)
        imported({names[1]: second}, into=got.data, keep_text=True)
        assert got.rows("messages") == once.rows("messages")


def test_an_edited_message_takes_the_place_of_no_other_person_and_no_other_minute(
    imported: Import,
) -> None:
    lines = [f"09:{i:02} - {'Anna' if i % 2 else 'Bert'}: line number {i}" for i in range(9)]
    early = chat(*lines, "10:01 - Anna: one", "10:02 - Bert: two")
    late = chat(*lines, f"10:02 - Anna: three{EDITED}")
    got = imported({"WhatsApp Chat with P.txt": early, "WhatsApp Chat with P (1).txt": late})
    assert len(got.rows("messages")) == 12


def test_next_month_the_same_chat_goes_on(imported: Import) -> None:
    lines = [f"09:{i:02} - {'ABC'[i % 3]}nna: line number {i}" for i in range(20)]
    files = {"WhatsApp Chat with P.txt": chat(*lines), **example()}
    got = imported(files, keep_text=True)
    before = {t: got.rows(t) for t in ("messages", "members", "membership_events", "mentions")}
    imported(files, into=got.data, keep_text=True)
    assert {t: got.rows(t) for t in before} == before
    late = chat(*lines[5:], "11:00 - Anna: one more")
    imported({"WhatsApp Chat with P (1).txt": late}, into=got.data, keep_text=True)
    rows = got.rows("messages")
    assert len(rows) == len(before["messages"]) + 1
    assert len(got.rows("channels")) == 3


def test_an_export_from_another_phone_is_merged_and_its_names_joined(imported: Import) -> None:
    talk = [("Anna", "Mum", i, f"sentence {i} of the talk") for i in range(8)]
    talk += [("Bert", "Bert K", i + 8, f"answer {i}, quite long") for i in range(8)]
    android = chat(*(f"09:{i:02} - {a}: {t}" for a, _, i, t in talk))
    iphone = "".join(f"[13.05.24, 09:{i:02}:3{i % 10}] {b}: {t}\n" for _, b, i, t in talk[3:])
    got = imported({"one.txt": android, "two.txt": iphone + "[13.05.24, 11:00:00] Mum: late\n"})
    assert got.ids["Anna"] == got.ids["Mum"] != got.ids["Bert"] == got.ids["Bert K"]
    assert len(got.rows("messages")) == 17
    assert len(got.rows("members")) == 2


def test_chats_of_one_name_that_do_not_agree_stay_apart(imported: Import) -> None:
    a = chat(*(f"09:{i:02} - Anna: something {i}" for i in range(9)))
    b = chat(*(f"09:{i:02} - Bert: anything {i}" for i in range(9)))
    got = imported({"1/WhatsApp Chat with P.txt": a, "2/WhatsApp Chat with P.txt": b})
    assert len(got.rows("channels")) == 2 and len(got.rows("messages")) == 18


_WORDS = st.text(
    st.characters(exclude_characters="\n\r\u200e\x00", exclude_categories=["Cs"]), max_size=40
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(_WORDS, min_size=1, max_size=6))
def test_any_text_survives(imported: Import, texts: list[str]) -> None:
    text = chat(*(f"10:{i:02} - Qqzz{i}: w {t} w" for i, t in enumerate(texts)))
    got = imported({"a.txt": text}, keep_text=True)
    rows = got.rows("messages")
    assert len(rows) == len(texts)
    assert [int(r["n_chars"]) for r in rows] == [len(t) + 4 for t in texts]
    again = imported({"b/a.txt": text}, keep_text=True)
    assert again.rows("messages") == rows and again.rows("members") == got.rows("members")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, 30), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_the_order_and_the_cuts_of_files_do_not_matter(
    imported: Import, cuts: list[int], seed: int
) -> None:
    names = ("Anna", "Bert", "Carl")
    lines = [f"09:{i:02} - {names[i % 3]}: message {i} of all" for i in range(40)]
    parts = [chat(*lines[c : c + 25]) for c in cuts] + [chat(*lines)]
    order = random.Random(seed).sample(range(len(parts)), len(parts))
    one = imported({f"{n}.txt": p for n, p in enumerate(parts)})
    two = imported({f"{n}.txt": parts[m] for n, m in enumerate(order)})
    assert len(one.rows("messages")) == len(two.rows("messages")) == 40
    assert one.rows("members") == two.rows("members")
    assert one.rows("messages") == two.rows("messages")


def test_damaged_bytes_never_crash(imported: Import) -> None:
    rng = random.Random(7)
    wholes = [text.encode() for text in example().values() if isinstance(text, str)]
    for n in range(30):
        damaged = bytearray(wholes[n % 2])
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(damaged))
            if rng.random() < 0.3:
                del damaged[at : at + rng.randint(1, 30)]
            else:
                damaged[at] = rng.randrange(256)
            if not damaged:
                damaged = bytearray(b"x")
        try:
            imported({"a.txt": bytes(damaged)}, keep_text=bool(n % 2), tolerate=bool(n % 3))
        except ShequnError as error:
            assert error.say("zh")
