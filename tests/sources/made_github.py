"""Events of GitHub, as its documentation of event types has them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

START = 1_700_000_000  # 2023-11-14T22:13:20Z
IDS = {"Anna": 101, "bo-li": 102, "carl": 103, "Dora99": 104, "robo[bot]": 105, "eve": 106}


def when(seconds: int) -> str:
    """Return a time as GitHub writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(login: str) -> dict[str, Any]:
    """Return a user as payloads have it."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": IDS[login], "type": kind, "site_admin": False}


def event(
    n: int,
    kind: str,
    login: str,
    payload: dict[str, Any],
    *,
    repo: str = "club/garden",
    org: bool = True,
) -> dict[str, Any]:
    """Return the n-th event, n minutes after the start."""
    made = {
        "id": str(40_000_000_000 + n),
        "type": kind,
        "actor": {"id": IDS[login], "login": login, "display_login": login, "gravatar_id": ""},
        "repo": {
            "id": 7 if repo.endswith("garden") else 8,
            "name": repo,
            "url": "https://x.example",
        },
        "payload": payload,
        "public": True,
        "created_at": when(START + 60 * n),
    }
    return {**made, "org": {"id": 1, "login": "club"}} if org else made


def opened(
    n: int, login: str, number: int, what: str = "issue", body: str | None = "Why?"
) -> dict[str, Any]:
    """Return an event that opens an issue, a pull request or a discussion."""
    kind, action = {
        "issue": ("IssuesEvent", "opened"),
        "pull_request": ("PullRequestEvent", "opened"),
        "discussion": ("DiscussionEvent", "created"),
    }[what]
    thing = {
        "id": 900 + number, "number": number, "title": f"About {number}", "body": body,
        "user": user(login), "created_at": when(START + 60 * n), "updated_at": when(START + 60 * n),
    }  # fmt: skip
    return event(n, kind, login, {"action": action, what: thing, "number": number})


def comment(
    n: int, login: str, number: int, ident: int, body: str, *, kind: str = "IssueCommentEvent",
    action: str = "created", **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return an event with a comment on a thread."""
    said = {
        "id": ident, "body": body, "user": user(login), "created_at": when(START + 60 * n),
        "updated_at": when(START + 60 * n), **more,
    }  # fmt: skip
    where = {
        "IssueCommentEvent": "issue", "DiscussionCommentEvent": "discussion",
    }.get(kind, "pull_request")  # fmt: skip
    payload = {"action": action, "comment": said, where: {"id": 900 + number, "number": number}}
    return event(n, kind, login, payload)


def example_events() -> list[dict[str, Any]]:
    """Return events of every kind, the oldest first."""
    review = {
        "id": 71, "body": None, "state": "approved", "user": user("Anna"),
        "submitted_at": when(START + 60 * 8),
    }  # fmt: skip
    commit = {"id": 81, "body": "Nice", "commit_id": "a" * 40, "user": user("eve")}
    old, new = when(START + 120), when(START + 420)
    edit = {"action": "edited", "created_at": old, "updated_at": new}
    two = {"number": 2}
    return [
        opened(1, "Anna", 1, body="怎么安装？ @bo-li knows"),
        comment(
            2,
            "bo-li",
            1,
            51,
            "@anna see `@decorator`, @types/node and me@example.org\n> @carl said",
        ),
        comment(3, "robo[bot]", 1, 52, "Thanks for your first issue!"),
        opened(4, "carl", 2, "pull_request"),
        comment(5, "Anna", 2, 61, "Rename this", kind="PullRequestReviewCommentEvent"),
        comment(6, "carl", 2, 62, "好的", kind="PullRequestReviewCommentEvent", in_reply_to_id=61),
        comment(7, "bo-li", 1, 51, "So @anna changed", **edit),
        event(
            8,
            "PullRequestReviewEvent",
            "Anna",
            {"action": "created", "review": review, "pull_request": two},
        ),
        event(
            9,
            "PullRequestEvent",
            "Anna",
            {"action": "closed", "pull_request": {**two, "merged": True}},
        ),
        opened(10, "Dora99", 3, "discussion", body=None),
        comment(11, "eve", 3, 91, "Me too", kind="DiscussionCommentEvent"),
        event(12, "CommitCommentEvent", "eve", {"comment": commit}),
        event(13, "WatchEvent", "Dora99", {"action": "started"}),
        event(14, "ForkEvent", "eve", {"forkee": {"id": 9}}),
        event(15, "PushEvent", "Anna", {"ref": "refs/heads/main", "size": 3, "commits": []}),
        event(16, "MemberEvent", "Anna", {"action": "added", "member": user("carl")}),
        event(17, "MemberEvent", "Anna", {"action": "added", "member": user("eve")}),
        event(
            18,
            "ReleaseEvent",
            "Anna",
            {"action": "published", "release": {"id": 4, "tag_name": "v1"}},
        ),
        event(19, "IssuesEvent", "Anna", {"action": "closed", "issue": {"number": 1}}),
        event(20, "IssuesEvent", "Anna", {"action": "labeled", "issue": {"number": 1}}),
        event(21, "CreateEvent", "Anna", {"ref": "v1", "ref_type": "tag"}),
        event(22, "MemberEvent", "Anna", {"action": "removed", "member": user("eve")}),
    ]


def lines(events: list[dict[str, Any]]) -> str:
    """Return an hourly file of GH Archive, unpacked."""
    return "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events)


def example() -> dict[str, str | bytes]:
    """Return an export: file name -> content."""
    made = example_events()
    return {
        "events.json": json.dumps(made[::-1], indent=1),
        "2023-11-14-22.json": lines(made[:16]),
    }
