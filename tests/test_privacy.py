"""Nothing of a person leaves the folder of the data: not a name, a word, an id, nor the machine's."""

from __future__ import annotations

import base64
import copy
import csv
import ctypes
import datetime as dt
import html
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest

from common import ROOT, write_table
from outside import everything, irc_log, real_irc_book, shequn, text_of
from shequn import runs
from shequn.rerun import Result
from shequn.scrub import scrub

# Nicks as people choose them: plain, Chinese, markup, a formula, text turned around, quotes.
NICKS = (
    "zzqxvogel42", "测试昵称甲", "<svg/onload=zqx", "=zqcmd|calc", "\u202ezqgnirts", "zq'quote\"d",
    "zq&amp;lt", "Zq[away]", "zq_под", "zqxbot\u200d",
)  # fmt: skip
QUARTET = ("zqviola", "zqcello", "zqgeige", "zqbratsche")
SIXTH = ("zqeins", "zqzwei", "zqdrei", "zqvier", "zqfuenf", "zqsechs")
SECRET = "zqgeheim plugh 密语"
NOTEBOOKS = ("active_members", "retention", "participation_inequality", "network_structure")
QUARTET_WEEK, SIXTH_WEEK = "2024-04-08", "2024-04-15"
IN_OPEN = 0x20


ONE_RUN = pytest.mark.xdist_group("private run")  # made once, by one worker


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with logs, imported twice: without the texts, and with them."""
    home = tmp_path_factory.mktemp("private") / "home" / "zqhomeuser"
    home.mkdir(parents=True)
    # Newcomers are those who are first seen after 28 days; weeks begin on Monday.
    people = dict.fromkeys(NICKS, 0) | dict.fromkeys(QUARTET, 35) | dict.fromkeys(SIXTH, 42)
    logs = irc_log(home / "logs", people, 84, SECRET)
    # A private talk, kept under the name of the person it was with.
    (logs / f"{NICKS[0]}_2024-05-27.log").write_text(
        f"[13:00] <{NICKS[0]}> {SECRET}\n[13:01] <{NICKS[1]}> {NICKS[0]}: {SECRET}\n",
        encoding="utf-8",
    )
    for out, more in (("DATA", ()), ("TEXTS", ("--keep-text",))):
        said = shequn(
            "import", "irc", "logs", "--timezone", "Asia/Shanghai", "--out", out, *more, folder=home,
        )  # fmt: skip
        assert said.code == 0, said.all
        assert not _found(SECRET_FORMS + NICK_FORMS, {"what it said": said.all.encode()})
    return home


@pytest.fixture(scope="module")
def run(place: Path) -> Path:
    """Return a run, with its book, over the data that hold texts; the names are watched."""
    out = place.parents[1] / "elsewhere" / "RUN"
    with _never_opened(place / "TEXTS" / "identities.csv"):
        said = shequn(
            "run", "TEXTS", "--out", out, *NOTEBOOKS, "--book", folder=place,
            USER="zqloginname", LOGNAME="zqloginname",
        )  # fmt: skip
    assert said.code == 0, said.all
    return out


def _forms(word: str) -> list[bytes]:
    """Return the ways in which a word may stand in a file."""
    written = {word, json.dumps(word)[1:-1], html.escape(word), html.escape(word, quote=False)}
    written |= {quote(word), json.dumps(word, ensure_ascii=False)[1:-1]}
    return [w.lower().encode() for w in sorted(written)]


NICK_FORMS = [f for nick in (*NICKS, *QUARTET, *SIXTH) for f in _forms(nick)]
SECRET_FORMS = [f for word in SECRET.split() for f in _forms(word)]


def _found(forms: list[bytes], files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    low = {name: content.lower() for name, content in files.items()}
    low |= {f"the name of {name}": name.encode().lower() for name in files}
    return [(name, f) for name, content in low.items() for f in forms if f in content]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def _never_opened(path: Path) -> Iterator[None]:
    """Fail if anybody, of whatever process, opens a file meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) >= 0
    try:
        yield
        with pytest.raises(BlockingIOError):
            pytest.fail(f"{path.name} was opened: {os.read(watch, 4096)!r}")
        path.read_bytes()
        assert os.read(watch, 4096), "the watch sees nothing"
    finally:
        os.close(watch)


# What an import leaves


@ONE_RUN
def test_names_stand_in_one_file_that_only_its_owner_may_read(place: Path) -> None:
    for folder in ("DATA", "TEXTS"):
        files = everything(place / folder)
        names = files.pop("identities.csv")
        assert not _found(NICK_FORMS, files)
        spelled = {r["display_name"] for r in _rows(place / folder / "identities.csv")}
        assert spelled >= {*QUARTET, *SIXTH, NICKS[0], NICKS[1], NICKS[2]}
        assert NICKS[1].encode() in names
        mode = (place / folder / "identities.csv").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


@ONE_RUN
def test_texts_are_dropped_or_kept_in_one_table(place: Path) -> None:
    assert not _found(SECRET_FORMS, everything(place / "DATA"))
    kept = everything(place / "TEXTS")
    assert {name for name, _ in _found(SECRET_FORMS, kept)} == {"messages.csv"}
    texts = [r["text"] for r in _rows(place / "TEXTS" / "messages.csv")]
    ids = {r["member_id"] for r in _rows(place / "TEXTS" / "members.csv")}
    assert all(SECRET in t for t in texts)
    assert any(t.split(":")[0] in ids for t in texts), "who is named keeps a code"
    assert "text" not in _rows(place / "DATA" / "messages.csv")[0]


@ONE_RUN
def test_the_key_is_nowhere_but_in_its_place(place: Path) -> None:
    key = place / ".config" / "shequn" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_bytes()
    forms = [secret, secret.hex().encode(), base64.b64encode(secret)[:40].lower(), secret[:16]]
    for folder in ("DATA", "TEXTS"):
        files = everything(place / folder)
        assert not [n for n, content in files.items() for f in forms if f in content]
    inside = shequn(
        "import", "irc", "logs", "--timezone", "UTC", "--out", "OTHER", "--key", "OTHER/key",
        folder=place,
    )  # fmt: skip
    assert inside.code == 2
    assert "key" in inside.err
    assert not (place / "OTHER").exists()


@ONE_RUN
def test_one_key_gives_the_same_codes_and_another_others(place: Path) -> None:
    codes = {r["display_name"]: r["member_id"] for r in _rows(place / "DATA" / "identities.csv")}
    again = {r["display_name"]: r["member_id"] for r in _rows(place / "TEXTS" / "identities.csv")}
    assert codes == again
    (place / "other-key").write_bytes(bytes(range(32)))
    shequn(
        "import", "irc", "logs", "--timezone", "UTC", "--out", "OTHERS", "--key", "other-key",
        folder=place,
    )  # fmt: skip
    others = {r["display_name"]: r["member_id"] for r in _rows(place / "OTHERS" / "identities.csv")}
    assert others.keys() == codes.keys()
    assert not set(others.values()) & set(codes.values())
    assert all(re.fullmatch("m[a-z2-7]{12}", c) for c in codes.values())


@ONE_RUN
def test_an_import_tells_nothing_of_the_machine(place: Path) -> None:
    here = [str(place).encode(), b"zqhomeuser", str(ROOT).encode(), sys.prefix.encode()]
    for folder in ("DATA", "TEXTS"):
        assert not _found(here, everything(place / folder))


@ONE_RUN
def test_names_that_cannot_be_read_do_not_stop_a_run(place: Path, tmp_path: Path) -> None:
    data = tmp_path / "DATA"
    data.mkdir()
    for name in ("messages.csv", "members.csv", "datapackage.json"):
        (data / name).write_bytes((place / "DATA" / name).read_bytes())
    names = data / "identities.csv"
    names.write_bytes(b"\x00\xff\xfe=cmd()|'/c calc'\x00")
    assert shequn("check", data, folder=tmp_path).code == 1, "it would be a fault"
    names.chmod(0)
    with _never_opened(names):
        said = shequn("run", data, "--out", "RUN", "participation_inequality", folder=tmp_path)
        assert said.code == 0, said.all
        listed = shequn("list", data, folder=tmp_path)
        assert listed.code == 0
        names.chmod(0o600)


# What a run leaves


def test_a_notebook_forgets_where_it_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "zq"))
    data = tmp_path / "home" / "zq" / "DATA"
    said = [
        f"{data}/messages.csv: odd",
        f"{sys.prefix}/lib/x.py:1: Warning",
        f"{Path.home()}/notes",
    ]
    cell = nbformat.v4.new_code_cell(f'data = "{data}"', metadata={"tags": ["injected-parameters"]})
    shown = nbformat.v4.new_output("display_data", {"text/html": said[0], "image/png": "cGF0aA=="})
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text="\n".join(said)), shown]
    for home, near in (
        (tmp_path / "home" / "zq" / "RUN" / "notebooks" / "metrics", "../../../DATA"),
        (tmp_path / "RUN" / "notebooks" / "metrics", "DATA"),
        (tmp_path / "elsewhere" / "RUN" / "notebooks", "DATA"),
    ):
        notebook = nbformat.v4.new_notebook(cells=[copy.deepcopy(cell)])
        scrub(notebook, {"data": str(data), "lang": "en"}, home)
        after = notebook.cells[0]
        assert after.source == f'data = "{near}"'
        assert after.outputs[0].text == "DATA/messages.csv: odd\n…/lib/x.py:1: Warning\n~/notes"
        assert after.outputs[1].data == {
            "text/html": "DATA/messages.csv: odd",
            "image/png": "cGF0aA==",
        }
        nbformat.validate(notebook)
    cell.source, cell.outputs = 'data = "duckdb:////home/zq/x.db?name=y"', []
    notebook = nbformat.v4.new_notebook(cells=[cell])
    scrub(notebook, {"data": "duckdb:////home/zq/x.db?name=y"}, tmp_path / "RUN" / "notebooks")
    assert notebook.cells[0].source == 'data = "x.db"'


@pytest.mark.slow
@ONE_RUN
def test_a_run_holds_no_name_no_word_and_no_code_of_anybody(place: Path, run: Path) -> None:
    files = everything(run)
    assert not _found(NICK_FORMS, files)
    assert not _found(SECRET_FORMS, files)
    codes = [r["member_id"].encode() for r in _rows(place / "TEXTS" / "members.csv")]
    assert len(codes) >= len(QUARTET + SIXTH)
    assert not _found(codes, files)
    rows = [r["message_id"].encode() for r in _rows(place / "TEXTS" / "messages.csv")[::50]]
    assert not _found(rows, files)


@pytest.mark.slow
@ONE_RUN
def test_the_edition_holds_the_report_of_the_import(place: Path, run: Path) -> None:
    lines = (place / "TEXTS" / "import.md").read_text(encoding="utf-8").splitlines()[2:]
    assert len(lines) > 15 and "rows read from" in lines[0]
    page = re.sub(r"\s+", " ", text_of(run / "site" / "book" / "reference" / "data.html"))
    for line in lines:
        assert re.sub(r"\s+", " ", line.strip().removeprefix("- ")) in page


@ONE_RUN
def test_a_run_tells_nothing_of_the_machine(place: Path, run: Path) -> None:
    files = everything(run)
    here = [str(place), str(run.parent), "zqhomeuser", "zqloginname", str(ROOT), sys.prefix]
    here += [sys.base_prefix, f"{Path.home()}/", "/tmp/"]
    own = {n: c for n, c in files.items() if "/_static/" not in n}
    assert not _found([h.encode().lower() for h in here], own)
    secret = (place / ".config" / "shequn" / "key").read_bytes()
    assert not [n for n, content in files.items() if secret in content]


@pytest.mark.slow
@ONE_RUN
def test_no_number_speaks_of_one_to_four(run: Path) -> None:
    def enough(n: str) -> bool:
        return n in ("", "—", "under 5") or not 0 < float(n.replace(",", "")) < 5

    for row in _rows(run / "values.csv"):
        assert enough(row["n"]), row
        assert row["n"] or not row["value"], row
    lines = 0
    for page in (run / "site" / "notebooks" / "metrics").glob("*.html"):
        for table in re.findall(r"<table.*?dataframe.*?</table>", page.read_text(), re.DOTALL):
            heads = re.findall(r"<th>(.*?)</th>", table)
            if not {"value", "n"} <= set(heads):
                continue
            for line in re.findall(r"<tr>\s*(<td.*?)</tr>", table, re.DOTALL):
                cells = dict(zip(heads, re.findall(r"<td[^>]*>(.*?)</td>", line), strict=True))
                assert enough(cells["n"]), (page.name, cells)
                assert cells["n"] != "under 5" or cells["value"] == "under 5", (page.name, cells)
                lines += 1
    assert lines > 5


def test_a_cohort_of_four_is_drawn_nowhere_and_one_of_six_is(tmp_path: Path) -> None:
    weeks = [("m4", 4, QUARTET_WEEK), ("m6", 6, SIXTH_WEEK)]
    members, messages = [], []
    for name, size, week in weeks:
        for i in range(size):
            joined = dt.datetime.fromisoformat(f"{week}T04:00:00Z")
            who = f"{name}-{i}"
            members.append(
                {"member_id": who, "joined_at": f"{week}T04:00:00Z", "joined_at_basis": "event"}
            )
            messages += [
                {
                    "message_id": f"{who}-{day}",
                    "author_id": who,
                    "ts": f"{joined + dt.timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}",
                }
                for day in range(21)
            ]
    folder = write_table(tmp_path / "DATA", "members", members)
    write_table(folder, "messages", messages)
    runs.run(str(folder), tmp_path / "RUN", names=["retention"])
    figure = (tmp_path / "RUN" / "figures" / "retention.cohorts.svg").read_text(encoding="utf-8")
    words = re.findall(r"<!-- (.*?) -->", figure)
    assert SIXTH_WEEK in words, "a cohort of six is drawn"
    assert QUARTET_WEEK not in words, "a cohort of four is not"


@pytest.mark.slow
@pytest.mark.xdist_group("irc book")
def test_no_nick_of_the_real_logs_comes_into_the_site(
    book_of: Callable[..., tuple[Path, list[Result]]], irc_logs: Path, site: Path
) -> None:
    data, out, _ = real_irc_book(book_of, irc_logs)
    nicks = {r["display_name"].lower() for r in _rows(data / "identities.csv")}
    nicks = {n for n in nicks if len(n) >= 5}
    assert len(nicks) > 1000
    # The banner names the community by its channels, and a nick may be a channel's name.
    channels = {r["channel_id"] for r in _rows(data / "messages.csv")}
    leaked = nicks & _words(out / "site") - _words(site / "en") - channels
    leaked -= {"guest"}  # IRC's own name for whoever has none: the report explains it
    assert not leaked
    codes = {r["member_id"] for r in _rows(data / "identities.csv")}
    assert not codes & _words(out / "site")


def _words(site: Path) -> set[str]:
    """Return the words of a site's own pages and figures, as a nick could stand among them."""
    words: set[str] = set()
    for path in site.rglob("*"):
        if path.suffix in (".html", ".js", ".svg") and "_static" not in path.parts:
            text = path.read_text(encoding="utf-8").lower()
            words.update(re.findall(r"[\w\-^`|\\{}\[\]]+", html.unescape(text)))
    return words
