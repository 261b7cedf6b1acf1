"""One browser and one server for all tests that open the built site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser as chrome
import pytest
from playwright.sync_api import Browser

from common import require


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser; where there is none the test is skipped, in CI it fails."""
    require(chrome.executable(), "Chromium is not installed")
    with chrome.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def homes(site: Path) -> Iterator[dict[str, str]]:
    """Return the site's address by scheme."""
    with chrome.serve(site) as served:
        yield {"http": served, "file": site.as_uri()}
