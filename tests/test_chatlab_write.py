"""A data folder as a ChatLab file, and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.chatlab_write import write_chatlab
from shequn.sources import import_export
from shequn.text import ShequnError

sys.path.insert(0, str(Path(__file__).parent / "sources"))
import made_chatlab
from hand_made import Imported, write_logs
from made_chatlab import ANN, BOB, EVA, said, whole

Import = Callable[[str | bytes, str], Imported]


def importer(folder: Path) -> Import:
    """Return a function that imports one ChatLab file, with texts."""
    count = 0

    def run(text: str | bytes, name: str) -> Imported:
        nonlocal count
        count += 1
        export = write_logs(folder / f"in{count}", {name: text})
        out = folder / f"data{count}"
        report = import_export(
            "chatlab", export, out, timezone="UTC", keep_text=True, key_file=folder / "key"
        )
        return Imported(out, report)

    return run


def same(one: Imported, two: Imported) -> None:
    """Hold two folders against each other, ids of the second being made from those of the first."""
    ids, names = two.ids, ("ts", "kind", "text", "reply_basis")
    first, second = one.rows("messages"), two.rows("messages")
    for row in first:
        for was, now in ids.items():
            row["text"] = row.get("text", "").replace(was, now)
    assert [[r.get(c, "") for c in names] for r in first] == [
        [r.get(c, "") for c in names] for r in second
    ]
    assert [ids[r["author_id"]] for r in first] == [r["author_id"] for r in second]
    places = [{r["message_id"]: n for n, r in enumerate(rows)} for rows in (first, second)]
    answers = [
        [at.get(r.get("reply_to_id", ""), -1) for r in rows]
        for at, rows in zip(places, (first, second), strict=True)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_what_is_written_reads_as_it_was(tmp_path: Path, suffix: str) -> None:
    run = importer(tmp_path)
    for name, text in made_chatlab.example().items():
        one = run(text, name)
        out = tmp_path / f"{name}{suffix}"
        assert write_chatlab(one.data, out) == one.report.messages
        same(one, run(out.read_bytes(), f"x{suffix}"))


def test_the_file_holds_pseudonyms_and_what_the_format_names(tmp_path: Path) -> None:
    one = importer(tmp_path)(
        whole(said(0, ANN, "hello", platformMessageId="1"),
              said(5, BOB, "yes", 25, replyToMessageId="1", platformMessageId="2"),
              said(6, BOB, "[图片]", 1), said(7, EVA, "=1+1"),
              members=(made_chatlab.member(ANN, roles=[{"id": "admin"}]),)), "a.json",
    )  # fmt: skip
    out = tmp_path / "x.json"
    write_chatlab(one.data, out)
    made, ids = json.loads(out.read_text("utf-8")), one.ids
    assert (made["chatlab"]["version"], made["meta"]["type"]) == ("0.0.2", "group")
    assert made["meta"]["platform"] == "chatlab"
    assert {"platformId": ids[ANN], "accountName": ids[ANN], "roles": [{"id": "admin"}]} in made[
        "members"
    ]
    assert [(m["type"], m["content"]) for m in made["messages"]] == [
        (0, "hello"), (25, "yes"), (1, None), (0, "=1+1"),
    ]  # fmt: skip
    assert made["messages"][1]["replyToMessageId"] == made["messages"][0]["platformMessageId"]
    assert made["messages"][1]["timestamp"] == made_chatlab.T + 5
    whole_text = out.read_text("utf-8")
    assert not [n for n in (ANN, BOB, EVA, "Anna", "小波", "Eva") if n in whole_text]
    lines = tmp_path / "x.jsonl"
    write_chatlab(one.data, lines)
    records = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert [r["_type"] for r in records] == ["header", *["member"] * 3, *["message"] * 4]


def test_text_is_there_only_where_it_is_kept_and_not_deleted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_logs(data, {"messages.csv": "message_id,author_id,ts,text,deleted_at,n_chars\n"
                      "1,a,2025-01-01T00:00:00Z,gone,2025-01-02T00:00:00Z,4\n"
                      "2,b,2025-01-01T00:00:01Z,here,,4\n3,b,2025-01-01T00:00:02Z,,,0\n"})  # fmt: skip
    write_chatlab(data, tmp_path / "x.json")
    made = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert [m["content"] for m in made["messages"]] == [None, "here", ""]
    assert made["meta"]["platform"] == "unknown"


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_logs(data, {"messages.csv": "message_id,author_id,ts\n1,a,never\n"})
    for out, what in (("x.json", "not as they should"), ("x.txt", "neither"), ("data", "neither")):
        with pytest.raises(ShequnError, match=what):
            write_chatlab(data, tmp_path / out)
    write_logs(data, {"messages.csv": "message_id,author_id,ts\n1,a,2025-01-01\n"})
    write_chatlab(data, tmp_path / "x.json")
    with pytest.raises(ShequnError, match="already"):
        write_chatlab(data, tmp_path / "x.json")
    members = tmp_path / "members"
    write_logs(members, {"members.csv": "member_id\na\n"})
    with pytest.raises(ShequnError, match="no messages"):
        write_chatlab(members, tmp_path / "y.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "members", "x.json"]


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def _nobody(words: str) -> bool:
    """Tell whether a text holds no name of those who write, and no trace of a person."""
    from shequn.pii import mask

    return mask(words) == words


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["p-one-one", "p-two-two"]), _WORDS.filter(_nobody),
                  st.sampled_from([0, 1, 5, 7, 20, 22, 25, 26, 80, 81, 99]), st.integers(-1, 6), _WORDS),
        min_size=1, max_size=8,
    ),
    suffix=st.sampled_from([".json", ".jsonl"]),
    title=_WORDS,
)  # fmt: skip
def test_any_text_in_any_field_comes_back(
    rows: list[tuple[int, str, str, int, int, str]], suffix: str, title: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("x")
    messages: list[dict[str, Any]] = [
        said(n * 10 + at, who, words, kind, platformMessageId=f"{own}#{n}")
        | ({"replyToMessageId": f"{rows[answers][5]}#{answers}"} if 0 <= answers < n else {})
        for n, (at, who, words, kind, answers, own) in enumerate(rows)
    ]
    people = tuple({"platformId": p, "accountName": p} for p in ("p-one-one", "p-two-two"))
    run = importer(folder)
    one = run(whole(*messages, members=people, name=title), "a.json")
    out = folder / f"x{suffix}"
    assert write_chatlab(one.data, out) == len(rows)
    same(one, run(out.read_bytes(), out.name))
