"""Fixtures that several test files share: the shared real data, the built site, small communities."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common import BUILD, ROOT, SHARED, one_at_a_time, write_table
from outside import Inside, miniature
from shequn import paths, publish, runs
from shequn.rerun import Result
from shequn.text import LANGUAGES


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where tests of a group would not stay together: with a pytest that xdist does not know."""
    if hasattr(session.config, "workerinput"):
        marked = [i.nodeid for i in session.items if i.get_closest_marker("xdist_group")]
        assert all("@" in name for name in marked), "groups of tests are not kept together"


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the published site, built if anything has changed."""
    with one_at_a_time("site"):
        publish.publish(BUILD / "site", list(LANGUAGES))
    return BUILD / "site"


@pytest.fixture(scope="session")
def irc_logs() -> Path:
    """Return the real IRC logs, where they are there."""
    if not (SHARED / "irc-logs").is_dir():
        pytest.skip("the real IRC logs are not beside this checkout")
    return SHARED / "irc-logs"


@pytest.fixture(scope="session")
def book_of(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that runs a community's data with --book, quickly.

    The handbook's own notebooks do not depend on the data: they are taken from the published run,
    as a run that was stopped after them would leave them.
    """

    def build(data: Path, lang: str = "en") -> tuple[Path, list[Result]]:
        out = tmp_path_factory.mktemp("book") / "RUN"
        published = site.parent / f".{site.name}.run-{lang}" / "notebooks"
        begun = out.parent / f".{out.name}.partial" / "notebooks"
        for own in ("plan", "cases"):
            shutil.copytree(published / own, begun / own)
        return out, runs.run(str(data), out, lang=lang, book=True)  # type: ignore[arg-type]

    return build  # type: ignore[return-value]


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Inside:
    """Return what runs commands in this process, in a folder of their own."""
    return Inside(monkeypatch, capsys, tmp_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a handbook of a few pages."""
    yield from miniature(tmp_path / "home", monkeypatch)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a folder with one table: 60 days, 12 members, one message a member and third day."""
    rows: list[dict[str, object]] = []
    for day in range(60):
        for member in range(12):
            if (day + member) % 3 == 0:
                date = f"2024-{1 + day // 30:02d}-{1 + day % 30 % 28:02d}"
                rows.append(
                    {
                        "message_id": f"x{day}-{member}",
                        "author_id": f"m{member:02d}",
                        "ts": f"{date}T04:{member:02d}:00Z",
                    }
                )
    return write_table(tmp_path / "DATA", "messages", rows)


assert paths.HOME == ROOT, "the tests run on the checkout, not on an installed copy"
