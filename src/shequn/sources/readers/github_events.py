"""What an event of GitHub says, by its type."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.times import LATEST

_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
# Not an address of mail, a package (@types/node) or a team (@org/team).
_NAMED = re.compile(rf"(?<![\w/@.`-])@({_LOGIN})(?![\w/@-])")
_NOT_SAID = re.compile(r"```.*?```|`[^`\n]*`|^ {0,3}>.*?$", re.DOTALL | re.MULTILINE)
_MOST = 1 << 62
_ENDS = {
    ("IssuesEvent", "closed"): "issue_closed",
    ("IssuesEvent", "reopened"): "issue_reopened",
    ("PullRequestEvent", "closed"): "pull_request_closed",
    ("PullRequestEvent", "merged"): "pull_request_merged",
    ("PullRequestEvent", "reopened"): "pull_request_reopened",
    ("ReleaseEvent", "published"): "release",
}
_STEPS = {
    "WatchEvent": "star", "ForkEvent": "fork", "PublicEvent": "public", "GollumEvent": "wiki",
    "SponsorshipEvent": "sponsor",
}  # fmt: skip
_MEMBER = {"added": "join", "removed": "kick", "edited": "role"}
# Key of what opens a thread, and the action that does.
_OPENERS = {
    "IssuesEvent": ("issue", "opened"),
    "PullRequestEvent": ("pull_request", "opened"),
    "DiscussionEvent": ("discussion", "created"),
}
# Key of what is said, of the thread, and a sign before its number, which are counted apart.
_ANSWERS = {
    "IssueCommentEvent": ("comment", "issue", "i"),
    "PullRequestReviewEvent": ("review", "pull_request", "v"),
    "PullRequestReviewCommentEvent": ("comment", "pull_request", "r"),
    "DiscussionCommentEvent": ("comment", "discussion", "d"),
    "CommitCommentEvent": ("comment", "", "c"),
}


@lru_cache(maxsize=4096)  # an event shows the same time again and again
def _seconds(text: str) -> int | None:
    try:
        if len(text) == 20 and text[-1] == "Z":
            day = (dt.date.fromisoformat(text[:10]) - dt.date(1970, 1, 1)).days
            ts = day * 86_400 + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
        else:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                return None
            ts = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return ts if 0 < ts <= LATEST else None


def _moment(text: Any) -> int | None:
    """Return seconds UTC for a time such as ``2015-01-01T15:00:00Z``."""
    return _seconds(text) if isinstance(text, str) else None


@dataclass
class Events:
    """Puts events into an intake.

    Attributes
    ----------
    intake
        Where they go.
    repositories
        Number of each -> time and name where it was seen last.
    bare
        Openings of threads without words.
    """

    intake: Intake
    repositories: dict[int, tuple[int, str]] = field(default_factory=dict)
    bare: int = 0
    _known: dict[tuple[int, Any], str] = field(default_factory=dict)

    def put(self, row: int, value: Any) -> bool:
        """Put in an event; tell whether it was understood."""
        try:
            kind, actor, repo, payload = (
                value["type"], value["actor"], value["repo"], value["payload"],
            )  # fmt: skip
            number, name, own = repo["id"], repo["name"], value["id"]
            ts = _moment(value["created_at"])
        except (TypeError, KeyError):
            return False
        if (
            ts is None
            or type(number) is not int
            or not 0 <= number < _MOST
            or not isinstance(name, str)
            or not isinstance(kind, str)
            or not isinstance(payload, dict)
            or type(own) not in (str, int)
            or (who := self._person(actor, ts)) is None
        ):
            return False
        channel = self.intake.channel(str(number), kind="repository")
        known = self.repositories.get(number)
        # Whose repository it is may be a person; an organisation is none.
        shown = name if isinstance(value.get("org"), dict) else name.rpartition("/")[2]
        if known is None or (ts, shown) > known:
            self.repositories[number] = ts, shown
        action = payload.get("action")
        if opener := _OPENERS.get(kind):
            if action == opener[1]:
                return self._open(row, channel, who, ts, payload.get(opener[0]), number)
        elif answer := _ANSWERS.get(kind):
            return self._answer(row, channel, who, ts, payload, number, answer)
        elif kind == "MemberEvent":
            return self._member(row, channel, who, ts, payload)
        self._step(row, str(own), who, ts, kind, action, payload)
        return kind.endswith("Event")

    def settle(self) -> None:
        """Name the repositories as they were called last."""
        for number, (_, name) in self.repositories.items():
            self.intake.channel(str(number), name=name)

    def tidy(self, text: str, _channel: int, _ts: int) -> str:
        """Take those who are named and never seen out of a text."""
        if "@" not in text:
            return text
        known = self.intake.people.known
        return _NAMED.sub(lambda m: m[0] if known(m[1].lower()) else "@[name]", text)

    def _person(self, user: Any, ts: int) -> str | None:
        """Note that somebody is seen; return the id."""
        if not isinstance(user, dict):
            return None
        number, login = user.get("id"), user.get("login")
        if type(number) is not int or type(login) is not str or not 0 <= number < _MOST:
            return None
        shown = self._known.get((number, login))
        if shown is None:
            # Logins do not differ by case alone, and a mention may write any.
            shown = self._known[number, login] = login[:100].lower()
        raw, people = str(number), self.intake.people
        if shown:
            people.see(people.number(raw), shown, ts)
            if shown.endswith("[bot]") or user.get("type") == "Bot":
                self.intake.member(raw, is_bot=True)
        return raw

    def _said(
        self, row: int, channel: int, who: str, ts: int, said: dict[str, Any], text: str,
        **more: Any,
    ) -> None:  # fmt: skip
        ts = _moment(said.get("created_at")) or _moment(said.get("submitted_at")) or ts
        author = self._person(said.get("user"), ts) or who
        self.intake.message(row, channel, author, ts, text, **more)
        if "@" in text:
            for login in set(_NAMED.findall(_NOT_SAID.sub("", text))):
                self.intake.mention(row, names=(login.lower(),), ts=ts)

    def _open(self, row: int, channel: int, who: str, ts: int, said: Any, repository: int) -> bool:
        """Put in an issue, a pull request or a discussion."""
        if not isinstance(said, dict) or type(said.get("number")) is not int:
            return False
        parts = [p for k in ("title", "body") if isinstance(p := said.get(k), str) and p]
        own = f"{repository}#{said['number']}"
        bare = not parts and "title" not in said
        self.bare += bare
        self._said(
            row, channel, who, ts, said, "\n".join(parts), own=own, thread=own,
            chars=None if bare else -1,
        )  # fmt: skip
        return True

    def _answer(
        self, row: int, channel: int, who: str, ts: int, payload: dict[str, Any], repository: int,
        keys: tuple[str, str, str],
    ) -> bool:  # fmt: skip
        """Put in a comment or a review."""
        what, where, sign = keys
        said, thread = payload.get(what), payload.get(where)
        if not isinstance(said, dict) or type(said.get("id")) is not int:
            return False
        own, body = f"{sign}{said['id']}", said.get("body")
        more: dict[str, Any] = {}
        if where and isinstance(thread, dict) and type(thread.get("number")) is int:
            first = f"{repository}#{thread['number']}"
            more = {"thread": first, "reply": first, "basis": "thread"}
        elif not where and isinstance(said.get("commit_id"), str):
            more = {"thread": f"{repository}@{said['commit_id']}"}
        before = said.get("in_reply_to_id") or said.get("parent_id")
        if type(before) is int:
            more |= {"reply": f"{sign}{before}", "basis": "explicit"}
        action = payload.get("action")
        if action == "deleted":
            more["deleted"] = ts
        elif (changed := _moment(said.get("updated_at"))) and action != "dismissed":
            created = _moment(said.get("created_at")) or _moment(said.get("submitted_at"))
            more["edited"] = changed if created and changed > created else None
        text = body if isinstance(body, str) else ""
        # A review may be a mere tick.
        kind = "text" if text or "body" not in said else "other"
        chars = -1 if "body" in said else None
        self._said(row, channel, who, ts, said, text, kind=kind, own=own, chars=chars, **more)
        return True

    def _member(self, row: int, channel: int, who: str, ts: int, payload: dict[str, Any]) -> bool:
        """Put in that somebody was given the rights of a collaborator, or lost them."""
        member = self._person(payload.get("member"), ts)
        action = _MEMBER.get(str(payload.get("action")))
        if member is None or action is None:
            return False
        if action == "kick" and member == who:
            action = "leave"
        method = "invite" if action == "join" else None
        self.intake.event(row, ts, action, member, channel=channel, actor=who, method=method)
        return True

    def _step(
        self, row: int, own: str, who: str, ts: int, kind: str, action: Any,
        payload: dict[str, Any],
    ) -> None:  # fmt: skip
        """Put in what is no talk, where it is worth counting."""
        name = _STEPS.get(kind) or _ENDS.get((kind, str(action)))
        value: float | None = None
        if kind == "PushEvent":
            name, size = "push", payload.get("size")
            value = float(size) if type(size) is int and 0 <= size < _MOST else None
        elif kind in ("CreateEvent", "DeleteEvent"):
            of = payload.get("ref_type")
            if of in ("repository", "branch", "tag"):
                name = f"{kind[:6].lower()}_{of}"
        elif name == "pull_request_closed":
            request = payload.get("pull_request")
            if isinstance(request, dict) and request.get("merged") is True:
                name = "pull_request_merged"
        if name:
            self.intake.add(
                "events", row, event_id=own, ts=ts, member_id=who, name=name, value=value
            )
