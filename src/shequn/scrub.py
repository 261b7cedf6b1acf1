"""Take out of an executed notebook what says where, when and on whose machine it was run."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shequn import paths


def scrub(notebook: Any, parameters: dict[str, Any], home: Path) -> None:
    """Take times, paths and run metadata out of an executed notebook, so that it can be shared.

    Parameters
    ----------
    notebook
        Changed in place.
    parameters
        What it was run with.
    home
        Folder it will lie in: the run's ``notebooks``, or one below.
    """
    import nbformat

    notebook.metadata.pop("papermill", None)
    data = parameters.get("data")
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        tags = cell.metadata.get("tags", [])
        if "injected-parameters" in tags:
            tags.append("remove-cell")
            if data:
                near = _near(data, home)
                cell.source = cell.source.replace(json.dumps(data), json.dumps(near))
                cell.source = cell.source.replace(data, near)
        for output in cell.get("outputs", ()):
            pictures = {k: v for k, v in output.get("data", {}).items() if k.startswith("image/")}
            words = {k: v for k, v in output.items() if k != "data"}
            if "data" in output:
                words["data"] = {k: v for k, v in output["data"].items() if k not in pictures}
            text = json.dumps(words, ensure_ascii=False)
            clean = without_paths(text, parameters)
            if clean != text:
                output.update(nbformat.from_dict(json.loads(clean)))
                if pictures:
                    output["data"].update(pictures)


def _near(data: str, home: Path) -> str:
    """Return the way from a run's notebook to the data, or no more than their name.

    A way that leads out of the folder that holds the run, or into the user's home, names somebody.
    """
    if "://" in data:
        return Path(urlsplit(data).path).name
    notebooks = next(p for p in (home, *home.parents) if p.name == "notebooks")
    top, user = notebooks.parents[1], Path.home()
    names_user = user != top and user.is_relative_to(top)
    if Path(data).is_relative_to(top) and not names_user:
        return os.path.relpath(data, home)
    return Path(data).name


def without_paths(text: str, parameters: dict[str, Any]) -> str:
    """Return text without the paths that say whose machine it comes from.

    Parameters
    ----------
    text
        Such as a warning or an error.
    parameters
        What a notebook was run with; of its data only the name stays.
    """
    data = parameters.get("data")
    places = [(data, Path(data).name)] if data else []
    places += [(sys.prefix, "…"), (str(paths.HOME), "…"), (tempfile.gettempdir(), "…")]
    places += [(sys.base_prefix, "…"), (str(Path.home()), "~")]
    for place, name in sorted(places, key=lambda p: -len(p[0])):  # what lies deeper comes first
        if len(Path(place).parts) > 1:
            text = name.join(re.split(rf"{re.escape(place)}(?![\w-])", text))
    return text
