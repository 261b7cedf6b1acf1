"""Readers: from a platform's export to a community's data folder."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shequn.sources import folder, irc, slack, telegram, wechat, whatsapp
from shequn.sources.files import Export
from shequn.sources.folder import Community
from shequn.sources.privacy import load_key
from shequn.sources.report import ImportReport
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text


class Reader(Protocol):
    """What a module of this door offers for its platform."""

    def __call__(
        self,
        export: Export,
        *,
        timezone: Zone,
        key: bytes,
        keep_text: bool = False,
        date: dt.date | None = None,
    ) -> Community:
        """Read an export.

        Parameters
        ----------
        timezone
            Zone of the times, where the export does not say, and of the community.
        key
            For the pseudonyms.
        keep_text
            Keep the text of messages, with every known name in it replaced.
        date
            Date of logs that show none.

        Raises
        ------
        ShequnError
            Where there is nothing to read, or a file is damaged or changes meanwhile.
        """
        ...


READERS: dict[str, Reader] = {
    "irc": irc.read,
    "slack": slack.read,
    "telegram": telegram.read,
    "wechat": wechat.read,
    "whatsapp": whatsapp.read,
}


def import_export(
    platform: str,
    export: Path,
    out: Path,
    *,
    timezone: str,
    keep_text: bool = False,
    key_file: Path | None = None,
    date: dt.date | None = None,
    tolerate: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read a platform's export and write the community's data folder, whole or not at all.

    Parameters
    ----------
    platform
        One of `READERS`.
    export
        What the platform gave: a folder or a file.
    out
        The data folder to write.
    timezone, keep_text, date
        As `Reader` says; the zone by its IANA name.
    key_file
        Key of the pseudonyms; None is the one in the user's configuration, made on first use.
    tolerate
        Accept that more than 1 % of the rows could not be understood.
    overwrite
        Replace a data folder that is there.
    progress
        Called with bytes read and bytes in all.

    Raises
    ------
    ShequnError
        Where anything is wrong; ``out`` is then as it was.
    """
    reader = READERS.get(platform.lower())
    if reader is None:
        near = difflib.get_close_matches(platform.lower(), READERS, n=3, cutoff=0.4) or sorted(
            READERS
        )
        raise ShequnError(
            Text(f"There is no reader for {platform}.", f"没有 {platform} 的读取器。"),
            Text(f"There is one for: {', '.join(near)}.", f"现有：{'、'.join(near)}。"),
        )
    folder.refuse_occupied(out, overwrite=overwrite)  # before minutes of reading
    a, b = export.resolve(), out.resolve()
    if a.is_relative_to(b) or b.is_relative_to(a):
        raise ShequnError(
            Text(
                f"The export {export} and the data folder {out} lie in one another.",
                f"导出 {export} 与数据文件夹 {out} 互相包含。",
            ),
            folder.OTHER_OUT,
        )
    zone = Zone(timezone)
    files = Export(export, progress)
    key, made = load_key(key_file, out)
    community = reader(files, timezone=zone, key=key, keep_text=keep_text, date=date)
    files.unchanged()
    report = community.report
    report.key_made = made
    _, report.times_ambiguous, report.times_nonexistent = zone.counts
    report.tolerable(tolerate=tolerate)
    folder.write(out, community, overwrite=overwrite)
    return report


__all__ = ["READERS", "Community", "ImportReport", "Reader", "import_export"]
