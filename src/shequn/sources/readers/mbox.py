"""Read the archive of a mailing list: mailboxes of Mailman, HyperKitty and Groups.io."""

from __future__ import annotations

import re
from pathlib import PurePath

from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.mbox_body import own_words, text_of
from shequn.sources.readers.mbox_header import Clock, headers, ids, person, readable
from shequn.sources.readers.mbox_split import is_start, messages
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("mailing list", "邮件列表")
HINT = Text(
    "Give the list's archive as mbox: Mailman's monthly files, HyperKitty's download, or the zip of "
    "Groups.io.",
    "请给出 mbox 格式的列表存档：Mailman 的按月文件、HyperKitty 的下载，或 Groups.io 的 zip。",
)
LAYOUTS = {
    "mbox": Text(
        "a line From with address and time, then headers", "以 From、地址、时间开头的行，后接邮件头"
    )
}
_NOT_MAIL = Text("a mail without sender or time", "没有发件人或时间的邮件")
_FAR = 7 * 86_400  # a clock this far from that of the list's server is wrong
_SAME_TALK = 90 * 86_400
_RE = re.compile(
    r"\s*(?:(?:re|aw|sv|antw|回复|回覆|答复|答覆)(?:\s*\[\d+\]|\s*\(\d+\))?\s*[:：]|\[[^\[\]]{1,60}\])\s*",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"[-_. ]*(?:19|20)\d\d(?:[-_. ]*(?:q[1-4]|0[1-9]|1[0-2]|january|february|march|april|may|june|july|"
    r"august|september|october|november|december))?[-_. ]*$",
    re.IGNORECASE,
)
_NAMELESS = frozenset(
    {"", "messages", "mbox", "archive", "archives", "list", "all", "mail", "inbox"}
)
_ENVELOPE = re.compile(r"From (\S+(?: at \S+)?)\s+(?:[A-Z][a-z]{2},? )?(.*)")
_SPOKEN = re.compile(r"([\w.+-]{1,64}) (?:at|AT) ([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)")
_ROBOTS = ("mailer-daemon", "postmaster", "listserv", "majordomo")
_PROGRAMS = ("-bounces", "-request")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    named = head.named(".mbox", ".mbx", ".txt") or "." not in head.name
    if not named or not head.text.startswith("From "):
        return None
    lines = [line.encode("utf-8", "replace") for line in head.text.split("\n", 2)[:2]]
    return "mbox" if len(lines) == 2 and is_start(*lines) else None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    intake.tidy = lambda text, _, __: (
        _SPOKEN.sub(r"\1@\2", text) if " at " in text.lower() else text
    )
    post = _Post(intake)
    # The oldest first: a subject is answered by mail that comes later, whatever files are called.
    for file in sorted(files, key=post.begins):
        intake.open(file)
        post.list_of(file)
        for raw in messages(file.file.chunks()):
            file.read += 1
            post.put(raw, file)
    post.finish()


class _Post:
    """Mail on its way into an intake.

    Held are people, as they write themselves, and the beginning of each talk by its subject.
    """

    def __init__(self, intake: Intake) -> None:
        self.intake, self.clock = intake, Clock(intake.options.zone)
        self.people: dict[str, tuple[str, str, bool]] = {}
        self.talks: dict[tuple[int, str], tuple[str, int]] = {}
        self.lists: dict[str, int] = {}
        self.place = -1
        self.private = self.late = self.guessed = 0

    def begins(self, file: Reading) -> tuple[int, str]:
        """Return when a file begins, to sort by."""
        found = headers("\n".join(file.file.head()[1:200]).encode("utf-8", "replace"))
        return self.clock.at(found.get("date")) or 0, file.file.name

    def list_of(self, file: Reading) -> None:
        """Note the list that a file's name tells, for mail that does not."""
        name = _DATED.sub("", PurePath(file.file.name).stem.lower()).strip("-_. ")
        name = "" if name in _NAMELESS else name
        self.place = self.intake.channel(f"file/{name}", kind="list", name=name or None)

    def put(self, raw: bytes, file: Reading) -> None:
        """Put in a mail."""
        first, _, rest = raw.partition(b"\n")
        if rest.startswith(b">From "):
            rest = rest.partition(b"\n")[2]
        end = rest.find(b"\n\n")
        early = rest.find(b"\r\n\r\n", 0, end if end >= 0 else len(rest))
        end = early if early >= 0 else end if end >= 0 else len(rest)
        head, body = rest[:end], rest[end:].lstrip(b"\r\n")
        found = headers(head)
        get = found.get
        where = self._list(found)
        if where is None and ("x-gm-thrid" in found or "x-mozilla-status" in found):
            self.private += 1  # somebody's own mailbox: what did not come by a list is private
            return
        sender, ts = self._sender(found, first), self._time(found, first)
        if sender is None or ts is None:
            file.strange(file.read, _NOT_MAIL, head[:60].decode("latin-1"))
            return
        author, name, robot = sender
        channel = self.place if where is None else where
        own = next(iter(ids(get("message-id"))), None)
        reply, basis, thread = self._answered(found, channel, own, ts)
        text = text_of(found, body)
        automatic = get("auto-submitted", "no").lower() != "no" or (
            "x-autoreply" in found or "x-autorespond" in found or get("precedence") == "auto_reply"
        )
        self.intake.message(
            file.read, channel, author, ts, own_words(text) if text else "",
            "text" if text is not None else "file", name=name, own=own, reply=reply, basis=basis,
            thread=thread, bot=True if automatic or robot else None,
        )  # fmt: skip

    def finish(self) -> None:
        """Say what was assumed."""
        note = self.intake.note
        note(
            f"{self.late:,} mails whose Date is missing, no date, or over a week off bear the time of "
            "the list's server.",
            f"{self.late:,} 封邮件的 Date 缺失、无法识别或偏差超过一周，改用列表服务器的时间。",
            when=self.late,
        )
        note(
            f"{self.guessed:,} replies are inferred from the subject: Re: and the same words within "
            "90 days.",
            f"{self.guessed:,} 条回复由主题推断：Re: 加相同主题，且在 90 天内。",
            when=self.guessed,
        )
        note(
            f"{self.private:,} mails of a private mailbox that came by no list are left out.",
            f"私人邮箱里 {self.private:,} 封不属于任何列表的邮件未读取。",
            when=self.private,
        )

    def _list(self, found: dict[str, str]) -> int | None:
        raw = found.get("list-id") or found.get("x-beenthere") or found.get("x-mailing-list")
        raw = raw or found.get("mailing-list")
        if not raw:
            return None
        if raw not in self.lists:
            host = raw.rpartition("<")[2].partition(">")[0].strip().lower()
            name = readable(raw.partition("<")[0]).strip(' "') if "<" in raw else host
            # X-BeenThere has the address of the list, List-Id the same with a point for the at.
            self.lists[raw] = self.intake.channel(
                host.partition(";")[0].replace("@", "."), kind="list", name=name or host
            )
        return self.lists[raw]

    def _sender(self, found: dict[str, str], first: bytes) -> tuple[str, str, bool] | None:
        raw = found.get("from", "")
        if " via " in raw:  # some lists put their own address in the sender's place
            raw = found.get("x-original-from") or found.get("reply-to") or raw
        known = self.people.get(raw)
        if known is None:
            address, name = person(raw)
            if not address and (envelope := _ENVELOPE.match(first.decode("utf-8", "replace"))):
                address = person(envelope[1])[0]
            author = address or name.lower()
            if not author:
                return None
            local = address.partition("@")[0]
            robot = local.startswith(_ROBOTS) or local.endswith(_PROGRAMS)
            known = author, name, robot
            if robot:
                self.intake.member(author, is_bot=True)
            if raw:
                self.people[raw] = known
        return known

    def _time(self, found: dict[str, str], first: bytes) -> int | None:
        ts = self.clock.at(found.get("date"))
        arrived = found.get("x-list-received-date") or found.get("received", "").rpartition(";")[2]
        server = self.clock.at(arrived.strip()) if arrived else None
        if ts is not None and (server is None or abs(ts - server) <= _FAR):
            return ts
        self.late += 1
        if server is None and (envelope := _ENVELOPE.match(first.decode("latin-1"))):
            server = self.clock.at(envelope[2].strip())
        return ts if server is None else server

    def _answered(
        self, found: dict[str, str], channel: int, own: str | None, ts: int
    ) -> tuple[str | None, str | None, str | None]:
        """Return what a mail answers, how that is known, and where its thread began."""
        direct, chain = ids(found.get("in-reply-to")), ids(found.get("references"))
        reply = next((i for i in (*direct[:1], *chain[::-1]) if i != own), None)
        if reply:
            return reply, "explicit", chain[0] if chain and chain[0] != own else reply
        subject = readable(found.get("subject", ""))
        bare = again = ""
        at = 0
        while prefix := _RE.match(subject, at):
            again = again or ("" if prefix[0].lstrip()[:1] == "[" else "re")
            at = prefix.end()
        bare = " ".join(subject[at:].lower().split())[:200]
        if bare and again:
            begun = self.talks.get((channel, bare))
            if begun and begun[0] != own and 0 <= ts - begun[1] <= _SAME_TALK:
                self.guessed += 1
                return begun[0], "inferred", begun[0]
        elif bare and own:
            self.talks[channel, bare] = own, ts
        return None, None, own
