"""Readers: from a platform's export to a community's data folder."""

from __future__ import annotations

from shequn.sources.importing import import_export
from shequn.sources.platforms import PLATFORMS
from shequn.sources.report import ImportReport

__all__ = ["PLATFORMS", "ImportReport", "import_export"]
