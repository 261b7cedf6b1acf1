"""Exports of DiscordChatExporter, built from the documented grammar: JSON and CSV.

The grammar is what the exporter's writers put out; no file here comes from Discord.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

Json = dict[str, Any]
T0 = 1_704_067_200  # 2024-01-01T00:00:00Z
EPOCH = 1_420_070_400_000
GUILD, GENERAL, THREAD = "900000000000000001", "900000000000000002", "900000000000000003"


def snowflake(unix: int, nth: int = 0) -> str:
    """Return the id of what was made in a second."""
    return str(((1000 * unix - EPOCH) << 22) + nth)


def clock(unix: int, hours: float = 0, millis: int = 0) -> str:
    """Return a time with its offset, as the exporter writes it."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    moment = dt.datetime.fromtimestamp(unix, zone)
    moment += dt.timedelta(milliseconds=millis)
    return moment.isoformat(timespec="milliseconds" if millis else "seconds")


def user(number: int, *, name: str = "", bot: bool = False, roles: tuple[str, ...] = ()) -> Json:
    """Return an account; its id is 80000000000000000 and the number."""
    shown = name or f"Nick {number}"
    return {
        "id": who(number), "name": f"account{number}", "discriminator": "0000", "nickname": shown,
        "color": None, "isBot": bot,
        "roles": [{"id": "7", "name": r, "color": None, "position": 1} for r in roles],
        "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
    }  # fmt: skip


def who(number: int) -> str:
    """Return the id of an account."""
    return f"80000000000000{number:04}"


def said(
    nth: int, author: int | Json, content: str = "x", /, *, at: int | None = None, hours: float = 0,
    kind: str = "Default", **more: Any,
) -> Json:  # fmt: skip
    """Return a message, a minute after the one before."""
    unix = T0 + 60 * nth if at is None else at
    made: Json = {
        "id": snowflake(unix, nth), "type": kind, "timestamp": clock(unix, hours),
        "timestampEdited": None, "callEndedTimestamp": None, "isPinned": False,
        "content": content, "author": author if isinstance(author, dict) else user(author),
        "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [],
        "inlineEmojis": [],
    }  # fmt: skip
    return {**made, **more}


def answer(nth: int, author: int | Json, content: str, to: Json, **more: Any) -> Json:
    """Return an answer to a message; whoever wrote that one is pinged."""
    reference = {"type": "Default", "messageId": to["id"], "channelId": GENERAL, "guildId": GUILD}
    made = said(nth, author, content, kind="Reply", reference=reference, mentions=[to["author"]])
    return {**made, **more}


def reaction(sign: str, *users: Json, count: int | None = None, own: str = "") -> Json:
    """Return a reaction; without ``count`` as many as are listed."""
    emoji = {"id": own, "name": sign, "code": sign, "isAnimated": False, "imageUrl": "x"}
    listed = [{k: v for k, v in u.items() if k != "roles"} for u in users]
    return {"emoji": emoji, "count": len(users) if count is None else count, "users": listed}


def export(
    *messages: object, channel: str = GENERAL, name: str = "general", kind: str = "GuildTextChat",
    parent: tuple[str, str] = ("5", "Text"), guild: str = GUILD, after: str | None = None,
    before: str | None = None, at: int = T0 + 86400, hours: float = 0, server: str = "Readers",
) -> Json:  # fmt: skip
    """Return the export of a channel."""
    return {
        "guild": {"id": guild, "name": server, "iconUrl": "https://cdn.discordapp.com/x.png"},
        "channel": {
            "id": channel, "type": kind, "categoryId": parent[0], "category": parent[1],
            "name": name, "topic": None,
        },
        "dateRange": {"after": after, "before": before},
        "exportedAt": clock(at, hours, 123),
        "messages": list(messages),
        "messageCount": len(messages),
    }  # fmt: skip


def text(made: Json) -> str:
    """Return an export as the exporter lays it out."""
    return json.dumps(made, ensure_ascii=False, indent=2)


def table(*rows: tuple[str, str, str, str, str, str]) -> str:
    """Return an export as CSV: every cell of a row in quotation marks, those of the header not."""
    lines = ["AuthorID,Author,Date,Content,Attachments,Reactions"]
    lines += [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return "\r\n".join(lines) + "\r\n"


def example() -> dict[str, str | bytes]:
    """Return a server: a channel, a thread of it, one of CSV, and a private talk."""
    ann = user(11, name="Ann Example", roles=("Book lovers", "★ Admin ★"))
    min_ = user(12, name="赵敏")
    zoe, helper = user(13, name="Zoe 周"), user(14, name="Helper", bot=True)
    first = said(2, ann, "欢迎 @赵敏，please read the rules @everyone", mentions=[min_],
                 timestampEdited=clock(T0 + 500, 8), hours=8)  # fmt: skip
    general = export(
        said(1, min_, "Joined the server.", kind="GuildMemberJoin"),
        first,
        answer(3, min_, "谢谢！", first),
        said(4, zoe, "https://example.org/a"),
        said(5, zoe, "", attachments=[{"id": "1", "url": "u", "fileName": "cat.PNG"}]),
        said(6, helper, "Three new books", reactions=[
            reaction("👍", ann, zoe), reaction("party", ann, count=4, own="600000000000000001"),
        ]),
        said(7, ann, "Pinned a message.", kind="ChannelPinnedMessage", reference={
            "messageId": first["id"], "channelId": GENERAL, "guildId": GUILD}),
        said(8, zoe, "", stickers=[{"id": "3", "name": "wave", "format": "Png"}]),
        said(9, zoe, "", forwardedMessage={"timestamp": clock(T0), "content": "Look at this"}),
        said(10, zoe, "/roll", kind="20"),
        said(11, ann, "", kind="8"),
        said(12, ann, "Started a thread.", kind="ThreadCreated"),
    )  # fmt: skip
    thread = export(
        said(20, zoe, "", kind="21"), said(21, min_, "在这里继续"), said(22, zoe, "Yes"),
        channel=THREAD, name="books", kind="GuildPublicThread", parent=(GENERAL, "general"),
    )  # fmt: skip
    private = export(said(1, 15, "secret"), guild="0", kind="DirectTextChat", channel="77",
                     server="Direct Messages", name="Private Person")  # fmt: skip
    old = table(
        (who(11), "account11#0000", clock(T0 + 7200, 8, 120), "第一行\n第二行", "", "👍 (2)"),
        (who(16), "account16", clock(T0 + 7260, 8), "photo", "https://x.example/a.jpg?ex=1", ""),
    )
    return {
        f"Readers - Text - general [{GENERAL}].json": text(general),
        f"Readers - general - books [{THREAD}].json": text(thread),
        "Direct Messages - Private Person [77].json": text(private),
        "Readers - Text - lounge [900000000000000004].csv": old,
    }
