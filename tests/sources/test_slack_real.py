"""Genuine answers of Slack's interface, as the test data of Perceval holds them; skipped if absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported

from shequn.sources.readers import slack

PLACE = Path(__file__).parents[3] / "shared/data/mailing-list-and-forum-payloads"
Take = Callable[..., Imported]
pytestmark = pytest.mark.skipif(not PLACE.is_dir(), reason=f"no genuine files at {PLACE}")


def payloads(*names: str) -> dict[str, str | bytes]:
    return {
        f"slack__slack_{n}.json": (PLACE / f"slack__slack_{n}.json").read_bytes() for n in names
    }


def test_pages_of_a_channel_that_overlap_give_each_message_once(import_as: Take) -> None:
    files = payloads("history", "history_20150323", "history_empty", "history_next", "info")
    files |= payloads("user_U0001", "user_U0002", "user_U0003", "user_U0004_private", "error")
    got = import_as("slack", files, keep_text=True)
    # Seven on the first page, one new on the second, none on the third, two on the last.
    assert (got.report.messages, got.report.rows_unparsed) == (10, 0)
    assert got.times()[0] == "2015-03-23T18:33:54Z" and got.times()[-1] == "2017-02-13T15:31:40Z"
    assert [r["name"] for r in got.rows("channels")] == ["test channel"]
    who = got.ids
    authors = [r["author_id"] for r in got.rows("messages")]
    u1, u2, u3 = (who[f"U000{n}"] for n in "123")
    # The 23rd of March; a joining; "Owl Capone" and the bot; a comment on a file.
    assert authors == [u1, u2, u1, u1, u2, u2, u3, who["name:Owl Capone"], who["B0001"], u3]
    roles = {r["member_id"]: r["role"] for r in got.rows("members")}
    assert (roles[u1], roles[u2]) == ("owner", "member")
    [event] = got.rows("membership_events")
    assert (event["member_id"], event["action"], event["ts"]) == (
        u3,
        "join",
        "2015-03-31T11:04:48Z",
    )
    left = {f.file: f.why for f in got.report.files_left_out}
    assert left["slack__slack_error.json"] == slack._ERROR
    assert "acs" not in "".join(r["text"].lower() for r in got.rows("messages"))


def test_a_list_of_members_alone_is_not_enough(import_as: Take) -> None:
    got = import_as("slack", payloads("members1", "members2", "history"))
    assert len(got.rows("members")) == 100 + 64 + 4
