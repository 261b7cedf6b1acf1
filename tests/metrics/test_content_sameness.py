"""Content sameness: texts that have a twin, word for word or nearly so."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import compute, covering, log, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.calendar import Calendar
from shequn.dataset import open_dataset
from shequn.metrics import content_sameness as module
from shequn.metrics.content_sameness import (
    best_similarity,
    by_threshold,
    content_sameness,
    letters,
)

END = datetime(2024, 2, 26)
WEEKS = covering(("2024-01-01", "2024-02-25"))  # eight weeks: two blocks of 28 days
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def other(i: int) -> str:
    """Return a text of ten letters that shares no three in a row with any other."""
    return "".join(chr(0x4E00 + 10 * i + j) for j in range(10))


OTHERS = [(f"m{i % 7}", other(i), 1.0) for i in range(26)]


def wrote(*rows: tuple[str, str | None, float]) -> pd.DataFrame:
    """Return messages from ``(member, text, days before the end)``."""
    full = [(who, str(END - timedelta(days=days)), text) for who, text, days in rows]
    return log(*full, columns=("author_id", "ts", "text"))


def of(*rows: Any, query: Any = content_sameness, **more: Any) -> pd.DataFrame:
    return compute(query, **{"messages": wrote(*rows), "sources": WEEKS, **more})


def last(frame: pd.DataFrame, measure: str) -> pd.Series[Any]:
    return row(frame[frame["period_end"] == pd.Timestamp(END)], measure=measure)


def test_similarity_by_hand() -> None:
    """Abcdefghij has 8 runs of three; xx before it adds 2: 8 of 10 are shared. cdefghijkl: 6 of 10.

    A letter put in the middle of abcde|fghij breaks two runs and makes three: 6 of 11.
    """
    best = best_similarity(["abcdefghij", "xxabcdefghij", "0123456789"])
    assert best.tolist() == [0.8, 0.8, 0]
    assert best_similarity(["abcdefghij", "cdefghijkl"]).tolist() == [0.6, 0.6]
    assert best_similarity(["abcdefghij", "abcdexfghij"]).tolist() == pytest.approx([6 / 11] * 2)
    assert best_similarity(["aaaaaaaaaa", "aaaaaaaaaaaa"]).tolist() == [1, 1]  # sets, not counts
    assert best_similarity([]).tolist() == [] and best_similarity(["abcdefghij"]).tolist() == [0]


def test_signs_spaces_and_case_do_not_count() -> None:
    assert letters(" Ａpple，特价！ 50% 👍\n") == "apple特价50"
    assert letters("!?…") == ""


def test_by_hand() -> None:
    """30 messages: 26 alone, two word for word but for signs, one with xx before it, one like none.

    a's two and b's one are nearly the same: 3 of 30; word for word 2 of 30.
    """
    texts = [("a", "Abcde fghij!", 1), ("a", "abcdefghij", 2), ("b", "xxabcdefghij", 3)]
    found = of(*OTHERS, *texts, ("c", "0123456789", 1), ("d", "ok", 1), ("d", "ok", 1))
    near, same, short = (last(found, m) for m in ("nearly_same", "same", "too_short"))
    assert (near["value"], near["n"]) == (3 / 30, 10)
    assert (same["value"], same["n"]) == (2 / 30, 10)
    assert (short["value"], short["n"]) == (2 / 32, 11)
    assert 0 <= near["low"] < near["value"] < near["high"] <= 1
    assert near["period_start"] == pd.Timestamp("2024-01-29")
    stricter = of(*OTHERS, *texts, ("c", "0123456789", 1), options={"alike": 0.81})
    assert last(stricter, "nearly_same")["value"] == 2 / 30
    just = of(*OTHERS, *texts, ("c", "0123456789", 1), options={"alike": 0.8})
    assert last(just, "nearly_same")["value"] == 3 / 30


def test_the_curve_by_threshold_by_hand() -> None:
    """Of 30 messages 2 share 0.6 with one another, 2 share 0.8, 2 are the same."""
    texts = [
        ("a", "abcdefghij", 1), ("b", "cdefghijkl", 1), ("a", "0123456789", 1),
        ("b", "xx0123456789", 1), ("c", "qrstuvwxyz", 1), ("d", "qrstuvwxyz", 1),
    ]  # fmt: skip
    outside = [("z", "abcdefghij", -0.2), ("z", "qrstuvwxyz", 28.1)]  # after the end, too early
    given = [*OTHERS[:24], *texts, *outside]
    found = of(*given, query=by_threshold, options={"alike": 0.65})
    values = found.set_index("similarity")["value"]
    assert list(values.index) == [0.4, 0.5, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0]
    assert values.tolist() == pytest.approx([x / 30 for x in (6, 6, 6, 4, 4, 4, 2, 2)])
    assert set(found["n"]) == {11}


def test_blocks_are_compared_each_within_itself() -> None:
    """The twin of 28 days before is in the last block, that of 28 days and a second in the other."""
    rows = [*OTHERS, *[(w, t, 40) for w, t, _ in OTHERS]]
    rows += [("a", "abcdefghij", 1), ("b", "abcdefghij", 28), ("c", "0123456789", 1)]
    rows += [("d", "0123456789", 28.001)]
    found = of(*rows, ("e", other(99), 1), *[("f", other(i), 40) for i in (97, 98, 99)])
    same = found[found["measure"] == "same"]
    assert [f"{d:%m-%d}" for d in same["period_start"]] == ["01-01", "01-29"]
    assert same["value"].tolist() == [0, 2 / 30]
    assert same["low"].isna().tolist() == [True, False]  # with no twin there is nothing to draw


def test_too_few_and_a_hole_have_no_value() -> None:
    found = of(*OTHERS, *[("a", other(i), 1) for i in (97, 98, 99)])
    assert np.isnan(last(found, "same")["value"])  # 29
    assert last(of(*OTHERS, *[("a", other(i), 1) for i in (96, 97, 98, 99)]), "same")["value"] == 0
    holed = covering(("2024-01-01", "2024-02-05"), ("2024-02-07", "2024-02-25"))
    rows = [*OTHERS, *OTHERS]
    assert of(*rows, sources=holed)["value"].isna().all()
    assert of(*rows, sources=holed, query=by_threshold)["value"].isna().all()
    assert (
        len(of(*rows, options={"days": 57})) == 3
    )  # the last block stands, though it is not whole
    assert of(("a", None, 1), ("a", "", 1))["value"].isna().all()


def test_nine_letters_are_too_short_and_ten_are_not() -> None:
    found = of(*OTHERS, *[("a", "123456789", 1)] * 3, *[("a", "1234567890", 1)] * 4)
    assert last(found, "too_short")["value"] == 3 / 33
    assert last(found, "same")["value"] == 4 / 30
    alone = of(
        *OTHERS, *[("a", t, 1) for t in ("123456789", "1234567890", *map(other, (97, 98, 99)))]
    )
    assert last(alone, "nearly_same")["value"] == 0  # the short one is nobody's twin


def test_the_order_of_rows_moves_no_interval() -> None:
    rows = [*OTHERS, *[(f"m{i}", "abcdefghij", 1.0) for i in range(4)], *OTHERS[:3]]
    frame = pd.DataFrame(rows, columns=["member_id", "text", "days"]).assign(messages=1, back=0)
    covered = frozenset(date(2024, 1, 1) + timedelta(days=i) for i in range(28))
    calendar = Calendar("UTC", covered=covered)
    found = by_threshold.complete(frame, calendar)
    assert found["low"].notna().all()
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(found, by_threshold.complete(shuffled, calendar))


def test_more_texts_than_can_be_compared_have_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*OTHERS, *[("a", other(i), 1) for i in (96, 97, 98, 99)]]
    monkeypatch.setattr(module, "MOST", 30)
    assert last(of(*rows), "same")["value"] == 0
    monkeypatch.setattr(module, "MOST", 29)
    assert np.isnan(last(of(*rows), "same")["value"])
    assert np.isnan(last(of(*rows), "nearly_same")["value"])


def test_texts_of_one_to_four_members_are_withheld_and_texts_never_come_out() -> None:
    for many in (4, 5):
        rows = [(f"m{i % many}", t, 1.0) for i, (_, t, _) in enumerate(OTHERS)]
        found = of(*rows, *[("m0", "abcdefghij", 1)] * 4, smallest_group=5)
        assert last(found, "same")["withheld"] == (many < 5)
        assert not found.astype(str).apply(lambda c: c.str.contains("abcdefghij")).any(axis=None)


def test_a_message_at_midnight_is_in_the_block_of_the_community() -> None:
    """2024-01-28 16:30 UTC is 00:30 on the 29th in Shanghai, the first day of the last block."""
    rows = [*OTHERS, *[("a", other(i), 1) for i in (96, 97)], ("a", "abcdefghij", 1)]
    rows.append(("b", "abcdefghij", (END - datetime(2024, 1, 28, 16, 30)) / timedelta(days=1)))
    here = of(*rows, ("a", other(95), 1), sources=covering(("2023-12-31", "2024-02-25")))
    assert last(here, "same")["value"] == 0
    spans = covering(("2023-12-31", "2024-02-25"))
    spans["covers_from"], spans["covers_to"] = "2023-12-31 16:00:00", "2024-02-25 15:59:59"
    moved = [(w, t, d + 0.5) for w, t, d in rows[:-1]]
    there = of(*moved, rows[-1], timezone="Asia/Shanghai", sources=spans)
    assert last(there, "same")["value"] == 2 / 30


WORDS = ["apples", "tonight", "offer", "bring", "tents", "七点见面"]
words = st.lists(st.sampled_from(WORDS), min_size=2, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.lists(words.map("".join).filter(lambda t: len(t) >= 10), unique=True, max_size=12))
def test_the_sparse_product_agrees_with_sets_compared_one_by_one(texts: list[str]) -> None:
    sets = [{t[i : i + 3] for i in range(len(t) - 2)} for t in texts]
    for i, found in enumerate(best_similarity(texts)):
        by_hand = [len(sets[i] & s) / len(sets[i] | s) for j, s in enumerate(sets) if j != i]
        assert found == pytest.approx(max(by_hand, default=0))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), words.map("".join)), min_size=1, max_size=30))
def test_a_lower_threshold_never_finds_fewer_and_order_does_not_matter(
    drawn: list[tuple[str, str]],
) -> None:
    covered = frozenset(date(2024, 1, 1) + timedelta(days=i) for i in range(28))
    calendar = Calendar("UTC", covered=covered)
    frame = pd.DataFrame(drawn, columns=["member_id", "text"]).value_counts().rename("messages")
    frame = frame.reset_index().assign(back=0)
    found = by_threshold.complete(frame, calendar)
    assert (found["value"].dropna().diff().dropna() <= 1e-12).all()
    pd.testing.assert_frame_equal(found, by_threshold.complete(frame[::-1], calendar))


def test_blocks_of_the_product_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [ALPHABET[i : i + 12] for i in range(10)]
    whole = best_similarity(texts)
    monkeypatch.setattr(module, "_ROWS", 3)
    assert best_similarity(texts).tolist() == whole.tolist()


def test_the_sample_gives_back_its_law() -> None:
    """Of the texts 0.3 are copies of twelve originals, half of them with a few characters before."""
    with open_dataset() as sample:
        found = sample.compute(content_sameness, days=540, blocks=1)
        curve = sample.compute(by_threshold, days=540).set_index("similarity")["value"]
    near = row(found, measure="nearly_same")
    assert near["low"] <= 0.3 <= near["high"]
    assert curve[0.4] - curve[0.8] < 0.01  # what is random is nowhere near
