"""The CSV of DiscordChatExporter, and hostile files; built from the documented grammar."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from frictionless import Package
from hand_made import Imported
from made_discord import GENERAL, T0, answer, clock, export, reaction, said, table, text, user, who

from shequn.sources import import_export
from shequn.text import ShequnError

Import = Callable[..., Imported]
NAME = f"Readers - Text - general [{GENERAL}].csv"


@pytest.fixture
def imported(import_as: Import) -> Import:
    return lambda files, **options: import_as("discord", files, **options)


def row(nth: int, author: int, content: str = "x", *, date: str = "", files: str = "",
        reactions: str = "") -> tuple[str, str, str, str, str, str]:  # fmt: skip
    """Return a row, a minute after the one before."""
    return who(author), f"account{author}", date or clock(T0 + 60 * nth), content, files, reactions


def test_csv_as_tables(imported: Import) -> None:
    made = table(
        row(1, 11, 'two\nlines, "quoted"'),
        row(2, 12, "", files="https://x.example/b.mp4?ex=1,https://x.example/c.png"),
        row(3, 11, "Joined the server."),
        row(4, 12, "hi", reactions="👍 (2),pepe (3),wave (1),❤ (x)"),
        row(5, 12, f"<@{who(13)}> @everyone"),
    )
    got = imported({NAME: made}, keep_text=True)
    rows = got.rows("messages")
    assert [(r["kind"], r["n_chars"], r["source_row"]) for r in rows] == [
        ("text", "19", "1"), ("video", "0", "2"), ("system", "0", "3"), ("text", "2", "4"),
        ("text", str(len(who(13)) + 13), "5"),
    ]  # fmt: skip
    assert rows[0]["text"] == 'two\nlines, "quoted"'
    assert not any(t.name == "membership_events.csv" for t in got.data.iterdir())
    assert {(r["emoji"], r["n"], r["complete"]) for r in got.rows("reactions")} == {
        ("👍", "2", "false"), ("custom", "4", "false"),
    }  # fmt: skip
    assert {(r["target_id"], r["kind"]) for r in got.rows("mentions")} == {
        (got.ids[who(13)], "mention"), ("", "all"),
    }  # fmt: skip
    assert [r["name"] for r in got.rows("channels")] == ["general"]
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_of_json_and_csv_of_a_channel_each_message_counts_once(imported: Import) -> None:
    first = said(1, 11, "same")
    both = {"a.json": text(export(first, answer(2, 12, "yes", first), said(3, 11)))}
    minutes = [row(n, 12, date=f"01-Jan-24 12:0{n} AM") for n in (2, 8)]
    made = table(row(1, 11), row(3, 11), *minutes, row(9, 11))
    got = imported({**both, NAME: made})
    assert sorted(r["ts"][11:16] for r in got.rows("messages")) == [
        "00:01", "00:02", "00:03", "00:08", "00:09",
    ]  # fmt: skip
    assert any("3 rows of CSV were left out" in a.en for a in got.report.assumptions)
    assert sum(r["reply_to_id"] != "" for r in got.rows("messages")) == 1
    alone = imported(both)
    kept = {r["message_id"] for r in got.rows("messages")}
    assert {r["message_id"] for r in alone.rows("messages")} < kept


def test_the_same_csv_twice_and_overlapping_ones(imported: Import) -> None:
    rows = [row(1, 11), row(1, 11), *(row(n, 12) for n in range(2, 6))]
    first = imported({NAME: table(*rows[:4])})
    again = imported({NAME: table(*rows[:4])}, into=first.data)
    assert len(again.rows("messages")) == 4  # two of one person in one second are two
    longer = imported(
        {NAME.replace("]", "] (after 2024-01-01)"): table(*rows[2:])}, into=first.data
    )
    assert len(longer.rows("messages")) == 6


@pytest.mark.parametrize(
    ("zone", "ts"),
    [
        ("Asia/Shanghai", "2023-12-31T16:00:00Z"),
        ("UTC", "2024-01-01T00:00:00Z"),
        ("America/New_York", "2024-01-01T05:00:00Z"),
    ],
)
@pytest.mark.parametrize("date", ["01-Jan-24 12:00 AM", "2024/1/1 0:00", "2024/1/1 上午 12:00"])
def test_old_csv_shows_the_exporters_clock(imported: Import, date: str, zone: str, ts: str) -> None:
    got = imported({NAME: table(row(0, 11, date=date))}, timezone=zone)
    assert got.times() == [ts]
    assert any("1 rows of CSV show only" in a.en for a in got.report.assumptions)


def test_day_or_month_first_is_seen_said_or_asked_for(imported: Import) -> None:
    def days(*dates: str, **options: object) -> set[str]:
        files = {f"{n}.csv": table(row(0, 11, date=d)) for n, d in enumerate(dates)}
        return {t[:16] for t in imported(files, **options).times()}

    assert days("3/4/2024 9:05 PM", "3/25/2024 9:05 PM") == {"2024-03-04T21:05", "2024-03-25T21:05"}
    assert days("3/4/2024 21:05", "25/3/2024 21:05") == {"2024-04-03T21:05", "2024-03-25T21:05"}
    assert days("3.4.2024 21:05", day_first=True) == {"2024-04-03T21:05"}
    for made in (["3/4/2024 21:05"], ["13/4/2024 21:05", "4/13/2024 21:05"]):
        with pytest.raises(ShequnError, match="day or the month") as caught:
            days(*made)
        assert "day-first" in caught.value.say("zh")


def test_private_and_too_old_csv_is_left_out(imported: Import) -> None:
    with pytest.raises(ShequnError, match="direct messages"):
        imported({"Direct Messages - Private - Bob [77].csv": table(row(1, 11))})
    with pytest.raises(ShequnError, match="without ids"):
        imported({"a.csv": "Author,Date,Content,Attachments,Reactions\r\n"})


STRANGE = [
    7, None, [], "x", {}, said(5, 11, id=7), said(5, 11, id="0"), said(5, 11, id="x" * 30),
    said(5, 11, author=None), said(5, 11, author={"id": 5}), said(5, 11, author={"id": "bob"}),
    said(5, 11, id="9", timestamp="soon"), said(5, 11, id="9" * 20, timestamp=None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_rows_that_cannot_be_understood(imported: Import, number: int) -> None:
    files = {"a.json": text(export(said(1, 11), STRANGE[number]))}
    with pytest.raises(ShequnError, match="1 of 2 rows"):
        imported(files)
    got = imported(files, tolerate=True)
    assert (got.report.rows_unparsed, got.report.messages) == (1, 1)
    assert "bob" not in got.report.examples[0].shape


def test_odd_fields_do_no_harm(imported: Import) -> None:
    odd: list[object] = [
        None,
        7,
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": {}},
        1 << 80,
        True,
        "\ud800",
        "a\x00b",
    ]
    names = ("type", "timestampEdited", "content", "attachments", "stickers", "reactions",
             "mentions", "reference", "forwardedMessage", "interaction")  # fmt: skip
    made: list[object] = []
    for value in odd:
        made += [said(len(made) + i, 11, **{n: value}) for i, n in enumerate(names, 1)]  # type: ignore[arg-type]
        author = {**user(12), "name": value, "nickname": value, "roles": value, "isBot": value}
        inner = {"emoji": {"id": value, "name": value}, "count": 2, "users": [value, {"id": value}]}
        made.append(said(len(made) + 1, author, reactions=[inner], mentions=[{"id": value}]))
    heads: list[dict[str, object]] = [
        {**export(*made), "channel": {"id": GENERAL, "name": 7, "type": [], "categoryId": {}}},
        {**export(said(1, 11)), "guild": {"id": 7, "name": []}, "dateRange": 7, "exportedAt": {}},
        {**export(said(1, 11)), "guild": None, "channel": None, "dateRange": {"after": "x"}},
    ]
    files = {f"{n}.json": json.dumps(h, indent=1) for n, h in enumerate(heads)}
    got = imported(files, keep_text=True)
    assert got.report.rows_unparsed == 0
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_hostile_names_and_rows_of_csv(imported: Import) -> None:
    names = ["=cmd()", "\u202eevil", "<script>x</script>", 'q"uo,te\n', "x" * 5000, "@admin"]
    made = [said(i, user(10 + i, name=n), " ".join(names)) for i, n in enumerate(names, 1)]
    good = "".join(table(row(1, 11)).splitlines(keepends=True))
    rows = ['"1","a"', "", '"x","a","2024-01-01T00:00:00+00:00","b","",""', '"12","a","soon","b"']
    files = {
        "a.json": text(export(*made)),
        "b.csv": good + "\r\n".join(rows) + "\r\n\x00\r\n" + '"' + "y" * 200_000,
    }
    got = imported(files, keep_text=True, tolerate=True)
    assert got.report.messages == len(names) + 1
    shown = [r["display_name"] for r in got.rows("identities")]
    assert "'=cmd()" in shown and "'@admin" in shown
    others = "".join(
        p.read_text(encoding="utf-8") for p in got.data.glob("*.csv") if p.name != "identities.csv"
    )
    assert "script" not in others and "xxxxx" not in others


def test_mutated_exports_never_break_it(tmp_path: Path) -> None:
    first = said(1, 11, "é", reactions=[reaction("👍", user(12))], mentions=[user(13)])
    whole = text(export(first, answer(2, 12, "@here", first), said(3, 13, kind="7"))).encode()
    rows = table(row(1, 11, "é"), row(2, 12, reactions="👍 (2)")).encode()
    dice = random.Random(20240101)
    outcomes = {True: 0, False: 0}
    for n in range(60):
        suffix, data = (".csv", bytearray(rows)) if n % 3 == 0 else (".json", bytearray(whole))
        for _ in range(dice.randint(1, 6)):
            at, what = dice.randrange(len(data)), dice.random()
            if what < 0.5:
                data[at] = dice.randrange(256)
            elif what < 0.7:
                del data[at : at + dice.randint(1, 30)]
            else:
                data[at:at] = dice.choice([b'"', b"{", b"]", b"\\", b"9" * 30, b"null", b"\xff"])
        place, out = tmp_path / f"{n}{suffix}", tmp_path / f"out{n}"
        place.write_bytes(bytes(data))
        try:
            import_export("discord", place, out, timezone="UTC", key_file=tmp_path / "key",
                          keep_text=True, tolerate=True)  # fmt: skip
        except ShequnError as error:
            assert error.say("zh") and not out.exists()
            outcomes[False] += 1
        else:
            outcomes[True] += 1
    assert min(outcomes.values()) > 5  # both ends are reached
