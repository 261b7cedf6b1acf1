"""Erasing people: everywhere, provably, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import write_table
from outside import everything
from shequn.check import check
from shequn.forget import digest, forget
from shequn.text import ShequnError

ANN, BO, CY = "mannannannan2", "mbobobobobob2", "mcycycycycyc2"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return three people: Ann writes m1 and m4, Bo answers m1 and names Ann, Cy was invited by her."""
    out = tmp_path / "DATA"
    write_table(out, "members", [
        {"member_id": ANN, "inviter_id": ""},
        {"member_id": BO, "inviter_id": ""},
        {"member_id": CY, "inviter_id": ANN},
    ])  # fmt: skip
    ts = "2024-03-01T00:00:00Z"
    write_table(out, "messages", [
        {"message_id": "m1", "author_id": ANN, "ts": ts, "reply_to_id": "", "text": "hi, all"},
        {"message_id": "m2", "author_id": BO, "ts": ts, "reply_to_id": "m1", "text": f"{ANN}: 007"},
        {"message_id": "m3", "author_id": CY, "ts": ts, "reply_to_id": "m2", "text": 'a "b"\nc'},
        {"message_id": "m4", "author_id": ANN, "ts": ts, "reply_to_id": "m3", "text": ""},
    ])  # fmt: skip
    write_table(out, "reactions", [
        {"message_id": "m1", "member_id": CY},
        {"message_id": "m2", "member_id": ANN},
        {"message_id": "m3", "member_id": BO},
    ])  # fmt: skip
    write_table(out, "mentions", [
        {"message_id": "m2", "target_id": ANN},
        {"message_id": "m4", "target_id": CY},
        {"message_id": "m3", "target_id": BO},
    ])  # fmt: skip
    write_table(out, "identities", [
        {"member_id": ANN, "display_name": "安娜"},
        {"member_id": BO, "display_name": "Bo"},
        {"member_id": CY, "display_name": "Bo"},
    ])  # fmt: skip
    (out / "identities.csv").chmod(0o600)
    return out


@pytest.mark.parametrize("name", [ANN, "安娜"])
def test_a_person_goes_and_what_others_did_stays(data: Path, name: str) -> None:
    done = forget(data, [name])
    assert done.members == (ANN,)
    assert [r["member_id"] for r in rows(data, "members")] == [BO, CY]
    assert rows(data, "members")[1]["inviter_id"] == ""
    left = {r["message_id"]: r for r in rows(data, "messages")}
    assert list(left) == ["m2", "m3"]
    assert (left["m2"]["reply_to_id"], left["m3"]["reply_to_id"]) == ("", "m2")
    assert left["m2"]["text"] == "[forgotten]: 007"
    assert left["m3"]["text"] == 'a "b"\nc'
    assert [(r["message_id"], r["member_id"]) for r in rows(data, "reactions")] == [("m3", BO)]
    assert [(r["message_id"], r["target_id"]) for r in rows(data, "mentions")] == [("m3", BO)]
    assert [r["member_id"] for r in rows(data, "identities")] == [BO, CY]
    assert done.rows == {
        "members": 1,
        "messages": 2,
        "reactions": 2,
        "mentions": 2,
        "identities": 1,
    }
    assert +done.cells == {"members": 1, "messages": 2}
    assert check(data).ok, "no answer, mention or reaction points into the void"


def test_no_file_holds_the_code_and_the_list_knows_only_a_digest(data: Path) -> None:
    (data / "notes.txt").write_text("nothing of hers")
    done = forget(data, [ANN])
    files = everything(data)
    assert not [name for name, content in files.items() if ANN.encode() in content]
    assert done.files == len(files)
    assert done.size == sum(map(len, files.values()))
    assert list(json.loads((data / "forgotten.json").read_text())) == [digest(ANN)]
    forget(data, [CY])
    assert list(json.loads((data / "forgotten.json").read_text())) == [digest(ANN), digest(CY)]


def test_names_stay_with_their_owner(data: Path) -> None:
    forget(data, [ANN])
    assert (data / "identities.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (["nobody"], "Nobody here is called nobody"),
        (["Bo"], "Several people are called Bo"),
        ([ANN, "nobody"], "Nobody"),
        ([""], "Nobody"),
    ],
)
def test_where_it_is_not_clear_who_is_meant_nothing_is_done(
    data: Path, people: list[str], words: str
) -> None:
    before = everything(data)
    with pytest.raises(ShequnError, match=words):
        forget(data, people)
    assert everything(data) == before
    assert [p.name for p in data.parent.iterdir()] == ["DATA"]


def test_a_trace_in_a_file_nobody_knows_is_named_and_nothing_is_done(data: Path) -> None:
    (data / "notes.txt").write_text(f"thank {ANN}")
    before = everything(data)
    with pytest.raises(ShequnError, match=r"notes.txt still holds the code"):
        forget(data, [ANN])
    assert everything(data) == before
    assert [p.name for p in data.parent.iterdir()] == ["DATA"]


@pytest.mark.parametrize("before", [0, (1 << 20) - 5, (1 << 20) - 13, 1 << 20, 3 << 20])
def test_a_trace_is_found_wherever_it_stands_in_a_large_file(data: Path, before: int) -> None:
    """The file is read in pieces of a mebibyte, and the code may lie across two of them."""
    (data / "notes.txt").write_text("x" * before + ANN + "y" * 99)
    with pytest.raises(ShequnError, match=r"notes.txt still holds the code"):
        forget(data, [ANN])


def test_other_forms_of_a_table(data: Path) -> None:
    """Parquet, compressed, in GB18030, with semicolons, with a column that is not in the contract."""
    duckdb.sql(
        f"COPY (SELECT *, 7 AS n_chars FROM read_csv('{data}/messages.csv', all_varchar=true)) "
        f"TO '{data}/messages.parquet'"
    )
    (data / "messages.csv").unlink()
    packed = gzip.compress((data / "mentions.csv").read_bytes())
    (data / "mentions.csv.gz").write_bytes(packed)
    (data / "mentions.csv").unlink()
    members = f"member_id;role;备注\n{ANN};群主;她\n{BO};成员;{ANN} 的朋友\n"
    (data / "members.csv").write_bytes(members.encode("gb18030"))
    forget(data, [ANN])
    assert duckdb.sql(f"SELECT message_id, n_chars FROM '{data}/messages.parquet'").fetchall() == [
        ("m2", 7),
        ("m3", 7),
    ]
    assert gzip.decompress((data / "mentions.csv.gz").read_bytes()).splitlines()[1:] == [
        f"m3,{BO}".encode()
    ]
    assert rows(data, "members") == [
        {"member_id": BO, "role": "成员", "备注": "[forgotten] 的朋友"}
    ]


NAMES = st.sampled_from([ANN, BO, CY, "mdidididid222"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.integers(0, 9)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), NAMES), max_size=12),
)
def test_what_is_left_is_what_the_others_alone_would_have(
    tmp_path_factory: pytest.TempPathFactory,
    wrote: list[tuple[str, int]],
    named: list[tuple[int, str]],
) -> None:
    folder = tmp_path_factory.mktemp("any") / "DATA"
    ts = "2024-03-01T00:00:00Z"

    def message(i: int, who: str, to: int) -> dict[str, Any]:
        return {"message_id": f"x{i}", "author_id": who, "ts": ts, "reply_to_id": f"x{to}"}

    messages = [message(i, who, to) for i, (who, to) in enumerate(wrote)]
    mentions = [{"message_id": f"x{i}", "target_id": who} for i, who in named] or [
        {"message_id": "x0", "target_id": BO}
    ]
    write_table(folder, "messages", messages)
    write_table(folder, "mentions", mentions)
    write_table(folder, "members", [{"member_id": ANN}, {"member_id": BO}])
    forget(folder, [ANN])
    gone = {m["message_id"] for m in messages if m["author_id"] == ANN}
    assert rows(folder, "messages") == [
        {**m, "reply_to_id": "" if m["reply_to_id"] in gone else m["reply_to_id"]}
        for m in messages
        if m["author_id"] != ANN
    ]
    assert rows(folder, "mentions") == [
        m for m in mentions if m["target_id"] != ANN and m["message_id"] not in gone
    ]
