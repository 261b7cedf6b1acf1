"""Histories of git repositories: made ones, as the documentation has them, and real ones."""

from __future__ import annotations

import csv
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_git
import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_git import Made, fields, history, log, shown, table

from shequn.sources.readers.git_log import moment
from shequn.text import ShequnError

Import = Callable[..., Imported]
REAL = Path(__file__).parents[3] / "shared/data/git-commit-history"
T = 1_700_000_000  # 2023-11-14T22:13:20Z


def commit(**more: object) -> Made:
    return replace(Made("Anna", "anna@example.org", T, T + 60, "Say hello"), **more)  # type: ignore[arg-type]


def test_a_commit_is_a_message_of_its_author(import_as: Import) -> None:
    first = commit()
    merge = commit(name="Bo", email="bo@b.example", written=T + 5, parents=("a" * 40, "b" * 40))
    got = import_as("git", {"garden.log": fields([merge, first])}, keep_text=True)
    assert [
        (r["author_id"], r["ts"], r["kind"], r["n_chars"], r["text"], r["source_row"])
        for r in got.rows("messages")
    ] == [
        (got.ids["anna@example.org"], "2023-11-14T22:13:20Z", "other", "9", "Say hello", "2"),
        (got.ids["bo@b.example"], "2023-11-14T22:13:25Z", "system", "9", "Say hello", "1"),
    ]
    [channel] = got.rows("channels")
    assert (channel["kind"], channel["name"]) == ("repository", "garden")
    assert {r["display_name"] for r in got.rows("identities")} == {"Anna", "Bo"}
    assert "text" not in import_as("git", {"garden.log": fields([first])}).rows("messages")[0]


@pytest.mark.parametrize("fuller", [False, True])
@pytest.mark.parametrize("stat", [False, True])
def test_plain_output_says_what_the_fields_say(
    import_as: Import, *, fuller: bool, stat: bool
) -> None:
    commits = history()
    plain = import_as("git", {"g.log": fields(commits)}, keep_text=True)
    other = import_as("git", {"g.log": log(commits, fuller=fuller, stat=stat)}, keep_text=True)
    columns = ("message_id", "author_id", "ts", "kind", "n_chars", "text")
    assert [[r[c] for c in columns] for r in other.rows("messages")] == [
        [r[c] for c in columns] for r in plain.rows("messages")
    ]
    assert plain.report.rows_read == other.report.rows_read == 40


@pytest.mark.parametrize("kind", ["default", "iso", "iso-strict", "rfc", "raw"])
@pytest.mark.parametrize("offset", [-10, 0, 9])
def test_every_way_git_shows_a_time(kind: str, offset: int) -> None:
    assert moment(shown(T, offset, kind), lambda local: -local) == T


def test_a_time_without_a_zone_is_of_the_zone_given(import_as: Import) -> None:
    text = log([commit()], kind="local")
    assert import_as("git", {"g.log": text}, timezone="Asia/Shanghai").times() == [
        "2023-11-14T22:13:20Z"
    ]


@pytest.mark.parametrize(
    "text", ["", "3 days ago", "2023-11-14", "Tue Foo 1 10:00:00 2024 +0800", "1" * 30,
             "Tue Feb 30 10:00:00 2024 +0800", "Tue Feb 3 25:00:00 2024", "٣ days"],
)  # fmt: skip
def test_what_is_no_moment(text: str) -> None:
    assert moment(text, lambda local: local) is None


def test_a_wrong_clock_gives_way_to_the_committers(import_as: Import) -> None:
    commits = [commit(written=0), commit(written=T * 1000), commit(written=-5, subject="y")]
    got = import_as("git", {"g.log": fields(commits)})
    assert got.times() == ["2023-11-14T22:14:20Z"] * 3


def test_people_are_their_addresses_and_what_a_mailmap_says(import_as: Import) -> None:
    commits = [
        commit(name="Anna", email="ANNA@example.org"),
        commit(name="anna b", email="old@example.org", written=T + 1),
        commit(name="Bo", email="shared@example.org", written=T + 2),
        commit(name="Cy", email="shared@example.org", written=T + 3),
        commit(name="Dan", email="", written=T + 4),
    ]
    mailmap = (
        "Anna B <anna@example.org> <old@example.org> # note\n# nothing\n\n<<>>\n"
        "Cy D <cy@example.org> Cy <shared@example.org>\n"
    )
    bare = import_as("git", {"g.log": fields(commits)})
    assert bare.report.members == 4
    got = import_as("git", {"g.log": fields(commits), "g/.mailmap": mailmap})
    who = [r["author_id"] for r in got.rows("messages")]
    assert who[0] == who[1] == got.ids["old@example.org"]
    assert who[2] == got.ids["shared@example.org"]
    assert who[3] == got.ids["cy@example.org"]
    assert len(set(who)) == got.report.members == 4
    assert {"Anna", "Anna B", "anna b", "Bo", "Cy", "Cy D"} <= {
        r["display_name"] for r in got.rows("identities")
    }


def test_addresses_that_github_hides(import_as: Import) -> None:
    noreply = "@users.noreply.github.com"
    commits = [
        commit(name="Cy", email=f"7+cyd{noreply}"),
        commit(name="Cy", email=f"cyd{noreply}", written=T + 1),
        commit(name="Cy", email=f"7+newname{noreply}", written=T + 2),
        commit(name="Dan", email=f"8+dan{noreply}", written=T + 3),
        commit(name="dependabot[bot]", email=f"9+dependabot[bot]{noreply}", written=T + 4),
        commit(name="GitHub", email="noreply@github.com", written=T + 5),
    ]
    got = import_as("git", {"g.log": fields(commits)})
    who = [r["author_id"] for r in got.rows("messages")]
    assert who[0] == who[1] == who[2]
    assert len(set(who)) == 4
    assert [r["is_bot"] for r in got.rows("messages")] == [""] * 4 + ["true"] * 2
    assert got.report.bots == 2
    assert any(a.en.startswith("3 people have only an address") for a in got.report.assumptions)


def test_what_a_stash_consists_of_is_no_commit(import_as: Import) -> None:
    index = commit(subject="index on main: 123 x", written=T + 9)
    stash = commit(parents=("c" * 40, index.sha), refs="refs/stash", subject="WIP on main")
    got = import_as("git", {"g.log": fields([stash, index, commit()])})
    assert (got.report.messages, got.report.rows_ignored) == (1, 2)


def test_one_commit_in_two_repositories_is_one(import_as: Import) -> None:
    fork = [commit(subject="Only here", written=T + 99), *history()]
    got = import_as("git", {"garden.log": fields(history()), "fork.log": fields(fork)})
    assert got.report.messages == 41
    assert got.report.rows_duplicate == 40


def test_a_table_of_hashed_authors(import_as: Import) -> None:
    got = import_as("git", {"yard.csv": table(history())}, keep_text=True)
    rows = got.rows("messages")
    assert len(rows) == 40
    assert {r["n_chars"] for r in rows} == {""}
    assert Counter(r["kind"] for r in rows) == {"other": 35, "system": 5}
    assert got.report.members == 6


def test_kept_subjects_name_nobody(import_as: Import) -> None:
    commits = [
        commit(subject="Merge pull request #7 from carld/fix-it"),
        commit(name="Carl Dahl", email="1+carld@users.noreply.github.com", subject="Thank Anna"),
        commit(subject="Revert the work of Carl Dahl <carl@dahl.example>, said CARLD"),
        commit(subject="Merge pull request #8 from stranger/x"),
    ]
    commits = [replace(c, written=T + i) for i, c in enumerate(commits)]
    got = import_as("git", {"g.log": fields(commits)}, keep_text=True)
    a, c = got.ids["anna@example.org"], got.ids["1+carld@users.noreply.github.com"]
    texts = [r["text"] for r in got.rows("messages")]
    assert texts[0] == "Merge pull request #7 from [name]/fix-it"
    assert texts[1] == f"Thank {a}"
    assert texts[2].startswith(f"Revert the work of {c} <")
    assert texts[2].endswith(f"said {c}")
    assert "dahl.example" not in texts[2]
    assert texts[3] == "Merge pull request #8 from [name]/x"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("abcdef1 Fix a thing\n" * 4, "oneline"),
        ("commit " + "a" * 40 + "\ntree " + "b" * 40 + "\nauthor x <y> 1 +0000\n", "raw"),
        ("* commit " + "a" * 40 + "\n| Author: x <y>\n", "graph"),
    ],
)
def test_what_is_not_read_is_refused_in_words(import_as: Import, text: str, word: str) -> None:
    with pytest.raises(ShequnError, match=word):
        import_as("git", {"g.log": text})


def test_an_empty_history_is_refused_in_words(import_as: Import) -> None:
    with pytest.raises(ShequnError, match="Nothing of git"):
        import_as("git", {"g.log": "", ".mailmap": "A <a@b>\n"})
    assert import_as("git", {"g.log": fields([commit()])}).report.members == 1


def test_hostile_lines_are_counted(import_as: Import) -> None:
    bad = ["x", "\x1f" * 7, "\x1f" * 30, "a" * 40 + "\x1f" * 7, "commit ", "a\x00b\x1f"]
    bad.append("\x1f".join(["a" * 40, "", "n", "e", "9" * 5000, "1", "", "s"]))
    got = import_as("git", {"g.log": fields([commit()]) + "\n" + "\n".join(bad)}, tolerate=True)
    assert (got.report.messages, got.report.rows_unparsed) == (1, len(bad))
    rows = table([commit()]) + 'a,b,c,d,e,f\n"\nx,,1,1,1,0\nx,y,1,1,-1,0\n1,2\nx\ry,z,1,1,0,0\n'
    got = import_as("git", {"g.csv": rows}, tolerate=True)
    assert (got.report.messages, got.report.rows_unparsed) == (1, 6)


def test_the_same_export_twice_changes_nothing(import_as: Import) -> None:
    one = import_as("git", made_git.example())
    before = {p.name: p.read_bytes() for p in one.data.glob("*.csv")}
    import_as("git", made_git.example(), into=one.data)
    assert {p.name: p.read_bytes() for p in one.data.glob("*.csv")} == before


def test_a_history_that_has_grown_is_appended(import_as: Import) -> None:
    new = history()
    got = import_as("git", {"g.log": fields(new[10:])})
    again = import_as("git", {"g.log": fields(new)}, into=got.data)
    whole = import_as("git", {"g.log": fields(new)})
    for name in ("messages", "members", "identities"):
        assert again.rows(name) == whole.rows(name)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(range(4)),
    subject=st.text(
        st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40
    ),
)
def test_any_subject_survives_in_any_order(
    import_as: Import, order: list[int], subject: str
) -> None:
    files = {
        **made_git.example(),
        "new.log": fields([commit(email="z", name="zz", subject=subject)]),
    }
    one = import_as("git", files, keep_text=False)
    other = import_as("git", {f"{order[i % 4]}/{n}": t for i, (n, t) in enumerate(files.items())})
    for name in ("messages", "members", "identities", "channels"):
        assert one.rows(name) == other.rows(name)
    assert str(len(subject)) in {r["n_chars"] for r in one.rows("messages")}


def test_the_real_tables(import_as: Import) -> None:
    if not REAL.is_dir():
        pytest.skip("the real histories are not beside this checkout")
    files: dict[str, str | bytes] = {p.name: p.read_bytes() for p in REAL.glob("*.csv")}
    got = import_as("git", files)
    rows = [r for p in REAL.glob("*.csv") for r in csv.DictReader(p.open(encoding="utf-8"))]
    assert got.report.messages == len(rows)
    assert got.report.members == len({r["author_hash"] for r in rows})
    kinds = Counter(r["kind"] for r in got.rows("messages"))
    assert kinds["system"] == sum(r["is_merge"] == "1" for r in rows)


def test_what_git_itself_prints(import_as: Import) -> None:
    """The history of this handbook, by its three layouts."""
    form = "%x1f".join(("%H", "%P", "%aN", "%aE", "%at", "%ct", "%D", "%s"))
    here = Path(__file__).parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(here), "log", "-n", "300", *words], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("no git repository here")
        return done.stdout.decode()

    got = [
        import_as("git", {"g.log": git(*words)}).rows("messages")
        for words in (
            (f"--pretty=format:{form}",),
            (),
            ("--format=fuller", "--stat"),
            ("--date=iso",),
        )
    ]
    plain = [[{c: r[c] for c in r if c != "source_id"} for r in rows] for rows in got]
    assert plain[0]
    assert plain[0] == plain[1] == plain[2] == plain[3]
