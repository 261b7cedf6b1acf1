"""The real logs: counts by another way, times by hand, lines by their annotation, no name left.

They are a part of the logs of Kummerfeld et al. (ACL 2019).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from frictionless import Package
from hand_made import Imported

from shequn.sources import import_export
from shequn.sources.readers.irc_lines import lower


@pytest.fixture(scope="module")
def real(irc_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    place = tmp_path_factory.mktemp("real")
    report = import_export(
        "irc", irc_logs, place / "data", timezone="UTC", key_file=place / "key", keep_text=True
    )
    return Imported(place / "data", report)


def dated(irc_logs: Path) -> list[Path]:
    found = [*irc_logs.glob("dev__*.raw.txt"), *irc_logs.glob("new-domains__*.ascii.txt")]
    assert len(found) == 15
    return found


def distinct_moves(irc_logs: Path, ids: dict[str, str]) -> set[tuple[str, ...]]:
    """Return who came, left or was renamed after which change of the clock, by file."""
    found: set[tuple[str, ...]] = set()
    for path in dated(irc_logs):
        stamp = ""
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.startswith("["):
                stamp = line[:7]
            for words, action in (
                (" has joined #", "+"),
                (" has left #", "-"),
                (" is now known as ", "="),
            ):
                if line.startswith("=== ") and words in line:
                    found.add((path.name, stamp, ids[lower(line.split()[1])], action))
    return found


def test_counts_agree_with_counting_lines(real: Imported, irc_logs: Path) -> None:
    lines = [
        line
        for path in dated(irc_logs)
        for line in path.read_bytes().decode().rstrip("\n").split("\n")
    ]
    status = [line for line in lines if line.startswith("=== ")]
    moves = [
        s for s in status if " has joined #" in s or " has left #" in s or " is now known as " in s
    ]
    silent = [s for s in status if s.startswith(("=== mode/", "=== ..[topic/"))]
    report = real.report
    assert report.rows_read == len(lines) == 18_500
    assert len(moves) == 812
    # Who does the same twice in a minute has done it once: the logs have no seconds.
    assert report.membership_events == len(distinct_moves(irc_logs, real.ids)) == 804
    # One action is of somebody who is not seen otherwise in that file.
    assert report.messages == len(lines) - len(moves) - len(silent) - 1 == 17_683
    assert report.rows_unparsed == 0


def test_the_speakers_are_those_that_the_lines_name(real: Imported, irc_logs: Path) -> None:
    """Split every timed line by hand, without the reader's patterns."""
    ids = real.ids
    expected: Counter[str] = Counter()
    for path in dated(irc_logs):
        for line in path.read_bytes().decode().split("\n"):
            if not line or line.startswith("=== "):
                continue
            body = line.split("] ", 1)[1].lstrip()
            nick = {
                "<": body[1:].split(">")[0],
                "*": body[1:].split()[0],
                "-": body[1:].split("-")[0],
            }[body[0]]
            expected[ids[lower(nick)]] += 1
    actual = Counter(r["author_id"] for r in real.rows("messages"))
    assert not expected - actual
    # The rest are the actions that the older logs write as status lines: 44 that are no join, leave
    # or rename, less four of mode and topic, less one of somebody the file does not show otherwise.
    assert (actual - expected).total() == 44 - 4 - 1


# Worked by hand from the files: first and last time, the name's hour, the clock's kind.
_SPANS = {
    "dev__2004-11-15_03": ("2004-11-15T00:18:00Z", "2004-11-15T04:51:00Z"),
    "dev__2005-06-27_12": ("2005-06-27T09:19:00Z", "2005-06-27T12:28:00Z"),
    "dev__2005-08-08_01": ("2005-08-07T23:29:00Z", "2005-08-08T01:23:00Z"),
    "dev__2008-12-11_11": ("2008-12-11T08:24:00Z", "2008-12-11T11:38:00Z"),
    "dev__2009-10-01_17": ("2009-10-01T14:03:00Z", "2009-10-01T17:53:00Z"),
    "dev__2011-11-13_02": ("2011-11-12T21:29:00Z", "2011-11-13T03:26:00Z"),
    "dev__2016-12-19_20": ("2016-12-19T04:14:00Z", "2016-12-19T21:59:00Z"),
    "new-domains__mediawiki.2": ("2007-09-14T10:24:21Z", "2007-09-17T09:38:36Z"),
}


def test_the_files_lie_where_they_should_in_time(real: Imported) -> None:
    spans = {r["source_id"]: (r["covers_from"], r["covers_to"]) for r in real.rows("sources")}
    by_name = {f.file.rsplit(".", 2)[0]: spans[f.source_id] for f in real.report.files_read}
    assert {name: by_name[name] for name in _SPANS} == _SPANS
    assert (real.report.covers_from, real.report.covers_to) == (
        "2004-11-15T00:18:00Z",
        "2019-01-05T06:16:59Z",
    )


def test_bots_channels_and_what_was_left_out(real: Imported) -> None:
    robots = {r["member_id"] for r in real.rows("members") if r["is_bot"] == "true"}
    names = {nick for nick, member in real.ids.items() if member in robots}
    assert names == {
        "eval", "floodbot1", "floodbot2", "floodbot3", "gerrit-wm", "mwbot", "rustbot", "ubottu",
        "ubotu", "wikibugs", "wm-bot",
    }  # fmt: skip
    channels = Counter(r["channel_id"] for r in real.rows("messages"))
    assert channels == {"ubuntu": 11_683, "rust": 3_600, "mediawiki": 2_400}
    why = Counter(f.why.en.split()[0] for f in real.report.files_left_out)
    assert why == {"pairs": 20, "no": 5, "not": 2}


def test_a_date_by_hand_reads_channel_two_once(irc_logs: Path, tmp_path: Path) -> None:
    import datetime as dt

    report = import_export(
        "irc", irc_logs, tmp_path / "data", timezone="UTC", key_file=tmp_path / "key",
        date=dt.date(2006, 1, 1),
    )  # fmt: skip
    assert report.duplicates == 4
    assert report.rows_read == 18_500 + 2_601
    assert {r["channel_id"] for r in Imported(tmp_path / "data", report).rows("messages")} == {
        "linux", "mediawiki", "rust", "ubuntu",
    }  # fmt: skip


def test_lines_are_numbered_as_their_annotation_numbers_them(
    real: Imported, irc_logs: Path
) -> None:
    """Whoever a message addresses has usually written the line that people say it answers.

    The annotation counts lines from 0. Off by one, the addressed nick and the author agree in one
    case of four; on the right line, in more than four of five.
    """
    author = {(r["source_id"], int(r["source_row"])): r["author_id"] for r in real.rows("messages")}
    place = {r["message_id"]: (r["source_id"], int(r["source_row"])) for r in real.rows("messages")}
    named: dict[tuple[str, int], set[str]] = {}
    for r in real.rows("mentions"):
        named.setdefault(place[r["message_id"]], set()).add(r["target_id"])

    def agreement(offset: int) -> float:
        hits = []
        for file in real.report.files_read:
            links = irc_logs / (file.file.rsplit(".", 2)[0] + ".annotation.txt")
            for line in links.read_text().splitlines():
                earlier, later = sorted(int(n) + offset for n in line.split()[:2])
                writer = author.get((file.source_id, earlier))
                if earlier != later and writer and (file.source_id, later) in named:
                    hits.append(writer in named[file.source_id, later])
        assert len(hits) > 500
        return sum(hits) / len(hits)

    assert agreement(1) > 0.85
    assert max(agreement(0), agreement(2)) < 0.35


def test_no_nick_is_left_but_in_identities(real: Imported) -> None:
    """Every cell of every other table is compared whole, and the text word by word."""
    nicks = {n for n in real.ids if len(n) >= 4}
    allowed = {"message", "mention", "ubuntu"}  # words of the contract, and the channel's own name
    words = re.compile(r"\w+|\W")
    longest = max(len(words.findall(n)) for n in nicks)
    for path in sorted(real.data.glob("*.csv")):
        if path.name == "identities.csv":
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for column, cell in row.items():
                    if column != "text":
                        assert lower(cell) not in nicks - allowed, (path.name, column)
                pieces = words.findall(lower(row.get("text") or ""))
                for i in range(len(pieces)):
                    for n in range(1, longest + 1):
                        assert "".join(pieces[i : i + n]) not in nicks
    shown = (real.data / "import.json").read_text(encoding="utf-8")
    values = re.findall(r'"(?:file|shape|source_id)": "([^"]*)"', shown)
    parts = {p for v in values for p in re.split(r"[^\w|`^{}-]+|_", lower(v))}
    assert not parts & nicks


def test_the_data_keep_the_contract(real: Imported) -> None:
    report = Package(str(real.data / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "message"])[:5]
    first = {}
    for r in real.rows("messages"):
        first[r["author_id"]] = min(r["ts"], first.get(r["author_id"], r["ts"]))
    for r in real.rows("members"):
        if r["member_id"] in first:
            assert r["joined_at"] <= first[r["member_id"]]
