"""Every command as a tired user types it: help, exit codes, languages, pipes, whole journeys."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from common import write_table
from outside import (
    IRC_CANNOT_FEED,
    Inside,
    clear,
    everything,
    irc_log,
    real_irc_book,
    shequn,
    text_of,
)
from shequn import check, cli, edition, paths, rerun, sources
from shequn.notebooks import notebooks, tree
from shequn.rerun import Result

COMMANDS = (
    "import", "sample", "template", "check", "audit", "forget", "list", "run", "book",
)  # fmt: skip
CHINESE = re.compile("[一-鿿]")


# Help


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_in_english_with_an_example(command: str, tmp_path: Path) -> None:
    said = shequn(*command.split(), "--help", folder=tmp_path)
    assert said.code == 0
    assert re.search(r"(Examples?:|Start with:) shequn", said.out)
    assert not CHINESE.search(said.out)
    assert "Usage: shequn" in said.out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_in_chinese_where_the_locale_is(command: str, tmp_path: Path) -> None:
    said = shequn(*command.split(), "--help", folder=tmp_path, lang="zh_CN.UTF-8")
    assert said.code == 0
    assert re.search(r"(例|先试)：shequn", said.out)
    assert not re.search(r"Options|Arguments|Commands|required|Example|Start with|Show", said.out)


def test_help_in_chinese_where_it_is_asked_for(tmp_path: Path) -> None:
    assert "例：" in shequn("run", "--lang", "zh", "--help", folder=tmp_path).out
    assert "例：" in shequn("run", "--lang=zh", "-h", folder=tmp_path).out
    assert "Example" in shequn("run", "--lang", "en", "-h", folder=tmp_path, lang="zh_CN.UTF-8").out


def test_help_names_every_command(tmp_path: Path) -> None:
    said = shequn(folder=tmp_path)
    assert said.code == 2, "no command is a mistake, kindly answered"
    for command in COMMANDS:
        assert re.search(rf"^│ {command} +\S", said.out, re.MULTILINE)


# Exit codes and mistakes


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["chek"], "chek"),
        (["check"], "DATA"),
        (["check", "DATA", "DATA"], "DATA"),
        (["run", "DATA"], "--out"),
        (["run", "DATA", "--out"], "--out"),
        (["run", "DATA", "--ou", "RUN"], "--ou"),
        (["run", "DATA", "--out", "RUN", "-j", "0"], "-j"),
        (["run", "DATA", "--out", "RUN", "-j", "many"], "-j"),
        (["--lang", "zh", "list"], "--lang"),
    ],
)
def test_a_mistyped_command_is_answered_in_the_readers_language(
    words: list[str], named: str, inside: Inside
) -> None:
    english = clear(inside(*words), named, "--help")
    assert english.out == ""
    inside.lang = "zh_CN.UTF-8"
    chinese = clear(inside(*words), named, "用法见")
    known = r"缺少|没有|多出了|.* (的值不对|后面要写一个值)"
    assert re.match(known, chinese.err), chinese.err
    assert not everything(inside.folder)


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "--out", "D"],
        ["check", "DATA"],
        ["list"],
        ["list", "DATA"],
        ["run", "DATA", "--out", "RUN"],
        ["import", "irc", "LOGS", "--timezone", "UTC", "--out", "D"],
        ["book", "--out", "SITE"],
    ],
)
def test_an_unknown_language_is_refused_before_anything_is_done(
    words: list[str], inside: Inside, small: Path
) -> None:
    before = everything(inside.folder)
    clear(inside(*words, "--lang", "xx"), "--lang xx", "Use en or zh")
    assert everything(inside.folder) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "nowhere"], 1),
        (["list", "nowhere"], 2),
        (["run", "nowhere", "--out", "RUN"], 2),
        (["run", "nowhere", "--out", "RUN", "--dry-run"], 2),
        (["import", "irc", "nowhere", "--timezone", "UTC", "--out", "D", "--key", "k"], 2),
    ],
)
def test_missing_data_are_named_in_both_languages(
    words: list[str], code: int, inside: Inside
) -> None:
    clear(inside(*words), "nowhere", code=code)
    said = clear(inside(*words, "--lang", "zh"), "nowhere", code=code)
    assert CHINESE.search(said.all)
    assert set(everything(inside.folder)) <= {"k"}


def test_what_stands_in_the_way_of_an_import_is_said(inside: Inside) -> None:
    logs = irc_log(inside.folder / "logs", {"anna": 0}, 2)
    clear(inside("import", "irc", logs, "--out", "D"), "--timezone")
    clear(inside("import", "irk", logs, "--timezone", "UTC", "--out", "D"), "irk", "irc")
    mars = inside("import", "irc", logs, "--timezone", "Asia/Shanghia", "--out", "D")
    clear(mars, "Asia/Shanghai")
    no_date = inside(
        "import", "irc", logs, "--timezone", "UTC", "--out", "D", "--date", "31.01.2024"
    )
    clear(no_date, "31.01.2024", "2024-01-31")
    assert not (inside.folder / "D").exists()


def test_faults_end_with_one_and_none_with_nought(inside: Inside, small: Path) -> None:
    assert inside("check", small).code == 0
    with (small / "messages.csv").open("a", encoding="utf-8") as file:
        file.write("x0-0,m00,yesterday\n")
    said = clear(inside("check", small), "messages.csv", "yesterday", "ts", code=1)
    chinese = clear(inside("check", small, "--lang", "zh"), "yesterday", code=1)
    assert "不是时间" in chinese.out
    assert "time" in said.out
    refused = clear(inside("run", small, "--out", "RUN"), "yesterday", "nothing was run")
    assert not (inside.folder / "RUN").exists(), refused.all


@pytest.mark.parametrize("command", ["check", "import"])
def test_an_interrupt_ends_with_130_and_leaves_nothing(
    command: str, inside: Inside, small: Path
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if command == "check":
        inside.patch.setattr(check.tabular, "survey", stop)
        said = inside("check", small)
    else:
        logs = irc_log(inside.folder / "logs", {"anna": 0}, 2)
        inside.patch.setattr(sources.folder, "_sync_folder", stop)  # all is written, not yet shown
        said = inside("import", "irc", logs, "--timezone", "UTC", "--out", "D")
        assert not [p.name for p in inside.folder.iterdir() if "D" in p.name and p != small]
    clear(said, "Stopped", "unchanged", code=130)


def test_a_failure_of_the_program_is_owned_up_to(inside: Inside, small: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("twelve by nought")

    inside.patch.setattr(check.tabular, "survey", fail)
    said = inside("check", small)
    assert (said.code, "Traceback" in said.all) == (3, False)
    assert "ZeroDivisionError: twelve by nought" in said.err
    assert "SHEQUN_TRACE=1" in said.err
    inside.patch.setenv("SHEQUN_TRACE", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main()


# Languages, pipes and odd terminals


@pytest.mark.parametrize(
    "words", [["list"], ["list", "DATA"], ["check", "DATA"], ["check", "nowhere"]]
)
def test_messages_are_chinese_where_the_locale_is(
    words: list[str], tmp_path: Path, small: Path
) -> None:
    for said in (
        shequn(*words, folder=tmp_path, lang="zh_CN.UTF-8"),
        shequn(*words, "--lang", "zh", folder=tmp_path),
    ):
        assert CHINESE.search(said.all)
        assert not re.search(r"[a-z]{3,} (is|no|not|of|the|your) [a-z]", said.all), said.all
    english = shequn(*words, folder=tmp_path)
    assert not CHINESE.search(english.all)
    again = shequn(*words, "--lang", "en", folder=tmp_path, lang="zh_CN.UTF-8")
    assert (again.out, again.err) == (english.out, english.err)


def test_a_pipe_gets_plain_lines(tmp_path: Path, small: Path) -> None:
    irc_log(tmp_path / "logs", {"anna": 0, "bert": 1}, 3)
    for words in (
        ["list", "DATA"],
        ["check", "DATA"],
        ["check", "nowhere"],
        ["sample", "--out", "S"],
        ["import", "irc", "logs", "--timezone", "UTC", "--out", "D", "--key", "key"],
        ["import", "irc", "nowhere", "--timezone", "UTC", "--out", "E", "--key", "key"],
    ):
        said = shequn(*words, folder=tmp_path, TERM="xterm-256color")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said.all), said.all
        assert not said.err.startswith("\n"), "an empty line instead of a progress bar"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb18030"])
def test_a_terminal_that_cannot_show_a_character_still_gets_an_answer(
    encoding: str, tmp_path: Path, small: Path
) -> None:
    import subprocess
    import sys

    for words in (
        ["list", "DATA", "--lang", "zh"],
        ["check", "不在", "--lang", "zh"],
        ["list", "-h"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "shequn.cli", *words], cwd=tmp_path, capture_output=True,
            env={"PATH": "", "HOME": str(tmp_path), "PYTHONIOENCODING": encoding, "LANG": "C.UTF-8"},
        )  # fmt: skip
        said = (done.stdout + done.stderr).decode(encoding)
        assert "Traceback" not in said
        assert done.returncode == (1 if words[0] == "check" else 0)
        if encoding == "gb18030" and words[1] == "DATA":
            assert "活跃成员" in said


# What the commands do


def test_sample_is_whole_and_goes_nowhere_twice(inside: Inside) -> None:
    said = inside("sample", "--out", "S")
    assert said.code == 0
    assert "synthetic" in said.out
    copied = everything(inside.folder / "S")
    assert copied == everything(paths.SAMPLE)
    clear(inside("sample", "--out", "S"), "not empty")
    clear(inside("sample", "--out", "S", "--lang", "zh"), "已经有东西")
    assert everything(inside.folder / "S") == copied
    assert "合成" in inside("sample", "--out", "S2", "--lang", "zh").out


def test_list_tells_what_the_data_lack(inside: Inside, small: Path) -> None:
    orders = [{"order_id": "o1", "member_id": "a", "ts": "2025-03-01T02:15:00Z", "gross": 10}]
    write_table(inside.folder / "SHOP", "orders", orders)
    every = {n.id for n in notebooks("en")}
    for words in (["list"], ["list", small], ["list", "SHOP"]):
        said = inside(*words)
        assert said.code == 0
        assert {line.split()[0] for line in said.out.splitlines() if line[0] != " "} - {
            "notebook"
        } == every
    assert "lacks messages" in said.out.replace("\n", " ")
    assert "supported" in inside("list", small).out
    assert "缺 messages" in inside("list", "SHOP", "--lang", "zh").out


def test_a_dry_run_says_what_would_run_and_writes_nothing(inside: Inside, small: Path) -> None:
    before = everything(inside.folder)
    said = inside("run", small, "--out", "RUN", "--dry-run")
    assert said.code == 0
    assert "retention" in said.out
    assert "claims_audit" not in said.out, "it runs with --book only"
    assert "claims_audit" in inside("run", small, "--out", "RUN", "--book", "--dry-run").out
    one = inside("run", small, "--out", "RUN", "retention", "--dry-run").out
    assert "active_members" not in one
    clear(inside("run", small, "--out", "RUN", "retenshun", "--dry-run"), "retenshun", "retention")
    assert everything(inside.folder) == before


def test_run_over_an_earlier_run_replaces_it_whole(tmp_path: Path, small: Path) -> None:
    first = shequn("run", "DATA", "--out", "RUN", "participation_inequality", folder=tmp_path)
    assert (first.code, first.out) == (0, "1 run, 0 skipped, 0 failed. Values: RUN/values.csv\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", first.all)
    name = "participation_inequality"
    again = shequn("run", "DATA", "--out", "RUN", name, name, f"metrics/{name}", folder=tmp_path)
    assert again.err.count("unchanged") == 1, "named three times, it runs once"
    second = shequn(
        "run", "DATA", "--out", "RUN", "active_members", folder=tmp_path, lang="zh_CN.UTF-8"
    )
    assert second.code == 0
    assert second.out == "完成 1 个，跳过 0 个，失败 0 个。数值表：RUN/values.csv\n"
    assert "完成" in second.err
    record = json.loads((tmp_path / "RUN" / "run.json").read_text(encoding="utf-8"))
    assert record["parameters"] == {"lang": "zh"}
    assert [n["name"] for n in record["notebooks"]] == ["metrics/active_members"]
    assert {p.stem for p in (tmp_path / "RUN" / "notebooks").rglob("*.ipynb")} == {"active_members"}
    assert {r["notebook"] for r in _values(tmp_path / "RUN")} == {"metrics/active_members"}
    assert not list(tmp_path.glob(".RUN*")), "nothing stays beside the run"


def _values(run: Path) -> list[dict[str, str]]:
    with (run / "values.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# Whole journeys


def test_from_logs_to_numbers(tmp_path: Path) -> None:
    """Ten people, 42 days: each is there on every second day after joining."""
    people = {f"nick{i}": 0 for i in range(6)} | {f"late{i}": 10 for i in range(4)}
    irc_log(tmp_path / "logs", people, 42)
    said = shequn(
        "import", "irc", "logs", "--timezone", "UTC", "--out", "DATA", "--key", "key",
        folder=tmp_path,
    )  # fmt: skip
    assert said.code == 0
    assert "Next: shequn check DATA" in said.out
    assert shequn("check", "DATA", folder=tmp_path).code == 0
    listed = shequn("list", "DATA", folder=tmp_path)
    assert listed.out.count("supported") == len(notebooks("en")) - len(IRC_CANNOT_FEED)
    names = ["active_members", "participation_inequality"]
    assert shequn("run", "DATA", "--out", "RUN", *names, folder=tmp_path).code == 0
    values = {(r["notebook"].split("/")[1], r["metric"]): r for r in _values(tmp_path / "RUN")}
    # From day 10 on, half of the ten each day; 28 days see everybody, on 14 days each.
    assert float(values["active_members", "dau_median"]["value"]) == 5
    assert float(values["active_members", "mau"]["value"]) == 10
    assert float(values["active_members", "stickiness"]["value"]) == pytest.approx(0.5)
    assert values["active_members", "mau"]["period_end"] == "2024-04-15"
    # Six wrote 21 messages each, four 16: 190. Four of the six wrote 84, five 105: more than half.
    assert float(values["participation_inequality", "speakers"]["value"]) == 10
    assert float(values["participation_inequality", "half_group"]["value"]) == 5
    # A join line shows each of them, talk or no talk: the roster is known, and everybody wrote.
    assert values["participation_inequality", "posting_share"]["value"] == "", "IRC has no roster"


def _is_a_run(out: Path, results: list[Result], lang: str) -> None:
    """Hold a folder against section 6 of the design."""
    holds = {p.name for p in out.iterdir()}
    assert holds == {"run.json", "values.csv", "notebooks", "figures", "site"}
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert set(record) >= {"shequn", "python", "packages", "data", "parameters", "notebooks"}
    assert re.fullmatch("[0-9a-f]{64}", record["data"]["fingerprint"])
    assert {n["name"]: n["status"] for n in record["notebooks"]} == {
        n.name: r.status for n, r in zip(notebooks(lang), results, strict=True)
    }
    for result in results:
        executed = out / "notebooks" / f"{result.name}.ipynb"
        assert executed.is_file() == (result.status == "ok")
        if executed.is_file():
            drawn = rerun.outputs(executed)[1]
            for figure in drawn:
                for kind in ("svg", "png"):
                    assert (out / "figures" / f"{figure}.{kind}").stat().st_size > 500
    assert 'url=book/index.html"' in (out / "site" / "index.html").read_text(encoding="utf-8")


def _pages_agree(out: Path, lang: str) -> int:
    """Compare every live number of every chapter with values.csv; return how many had none."""
    recorded = {(r["notebook"], r["metric"]): r["value"] for r in _values(out)}
    for own in (n for n in notebooks(lang) if not n.needs):  # these speak of no community
        found = rerun.outputs(out / "notebooks" / f"{own.name}.ipynb")[0]
        recorded |= {(own.name, v["metric"]): str(v["value"]) for v in found}
    without = 0
    for page in sorted((tree(lang) / "book").rglob("*.md")):
        name = page.relative_to(tree(lang))
        expected = []
        for found in edition._GLUE.finditer(page.read_text(encoding="utf-8")):
            notebook = (name.parent / found["doc"]).as_posix().split("notebooks/")[1]
            value = recorded.get((notebook.removesuffix(".md"), found["key"]))
            if value:
                expected.append(format(float(value), found["spec"]))
            else:
                expected.append((edition._NOT_HERE if value is None else edition._NO_VALUE)[lang])
        without += sum(not re.search(r"\d", e) for e in expected)
        text = (out / "site" / name.with_suffix(".html")).read_text(encoding="utf-8")
        shown = re.findall(r'<span class="(?:pasted-text|not-in-data)">([^<]*)</span>', text)
        assert shown == expected, name
        assert "{glue" not in text
    return without


@pytest.mark.slow
@pytest.mark.xdist_group("irc book")
def test_the_book_of_scattered_logs(
    book_of: Callable[..., tuple[Path, list[Result]]], irc_logs: Path, tmp_path: Path
) -> None:
    """Fifteen logs, hours each, from 2004 to 2019: much cannot be known, and the pages say so."""
    data, out, results = real_irc_book(book_of, irc_logs)
    assert shequn("check", data, folder=tmp_path).code == 0
    assert {r.name for r in results if r.status == "skipped"} == IRC_CANNOT_FEED
    assert {r.status for r in results if r.name not in IRC_CANNOT_FEED} == {"ok"}
    _is_a_run(out, results, "en")
    assert _pages_agree(out, "en") > 0
    values = {r["metric"]: r["value"] for r in _values(out) if r["notebook"] == "metrics/retention"}
    assert values["retention_week_4"] == "", "no week of the logs is seen whole"
    assert "in the community shown here: no value" in text_of(out / "site/book/guides/read.html")


@pytest.mark.slow
def test_the_book_of_a_shop_in_chinese(
    book_of: Callable[..., tuple[Path, list[Result]]], tmp_path: Path
) -> None:
    """A folder with orders alone: every page is there and says which table it would take."""
    orders = [
        {"order_id": f"o{i}", "member_id": f"买家{i % 9}", "gross": 9.9 + i,
         "ts": f"2025-03-{1 + i % 28:02d}T02:15:00Z"}
        for i in range(60)
    ]  # fmt: skip
    data = write_table(tmp_path / "小店", "orders", orders)
    out, results = book_of(data, "zh")
    assert {r.name: r.status for r in results if r.status != "skipped"} == {
        "plan/claims_audit": "ok",
        "cases/student_network": "ok",
        "metrics/revenue": "ok",
    }
    _is_a_run(out, results, "zh")
    assert _pages_agree(out, "zh") > 10
    assert {row["notebook"] for row in _values(out)} == {"metrics/revenue"}
    for page in ("metrics/retention", "metrics/active_members", "models/network_structure"):
        text = text_of(out / "site" / "notebooks" / f"{page}.html")
        assert "数据不足：本页需要 messages" in text
        assert "{" not in re.sub(r"\{[^}]*\}", "", text), "a role was left as it is written"
    assert "数据不足：本页需要 messages" in text_of(out / "site/book/goals/member-lifecycle.html")
    banner = (out / "site/book/index.html").read_text(encoding="utf-8")
    assert "本书数字属于 小店：2025-03-01 至 2025-03-28 之间有数据的 28 天" in banner
