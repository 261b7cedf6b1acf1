"""The audit finds what was planted, says where and never what, and leaves clean folders alone."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from common import write_table
from shequn import audit
from shequn.audit import Finding
from shequn.paths import SAMPLE
from shequn.text import ShequnError

PHONE, MAIL = "13912345678", "zhang.san@mail.example.com"


def found(folder: Path) -> list[tuple[str, str, str, int, int]]:
    """Return file, column, what, first row and count of each finding."""
    return [(f.file, f.column, f.what.en, f.row, f.count) for f in audit.audit(folder)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    out = tmp_path / "DATA"
    write_table(out, "messages", [
        {"message_id": f"x{i}", "author_id": f"m{i % 3}", "ts": "2024-03-01T00:00:00Z",
         "text": "nothing of note, 20240301"}
        for i in range(9)
    ])  # fmt: skip
    write_table(out, "identities", [{"member_id": "m1", "display_name": "张三丰"}])
    (out / "identities.csv").chmod(0o600)
    (out / "import.json").write_text('{"rows": 9}')
    return out


def test_a_clean_folder_is_left_alone(data: Path) -> None:
    assert found(data) == []
    assert found(SAMPLE) == []


def test_traces_in_cells_are_found_by_column_and_row(data: Path) -> None:
    rows = [
        {"message_id": "1", "author_id": "m1", "ts": "2024-03-01T00:00:00Z", "text": "hello"},
        {"message_id": "2", "author_id": PHONE, "ts": "2024-03-01T00:00:00Z", "text": ""},
        {"message_id": "3", "author_id": "张三丰", "ts": "2024-03-01T00:00:00Z",
         "text": f"to {MAIL} or {PHONE}"},
        {"message_id": "4", "author_id": "m2", "ts": "2024-03-01T00:00:00Z", "text": f"{PHONE}!"},
    ]  # fmt: skip
    write_table(data, "messages", rows)
    assert set(found(data)) == {
        ("messages.csv", "author_id", "a phone number", 3, 1),
        ("messages.csv", "author_id", "a name from identities", 4, 1),
        ("messages.csv", "text", "an e-mail address", 4, 1),
        ("messages.csv", "text", "a phone number", 4, 2),
    }
    for finding in audit.audit(data):
        for lang in ("en", "zh"):
            said = finding.say(lang)
            assert finding.column in said
            assert f"{finding.row}" in said
            assert not any(secret in said for secret in (PHONE, MAIL, "张三丰"))


def test_digits_within_a_code_are_chance(data: Path) -> None:
    write_table(data, "mentions", [{"message_id": f"w03{PHONE}c3e", "target_id": f"m{PHONE}"}])
    assert found(data) == []
    write_table(data, "mentions", [{"message_id": "1", "target_id": "wxid_abc123def"}])
    assert found(data) == [("mentions.csv", "target_id", "a WeChat id", 2, 1)]


def test_a_column_that_is_not_in_the_contract_is_looked_at_too(data: Path) -> None:
    write_table(data, "members", [{"member_id": "m1", "手机": PHONE}])
    assert found(data) == [("members.csv", "手机", "a phone number", 2, 1)]


def test_parquet_and_gb18030_are_looked_at(data: Path) -> None:
    duckdb.sql(f"COPY (SELECT 'm1' AS member_id, '{MAIL}' AS role) TO '{data}/members.parquet'")
    text = f"order_id,member_id,ts,gross,product\no1,m1,2024-03-01T00:00:00Z,1,送到{PHONE}处\n"
    (data / "orders.csv").write_bytes(text.encode("gb18030"))
    assert set(found(data)) == {
        ("members.parquet", "role", "an e-mail address", 2, 1),
        ("orders.csv", "product", "a phone number", 2, 1),
    }


def test_names_that_others_may_read_and_a_key_in_the_folder(data: Path) -> None:
    (data / "identities.csv").chmod(0o644)
    (data / "secret.bin").write_bytes(bytes(range(200, 232)))
    (data / "short.txt").write_bytes(b"thirty-two plain characters here")
    assert {(f.file, f.what.en) for f in audit.audit(data)} == {
        ("identities.csv", "readable by others on this machine"),
        ("secret.bin", "looks like the key of the pseudonyms"),
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    out = tmp_path / "RUN"
    (out / "site" / "_static").mkdir(parents=True)
    (out / "notebooks").mkdir()
    (out / "run.json").write_text("{}")
    (out / "site" / "page.html").write_text("<p>Active: 12</p><script>13912345678</script>")
    (out / "site" / "_static" / "theme.js").write_text(f'var author = "{MAIL}"')
    return out


def test_a_clean_run_is_left_alone(run: Path) -> None:
    assert found(run) == []


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("site/page.html", f"<p>call <b>{PHONE}</b></p>", "a phone number"),
        ("site/page.html", "<p>zhang&#46;san&#64;mail.example.com</p>", "an e-mail address"),
        ("site/page.html", "<td>mabcdefghij23</td>", "a member's code"),
        ("site/page.html", "<p>/home/zhangsan/DATA</p>", "a path of somebody's machine"),
        ("site/page.html", "<p>C:\\" + r"Users\zhangsan</p>", "a path of somebody's machine"),
        ("values.csv", f"metric,slice\nx,{MAIL}\n", "an e-mail address"),
        ("site/searchindex.js", f'["{MAIL}"]', "an e-mail address"),
        ("figures/a.svg", f"<svg><!-- {PHONE} --></svg>", "a phone number"),
    ],
)
def test_what_is_planted_in_a_run_is_found(run: Path, file: str, content: str, what: str) -> None:
    (run / file).parent.mkdir(exist_ok=True)
    (run / file).write_text(content)
    assert found(run) == [(file, "", what, 0, 1)]


def test_a_notebook_s_code_outputs_and_streams_are_looked_at(run: Path) -> None:
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": [f"{PHONE}\n"]},
        {"output_type": "display_data", "data": {"text/html": [MAIL], "image/png": "13912345678"}},
    ]
    cells = [
        {"cell_type": "code", "source": ["x = 'wxid_abc123def'"], "outputs": outputs},
        {"cell_type": "markdown", "source": "plain"},
    ]
    (run / "notebooks" / "n.ipynb").write_text(json.dumps({"cells": cells}))
    assert {(w, n) for _, _, w, _, n in found(run)} == {
        ("a phone number", 1),
        ("an e-mail address", 1),
        ("a WeChat id", 1),
    }


def test_a_folder_that_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShequnError, match="holds no table"):
        audit.audit(tmp_path)
    with pytest.raises(ShequnError, match="no folder"):
        audit.audit(tmp_path / "nowhere")


def test_a_finding_without_a_table_is_one_plain_line() -> None:
    said = Finding("site/a.html", audit.PATH, 1200).say("en")
    assert said == "site/a.html: a path of somebody's machine × 1,200"
