"""references.bib: well formed, without doubles, and exactly what the handbook cites."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

import pages
import pytest
from pages import ROOT, Fault
from pybtex.database import Entry, parse_string

BIB = "references.bib"
REQUIRED = {
    "article": "author title journal year",
    "book": "author|editor title publisher year",
    "inproceedings": "author title booktitle year",
    "incollection": "author title booktitle publisher year",
    "techreport": "author title institution year",
    "phdthesis": "author title school year",
    "misc": "author title year howpublished|url",
}
_ENTRY = re.compile(r"^@(?P<type>\w+)\s*\{\s*(?P<key>[^,\s]+)\s*,", re.MULTILINE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"{}]*[^\s\"{}.,;]")  # old ones hold < > ; and brackets


def entries(text: str) -> list[tuple[int, str]]:
    """Return line and key of every entry as written, doubles included."""
    found = [(text.count("\n", 0, m.start()) + 1, m) for m in _ENTRY.finditer(text)]
    return [(n, m["key"]) for n, m in found if m["type"].lower() not in ("comment", "string")]


def faults_of(text: str) -> list[Fault]:
    """Return what is wrong with a bibliography in itself."""
    lines = entries(text)
    doubled = list(_doubles((key.lower(), f"{BIB}:{n}") for n, key in lines))
    if doubled:  # pybtex would stop at the first
        return [
            Fault(there, f"key {key} again, as at {here}", "keep one")
            for key, here, there in doubled
        ]
    parsed = parse_string(text, "bibtex").entries
    where = {key: f"{BIB}:{n}" for n, key in lines}
    faults = [f for key, entry in parsed.items() for f in _entry(where[key], key, entry)]
    for what, read in (("DOI", _doi), ("ISBN", _isbn), ("title and year", _title)):
        known = ((read(e), where[k]) for k, e in parsed.items() if read(e))
        for value, here, there in _doubles(known):
            faults.append(Fault(there, f"{what} {value} again, as at {here}", "merge the entries"))
    return faults


def _doubles(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    first: dict[str, str] = {}
    for value, where in pairs:
        if value in first:
            yield value, first[value], where
        first.setdefault(value, where)


def _doi(entry: Entry) -> str:
    return str(entry.fields.get("doi", "")).lower()


def _isbn(entry: Entry) -> str:
    digits = re.sub(r"[-\s]", "", entry.fields.get("isbn", "")).upper()
    return digits[3:12] if len(digits) == 13 else digits[:9]  # the same book in 10 and 13 digits


def _title(entry: Entry) -> str:
    plain = unicodedata.normalize("NFKC", re.sub(r"\\\w+|[{}]", "", entry.fields.get("title", "")))
    words = re.findall(r"\w+", plain.lower())
    return f"{' '.join(words)} {entry.fields.get('year', '')}" if words else ""


def _entry(where: str, key: str, entry: Entry) -> Iterator[Fault]:
    if entry.type not in REQUIRED:
        yield Fault(where, f"{key} is a @{entry.type}", f"use one of {', '.join(REQUIRED)}")
    for needed in REQUIRED.get(entry.type, "title year").split():
        if not any(entry.fields.get(n) or entry.persons.get(n) for n in needed.split("|")):
            yield Fault(where, f"{key} has no {needed.replace('|', ' or ')}", "add it")
    year = entry.fields.get("year", "")
    if year and not (re.fullmatch(r"\d{4}", year) and 1700 <= int(year) <= date.today().year):
        yield Fault(
            where, f"{key} has the year {year!r}", "write the year it appeared, four digits"
        )
    doi = entry.fields.get("doi", "")
    if doi and not _DOI.fullmatch(doi):
        yield Fault(
            where, f"{key} has the DOI {doi!r}", "write it as 10.NNNN/…, without an address"
        )
    isbn = entry.fields.get("isbn", "")
    if isbn and not valid_isbn(isbn):
        yield Fault(where, f"{key} has the ISBN {isbn!r}", "copy it anew: a digit is wrong")
    url = entry.fields.get("url", "")
    if url and not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", url):
        yield Fault(where, f"{key} has the address {url!r}", "write it whole, with https://")
    if "doi.org/" in url:
        yield Fault(where, f"{key} gives its DOI as an address", "put it into the field doi")


def valid_isbn(isbn: str) -> bool:
    """Tell whether an ISBN-10 or ISBN-13 has the right form and check digit."""
    plain = re.sub(r"[- ]", "", isbn).upper()
    if re.fullmatch(r"\d{9}[\dX]", plain):
        digits = [10 if c == "X" else int(c) for c in plain]
        return sum((10 - i) * d for i, d in enumerate(digits)) % 11 == 0
    if re.fullmatch(r"97[89]\d{10}", plain):
        return sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(plain)) % 10 == 0
    return False


def unknown(cited: dict[str, list[str]], keys: set[str]) -> list[Fault]:
    """Return citations of keys that the bibliography does not hold."""
    return [
        Fault(
            place, f"cites {key}, which is not in {BIB}", "mend the key, or add the checked entry"
        )
        for key, places in sorted(cited.items())
        if key not in keys
        for place in places
    ]


def unused(text: str, cited: dict[str, list[str]]) -> list[Fault]:
    """Return the entries that nothing cites."""
    return [
        Fault(f"{BIB}:{line}", f"nothing cites {key}", "take the entry out, or cite it")
        for line, key in entries(text)
        if key not in cited
    ]


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / BIB).read_text("utf-8")


def test_the_bibliography_is_well_formed(text: str) -> None:
    pages.demand_none(faults_of(text))


def test_every_cited_key_exists(text: str) -> None:
    pages.demand_none(unknown(pages.cited_keys(), {key for _, key in entries(text)}))


def test_every_entry_is_cited(text: str) -> None:
    pages.demand_none(unused(text, pages.cited_keys()))


# --- these tests can fail ---------------------------------------------------------------------

GOOD = """@article{fader2007how,
  author = {Fader, Peter S. and Hardie, Bruce G. S.},
  title = {How to Project Customer Retention},
  journal = {Journal of Interactive Marketing},
  year = {2007},
  doi = {10.1002/dir.20074}
}

@book{knuth1984texbook,
  author = {Knuth, Donald E.},
  title = {The {TeX}book},
  publisher = {Addison-Wesley},
  year = {1984},
  isbn = {0-201-13447-0}
}
"""


def test_a_good_bibliography_has_no_fault() -> None:
    assert faults_of(GOOD) == []
    odd = "10.1002/(SICI)1234-981X(199707)5:3<305::AID-EURO184>3.0.CO;2-4"
    assert faults_of(GOOD.replace("10.1002/dir.20074", odd)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("10.1002/dir.20074", "10.1002/dir.20074.", "has the DOI"),
        ("knuth1984texbook", "Fader2007How", "references.bib:9: key fader2007how again"),
        ("{1984},", "{1984}, doi = {10.1002/DIR.20074},", "DOI 10.1002/dir.20074 again"),
        ("10.1002/dir.20074", "https://doi.org/10.1002/dir.20074", "has the DOI"),
        ("10.1002/dir.20074", "doi:10.1002/dir.20074", "has the DOI"),
        ("10.1002/dir.20074", "10.12/dir", "has the DOI"),
        ("0-201-13447-0", "0-201-13447-1", "a digit is wrong"),
        ("0-201-13447-0", "978-0-201-13447-7", "a digit is wrong"),
        ("{1984}", "{84}", "has the year"),
        ("{1984}", "{3984}", "has the year"),
        ("  publisher = {Addison-Wesley},\n", "", "has no publisher"),
        ("  author = {Knuth, Donald E.},\n", "", "has no author or editor"),
        ("{1984},", "{1984}, url = {example},", "has the address"),
        ("{1984},", "{1984}, url = {https://doi.org/10.1/x},", "DOI as an address"),
        ("@book", "@blog", "is a @blog"),
        ("The {TeX}book},", "How to project: Customer retention},\n  note = {x},", None),
    ],
)
def test_a_broken_entry_is_found(old: str, new: str, said: str | None) -> None:
    assert old in GOOD
    found = [str(f) for f in faults_of(GOOD.replace(old, new))]
    if said is None:  # the title alone is no double: the year differs
        assert found == []
        found = [str(f) for f in faults_of(GOOD.replace(old, new).replace("1984}", "2007}"))]
        said = "title and year how to project customer retention 2007 again"
    assert any(said in f for f in found), found


def test_the_same_book_in_ten_and_thirteen_digits_is_a_double() -> None:
    again = GOOD[GOOD.index("@book") :].replace("knuth1984", "knuth1986")
    twice = GOOD + again.replace("0-201-13447-0", "978-0-201-13447-6")
    assert any("ISBN 020113447 again" in str(f) for f in faults_of(twice))


@pytest.mark.parametrize(
    ("isbn", "valid"),
    [
        ("0-306-40615-2", True),  # the worked examples of the ISBN Users' Manual
        ("978-0-306-40615-7", True),
        ("080442957X", True),
        ("0-306-40615-3", False),
        ("978-0-306-40615-8", False),
        ("978030640615", False),
        ("X306406152", False),
    ],
)
def test_isbn_check_digits(isbn: str, valid: bool) -> None:
    assert valid_isbn(isbn) is valid


def test_an_unknown_and_an_unused_key_are_found() -> None:
    cited = {"fader2007how": ["book/a.md:3"], "nobody1900": ["zh/book/a.md:4"]}
    keys = {key for _, key in entries(GOOD)}
    assert [str(f) for f in unknown(cited, keys)] == [
        "zh/book/a.md:4: cites nobody1900, which is not in references.bib → "
        "mend the key, or add the checked entry"
    ]
    assert [f.where for f in unused(GOOD, cited)] == ["references.bib:9"]


def test_keys_are_gathered_from_pages_cards_and_ledger() -> None:
    rows = [{"id": "Z1", "evidence_source": "A; B; X01; https://a.b/c; fake1999key (p. 3)"}]
    cited = pages.cited_keys(lambda _: rows)
    assert cited["fake1999key"] == ["data/claims.csv, Z1"]
    assert any(p.startswith("zh/notebooks/") for p in cited["fader2007how"])
    assert "src/shequn/metrics/retention.py" in cited["fader2007how"]
    assert not {"A", "X01", "https://a.b/c"} & set(cited)
