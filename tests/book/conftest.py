"""One browser and one server for all tests that open the built site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser as chrome
import pytest
from playwright.sync_api import Browser

_SHARED = Path(__file__).resolve().parents[1] / "conftest.py"


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Return the browser; where there is none the test is skipped, in CI it fails."""
    shared = request.config.pluginmanager.get_plugin(str(_SHARED))
    assert shared is not None
    shared.require(chrome.executable(), "Chromium is not installed")
    with chrome.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def homes(site: Path) -> Iterator[dict[str, str]]:
    """Return the site's address by scheme."""
    with chrome.serve(site) as served:
        yield {"http": served, "file": site.as_uri()}
