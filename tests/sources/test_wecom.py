"""WeCom's lists of members, on files built from the vendor's documentation; no genuine one was seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import made_wecom as made
import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.text import ShequnError

Import = Callable[..., Imported]


def day(n: int) -> str:
    return f"group_2024-01-{n:02}.json"


def events(got: Imported) -> list[tuple[str, str, str, str]]:
    names = {code: raw for raw, code in got.ids.items()}
    return sorted(
        (r["ts"], names[r["member_id"]], r["action"], r["method"])
        for r in got.rows("membership_events")
    )


def test_a_list_says_when_and_how_everybody_came_and_by_whom(import_as: Import) -> None:
    got = import_as("wecom", {day(1): made.example()[day(1)]})
    rows = {r["member_id"]: r for r in got.rows("members")}
    wang, li = rows[got.ids[made.WANG]], rows[got.ids[made.LI]]
    assert (wang["joined_at"], wang["joined_at_basis"]) == ("2024-01-01T01:00:00Z", "api")
    assert (wang["join_method"], wang["join_channel"]) == ("invite", "官网")
    assert wang["inviter_id"] == got.ids[made.HELPER]
    assert (li["join_method"], li["is_staff"]) == ("qr", "false")
    boss, helper = rows[got.ids[made.BOSS]], rows[got.ids[made.HELPER]]
    assert (boss["role"], boss["is_staff"]) == ("owner", "true")
    assert (helper["role"], helper["is_staff"]) == ("admin", "true")
    assert any("1 groups have one list only" in a.en for a in got.report.assumptions)


def test_who_is_missing_from_the_next_list_left_and_who_is_back_came_again(
    import_as: Import,
) -> None:
    got = import_as("wecom", made.example())
    # A date alone is the beginning of the day, or when the last of those listed came, if later.
    assert [e for e in events(got) if e[1] in (made.LI, made.WANG, made.HAN)] == [
        ("2024-01-01T01:00:00Z", made.WANG, "join", "invite"),
        ("2024-01-01T02:00:00Z", made.LI, "join", "qr"),
        ("2024-01-02T02:00:00Z", made.HAN, "join", "link"),
        ("2024-01-02T02:00:00Z", made.LI, "leave", "snapshot"),
        ("2024-01-03T01:00:00Z", made.LI, "join", "qr"),
        ("2024-01-03T01:00:00Z", made.WANG, "leave", "snapshot"),
    ]
    rows = {r["member_id"]: r for r in got.rows("members")}
    assert rows[got.ids[made.LI]]["left_at"] == ""
    assert rows[got.ids[made.LI]]["joined_at"] == "2024-01-01T02:00:00Z"
    gone = rows[got.ids[made.WANG]]
    assert (gone["left_at"], gone["left_at_basis"]) == ("2024-01-03T01:00:00Z", "snapshot")


def test_a_newer_join_time_on_the_next_list_means_that_somebody_had_left(import_as: Import) -> None:
    one = made.answer([*made.STAFF, made.member(made.LI, made.MADE + 100, 3)])
    two = made.answer([*made.STAFF, made.member(made.LI, made.MADE + made.DAY + 100, 1, made.BOSS)])
    got = import_as("wecom", {day(1): one, day(3): two})
    assert [e for e in events(got) if e[1] == made.LI] == [
        ("2024-01-01T00:01:40Z", made.LI, "join", "qr"),
        ("2024-01-02T00:01:39Z", made.LI, "leave", "snapshot"),
        ("2024-01-02T00:01:40Z", made.LI, "join", "invite"),
    ]


def test_there_is_no_table_of_messages_and_no_notebook_that_claims_to_have_them(
    import_as: Import,
) -> None:
    got = import_as("wecom", made.example())
    assert not (got.data / "messages.csv").exists()
    retention = next(s for s in got.report.support if s.notebook.endswith("retention"))
    assert retention.level == "none"
    assert got.report.messages == 0 and got.report.membership_events == 8


def test_daily_totals_are_left_out_with_the_reason(import_as: Import) -> None:
    got = import_as("wecom", made.example())
    [left] = got.report.files_left_out
    assert left.file == "statistic.json" and "totals" in left.why.en


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("UTC", "2024-01-05T00:00:00Z"),
        ("Asia/Shanghai", "2024-01-04T16:00:00Z"),
        ("America/New_York", "2024-01-05T05:00:00Z"),
    ],
)
def test_the_date_in_a_name_is_local_and_fetched_at_is_what_it_says(
    zone: str, when: str, import_as: Import
) -> None:
    li = made.member(made.LI, made.MADE + 100, 3)
    files = {day(1): made.answer([*made.STAFF, li]), day(5): made.answer(made.STAFF)}
    got = import_as("wecom", files, timezone=zone)
    assert events(got)[-1][:3] == (when, made.LI, "leave")
    wrapped = [
        json.dumps({"fetched_at": t, **made.group(listed)})
        for t, listed in ((made.MADE + 200, [*made.STAFF, li]),
                          ("2024-01-05T12:00:00+08:00", made.STAFF))
    ]  # fmt: skip
    got = import_as("wecom", {"all.jsonl": "\n".join(wrapped)}, timezone=zone)
    assert events(got)[-1] == ("2024-01-05T04:00:00Z", made.LI, "leave", "snapshot")


def test_several_lists_without_a_date_are_refused(import_as: Import) -> None:
    one = made.answer([*made.STAFF, made.member(made.LI, made.MADE + 100, 3)])
    with pytest.raises(ShequnError, match="when it was made"):
        import_as("wecom", {"a.json": one, "b.json": made.answer(made.STAFF)})
    assert len(import_as("wecom", {"a.json": one}).rows("members")) == 3


def test_a_customer_seen_by_two_apps_is_one_by_the_unionid(import_as: Import) -> None:
    seen = [
        made.member(raw, made.MADE + 100, 3, unionid="ozynqs1")
        for raw in ("wmAAAAAAAAAAAA", "wmBBBBBBBBBBBB")
    ]
    got = import_as("wecom", {day(n): made.answer([*made.STAFF, s]) for n, s in enumerate(seen, 1)})
    assert got.ids["wmAAAAAAAAAAAA"] == got.ids["wmBBBBBBBBBBBB"]
    assert not [e for e in events(got) if e[2] == "leave"]


def test_who_is_still_in_another_group_has_not_left(import_as: Import) -> None:
    li = made.member(made.LI, made.MADE + 100, 3)
    got = import_as("wecom", {
        day(1): made.answer([*made.STAFF, li]),
        day(2): made.answer(made.STAFF),
        "other_2024-01-02.json": made.answer([*made.STAFF, li], chat="wrOther", name="二群"),
    })  # fmt: skip
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids[made.LI]]
    assert row["left_at"] == ""
    assert len(got.rows("channels")) == 2


def test_an_error_of_the_interface_is_no_empty_group(import_as: Import) -> None:
    files: dict[str, Any] = dict(made.example())
    files["group_2024-01-04.json"] = json.dumps(
        {"errcode": 0, "group_chat": {"chat_id": made.CHAT, "member_list": []}, "join_time": 1}
    )
    got = import_as("wecom", files, tolerate=True)
    assert got.report.rows_unparsed == 1
    assert len(got.rows("membership_events")) == 8  # nobody left by it


def test_a_member_alone_and_appending_twice(import_as: Import) -> None:
    got = import_as("wecom", {day(1): made.answer(made.STAFF[:1])})
    assert len(got.rows("members")) == 1
    files = made.example()
    got = import_as("wecom", {n: files[n] for n in (day(1), day(2))})
    import_as("wecom", {n: files[n] for n in (day(2), day(3))}, into=got.data)
    whole = import_as("wecom", files)
    assert events(got) == events(whole)
    assert got.rows("members") == whole.rows("members")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(there=st.lists(st.sets(st.sampled_from("abcde")), min_size=2, max_size=5))
def test_who_is_there_at_the_end_has_not_left_and_the_others_have(
    there: list[set[str]], import_as: Import
) -> None:
    files = {
        day(n + 1): made.answer(
            [*made.STAFF, *(made.member(f"wm{c * 8}", made.MADE + 1000, 3) for c in sorted(who))]
        )
        for n, who in enumerate(there)
    }
    got = import_as("wecom", files)
    left = {r["member_id"] for r in got.rows("members") if r.get("left_at")}
    gone = set().union(*there) - there[-1]
    assert left == {got.ids[f"wm{c * 8}"] for c in gone}


@pytest.mark.parametrize(
    "odd", [None, 1, [], {}, {"userid": 5}, {"userid": "x", "join_time": -1},
            {"userid": "x", "join_time": 10**30}, {"userid": "\ud800", "join_time": "x"}],
)  # fmt: skip
def test_odd_members_are_counted_as_not_understood(odd: Any, import_as: Import) -> None:
    file = json.dumps(made.group([*made.STAFF, odd]))
    got = import_as("wecom", {day(1): file}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_unparsed) == (3, 1)
