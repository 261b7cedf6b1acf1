"""No file is unfinished, names a machine or a registry; the site fetches nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from pages import ROOT, Fault

# Written so that this file does not hold what it looks for.
BARRED = {
    "unfinished": (
        re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K|TB[D])\b|lorem[ ]ipsum|待补[充]|待完[善]"),
        "finish it, or take it out",
    ),
    "a path of one machine": (
        re.compile(r"(?<![\w.~$}/<>-])/(?:work|root|home|Users|tmp|mnt)/[\w.]|\b[A-Z]:\\Users\\"),
        "write it relative to the repository",
    ),
    "the address of a registry": (
        re.compile(
            r"pypi\.org|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)|conda\.anaconda\.org|"
            r"pypi\.tuna|mirrors?\.(?:aliyun|tencent|huawei)|proxy\.golang\.org|"
            r"(?:extra-)?index-url\s*[=: ]\s*\w",
            re.IGNORECASE,
        ),
        "leave the registry to the reader's own client",
    ),
}
_IN_PAGES = re.compile(r"\bplace[h]older\b|coming[ ]soon|敬请期[待]", re.IGNORECASE)


def barred_in(name: str, text: str) -> Iterator[Fault]:
    """Yield what a file should not hold."""
    for number, line in enumerate(text.split("\n"), 1):
        for what, (pattern, mend) in BARRED.items():
            match = pattern.search(line)
            if match and name.startswith("tests/") and "#" not in line[: match.start()]:
                match = None if what == "unfinished" else match  # a test that looks for the word
            if match:
                yield Fault(f"{name}:{number}", f"{what}: “{match[0]}”", mend)
        if name.endswith(".md") and (match := _IN_PAGES.search(line)):
            yield Fault(
                f"{name}:{number}", f"unfinished: “{match[0]}”", "finish it, or take it out"
            )


def readable(path: Path) -> str:
    """Return a text file; nothing for a picture or another binary."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_file_is_unfinished_or_names_a_machine_or_a_registry() -> None:
    named = ((str(path.relative_to(ROOT)), path) for path in pages.tracked())
    pages.demand_none(f for name, path in named for f in barred_in(name, readable(path)))


def test_the_lock_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock


# What a browser would fetch; names of XML vocabularies are never fetched.
_HOST = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[\w-]+\.[\w.-]+")


def hosts_in(name: str, text: str) -> list[Fault]:
    """Return addresses of other hosts in what the site is made of."""
    return [
        Fault(f"{name}:{n}", f"fetches from {match[0]}", "ship it with the site")
        for n, line in enumerate(text.split("\n"), 1)
        for match in _HOST.finditer(line)
    ]


def test_the_site_fetches_nothing_from_other_hosts() -> None:
    folder = ROOT / "src" / "shequn" / "site"
    files = [f for f in sorted(folder.rglob("*")) if f.suffix in (".html", ".css", ".js", ".svg")]
    assert files, "no template found: has the folder moved?"
    named = ((str(f.relative_to(ROOT)), f) for f in files)
    pages.demand_none(f for name, path in named for f in hosts_in(name, readable(path)))


# --- these tests can fail ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "# TO" + "DO later",
        "F" + "IXME",
        "text TB" + "D.",
        "待" + "补充",
        "open('/wo" + "rk/main')",
        "see /ho" + "me/ann/data",
        "C:" + r"\Users\ann",
        "https://py" + "pi.org/simple",
        "--index" + "-url https",
        "a place" + "holder here",
    ],
)
def test_what_should_not_leave_is_found(line: str) -> None:
    assert [f.where for f in barred_in("a.md", f"fine\n{line}\n")] == ["a.md:2"]


def test_what_looks_like_it_and_is_not_is_left_alone() -> None:
    text = "XXXL, hacks, work/main, a/home/b, https://a.org/home/x, ./tmp/x, <input placeholder>"
    assert list(barred_in("a.html", text)) == []
    assert list(barred_in("tests/a.py", "assert 'TO" + "DO' not in text")) == []
    assert len(list(barred_in("tests/a.py", "pass  # TO" + "DO"))) == 1


def test_an_address_of_another_host_is_found() -> None:
    assert len(hosts_in("a.css", "@import url(https://fonts.example.com/a.css);")) == 1
    assert len(hosts_in("a.html", '<script src="//cdn.example.net/x.js">')) == 1
    assert hosts_in("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0//1"/>') == []
