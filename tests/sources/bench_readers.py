"""Speed of readers, each beside what parsing the same file alone takes: part of `make bench`."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MESSAGES = 300_000
PEOPLE = 2_000
T0 = 1_600_000_000
Maker = Callable[[int], Iterator[str]]


def _who(i: int) -> int:
    return i * 7919 % PEOPLE * (i % 97) // 97


def _clock(i: int, form: str, step: int = 61) -> str:
    return dt.datetime.fromtimestamp(T0 + i * step, dt.UTC).strftime(form)


def irc(n: int) -> Iterator[str]:
    """Yield the lines of a channel, day after day."""
    for i in range(n):
        yield f"[{i // 60 % 24:02}:{i % 60:02}] <nick{_who(i)}> 今天 we talk about number {i}\n"


def whatsapp(n: int) -> Iterator[str]:
    """Yield the lines of an Android phone's export."""
    for i in range(n):
        yield f"{_clock(i, '%d/%m/%Y, %H:%M')} - Name {_who(i)}: 今天 we talk about number {i}\n"


def qq(n: int) -> Iterator[str]:
    """Yield what QQ's message manager writes."""
    yield (
        "消息记录（此消息记录为文本格式，不支持重新导入）\n\n" + "=" * 64 + "\n消息分组:我的群聊\n"
    )
    yield "=" * 64 + "\n消息对象:一个群\n" + "=" * 64 + "\n\n"
    for i in range(n):
        yield f"{_clock(i, '%Y-%m-%d %H:%M:%S')} 群友{_who(i)}({10000 + _who(i)})\n今天聊第 {i} 件事\n\n"


def wechat_csv(n: int) -> Iterator[str]:
    """Yield WeChatMsg's CSV."""
    yield "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender\n"
    for i in range(n):
        yield (
            f"{i},3,1,0,0,{T0 + i * 61},,今天聊第 {i} 件事,{_clock(i, '%Y-%m-%d %H:%M:%S')},"
            f"备注{_who(i)},群友{_who(i)},wxid_{_who(i):08}\n"
        )


def wechat_json(n: int) -> Iterator[str]:
    """Yield WeFlow's JSON."""
    head = {
        "weflow": {"version": "1.0", "exportedAt": T0}, "session": {
            "wxid": "123@chatroom", "nickname": "群", "type": "群聊", "messageCount": n},
    }  # fmt: skip
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "messages": [\n'
    for i in range(n):
        message = {
            "localId": i, "createTime": T0 + i * 61, "formattedTime": "2020-09-13 20:26:40",
            "type": "文本消息", "localType": 1, "content": f"今天聊第 {i} 件事", "isSend": 0,
            "senderUsername": f"wxid_{_who(i):08}", "senderDisplayName": f"群友{_who(i)}",
            "source": "", "platformMessageId": str(10**15 + i),
        }  # fmt: skip
        yield ("," if i else "") + json.dumps(message, ensure_ascii=False) + "\n"
    yield "]}"


def telegram(n: int) -> Iterator[str]:
    """Yield Telegram Desktop's JSON, laid out as it lays it out."""
    yield '{\n "name": "Club",\n "type": "private_supergroup",\n "id": 77,\n "messages": [\n'
    for i in range(n):
        words = f"今天 we talk about number {i}"
        message = {
            "id": i + 1, "type": "message", "date": _clock(i, "%Y-%m-%dT%H:%M:%S"),
            "date_unixtime": str(T0 + i * 61), "from": f"N{_who(i)}",
            "from_id": f"user{1000 + _who(i)}", "text": words,
            "text_entities": [{"type": "plain", "text": words}],
        }  # fmt: skip
        yield ("," if i else "") + json.dumps(message, ensure_ascii=False, indent=1) + "\n"
    yield "]}"


def discord(n: int) -> Iterator[str]:
    """Yield DiscordChatExporter's JSON."""
    yield (
        '{"guild": {"id": "81384788765712384", "name": "G"}, "channel": {"id": "1", "type": '
        '"GuildTextChat", "category": "c", "name": "general"}, "dateRange": {"after": null, '
        '"before": null}, "exportedAt": "2024-01-01T00:00:00+00:00", "messages": [\n'
    )
    for i in range(n):
        message = {
            "id": str(10**17 + i), "type": "Default", "timestamp": _clock(i, "%Y-%m-%dT%H:%M:%S.000+00:00"),
            "timestampEdited": None, "callEndedTimestamp": None, "isPinned": False,
            "content": f"今天 we talk about number {i}",
            "author": {"id": str(10**16 + _who(i)), "name": f"n{_who(i)}", "discriminator": "0000",
                       "nickname": f"N{_who(i)}", "color": None, "isBot": False, "roles": []},
            "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [],
        }  # fmt: skip
        yield ("," if i else "") + json.dumps(message, ensure_ascii=False) + "\n"
    yield f'], "messageCount": {n}}}'


def chatlab(n: int) -> Iterator[str]:
    """Yield ChatLab's JSON lines."""
    meta = {"name": "G", "platform": "qq", "type": "group", "groupId": "g"}
    yield json.dumps({"_type": "header", "chatlab": {"version": "0.0.2"}, "meta": meta}) + "\n"
    for i in range(n):
        message = {
            "_type": "message", "sender": f"u{_who(i):07}", "accountName": f"n{_who(i)}",
            "timestamp": T0 + i * 61, "type": 0, "content": f"今天聊第 {i} 件事",
            "platformMessageId": str(10**15 + i),
        }  # fmt: skip
        yield json.dumps(message, ensure_ascii=False) + "\n"


def _lines_alone(path: Path) -> None:
    match = re.compile(r"(\S+) (.*)").match
    with path.open(encoding="utf-8") as file:
        for line in file:
            match(line)


def _csv_alone(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def _json_alone(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _json_lines_alone(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        for line in file:
            json.loads(line)


CASES: dict[str, tuple[Maker, str, Callable[[Path], None]]] = {
    "irc": (irc, "c_2020-09-13.txt", _lines_alone),
    "whatsapp": (whatsapp, "WhatsApp Chat with G.txt", _lines_alone),
    "qq": (qq, "g.txt", _lines_alone),
    "wechat csv": (wechat_csv, "群_utf8.csv", _csv_alone),
    "wechat json": (wechat_json, "g.json", _json_alone),
    "telegram": (telegram, "result.json", _json_alone),
    "discord": (discord, "g.json", _json_alone),
    "chatlab": (chatlab, "g.jsonl", _json_lines_alone),
}


def measure(name: str, n: int) -> None:
    """Print one line: in a process of its own, so that its memory is its own."""
    from shequn.sources import import_export

    make, file, alone = CASES[name]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / file
        with path.open("w", encoding="utf-8") as out:
            out.writelines(make(n))
        start = time.perf_counter()
        alone(path)
        bare = time.perf_counter() - start
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        report = import_export(
            name.split()[0], path, Path(place) / "DATA", timezone="UTC", day_first=True,
            key_file=Path(place) / "key",
        )  # fmt: skip
        took = time.perf_counter() - start
        kept = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert report.messages >= 0.95 * n, (name, report.messages)
    room = f"{kept // 1024} MB" if kept > before else "under the bare parse"
    print(f"import {name:<14}{took:7.2f} s {report.messages / took:9,.0f} messages a second; "
          f"{took / bare:5.1f} x parsing alone; {room}", flush=True)  # fmt: skip


def main() -> None:
    """Measure every case, or the one that is named."""
    n = int(sys.argv[2]) if len(sys.argv) > 2 else MESSAGES
    if len(sys.argv) > 1:
        measure(sys.argv[1], n)
        return
    for name in CASES:
        subprocess.run([sys.executable, __file__, name, str(n)], check=True)


if __name__ == "__main__":
    main()
