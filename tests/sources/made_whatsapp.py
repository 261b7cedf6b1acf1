"""Writes WhatsApp exports by the documented grammar of many phones; none is genuine.

The grammar: ``[date, time] name: text`` (iPhone) or ``date, time - name: text`` (Android), date and
clock as the phone shows them, WhatsApp's own lines under the chat's name behind U+200E (iPhone) or
without a name (Android), further lines of a text as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

L, NN = "\u200e", "\u202f"
_Clock = Callable[[dt.datetime], str]


def _half(t: dt.datetime, *, seconds: bool = False) -> str:
    return f"{t.hour % 12 or 12}:{t.minute:02}" + (f":{t.second:02}" if seconds else "")


def _han(t: dt.datetime) -> str:
    return "凌晨" if t.hour < 6 else "上午" if t.hour < 12 else "中午" if t.hour == 12 else "下午"


PHONES: dict[str, tuple[bool, _Clock]] = {
    "android-gb": (False, lambda t: f"{t:%d/%m/%Y, %H:%M}"),
    "android-us": (False, lambda t: f"{t.month}/{t.day}/{t:%y}, {_half(t)}{NN}{t:%p}"),
    "android-de": (False, lambda t: f"{t:%d.%m.%y, %H:%M}"),
    "android-es": (
        False,
        lambda t: f"{t.day}/{t.month}/{t:%y}, {_half(t)} {'a' if t.hour < 12 else 'p'}. m.",
    ),
    "android-it": (False, lambda t: f"{t:%d/%m/%y, %H.%M}"),
    "android-cn": (False, lambda t: f"{t.year}/{t.month}/{t.day} {_han(t)}{_half(t)}"),
    "android-kr": (
        False,
        lambda t: f"{t.year}. {t.month}. {t.day}. {'오전' if t.hour < 12 else '오후'} {_half(t)}",
    ),
    "android-se": (False, lambda t: f"{t:%Y-%m-%d %H:%M}"),
    "iphone-gb": (True, lambda t: f"{t:%d/%m/%Y, %H:%M:%S}"),
    "iphone-us": (True, lambda t: f"{t.month}/{t.day}/{t:%y}, {_half(t, seconds=True)}{NN}{t:%p}"),
    "iphone-cn": (True, lambda t: f"{t.year}/{t.month}/{t.day} {_han(t)}{_half(t, seconds=True)}"),
    "iphone-nl": (True, lambda t: f"{t:%d-%m-%Y %H:%M:%S}"),
    "iphone-za": (True, lambda t: f"{t:%Y/%m/%d, %H:%M:%S}"),
}


@dataclass
class Phone:
    """A phone that exports a chat, minute after minute."""

    kind: str = "android-gb"
    chat: str = "Plan"
    at: dt.datetime = dt.datetime(2024, 5, 13, 9, 0, 7)
    text: str = ""

    def _head(self, mark: str = "") -> str:
        bracket, clock = PHONES[self.kind]
        return f"{mark}[{clock(self.at)}] " if bracket else f"{clock(self.at)} - "

    def wait(self, **much: int) -> Phone:
        """Let time pass."""
        self.at += dt.timedelta(**much)
        return self

    def says(self, name: str, words: str) -> Phone:
        """Write a message of somebody's."""
        self.text += f"{self._head()}{name}: {words}\n"
        return self.wait(minutes=1)

    def sends(self, name: str, what: str, android: str) -> Phone:
        """Write a message with a file that is left out."""
        bracket = PHONES[self.kind][0]
        words = f"{L}{what} omitted" if bracket else android
        self.text += f"{self._head(L)}{name}: {words}\n"
        return self.wait(minutes=1)

    def tells(self, words: str) -> Phone:
        """Write a line of WhatsApp's own."""
        own = f"{self.chat}: {L}{words}" if PHONES[self.kind][0] else words
        self.text += f"{self._head()}{own}\n"
        return self.wait(minutes=1)


def talk(kind: str, start: dt.datetime = dt.datetime(2024, 5, 13, 9, 0, 7)) -> str:
    """Return a talk of three as a phone exports it; its minutes hold one message each."""
    phone = Phone(kind, at=start).tells('Anna created group "Plan"')
    for hours, name, words in (
        (1, "Anna", "good morning, all of you"), (3, "Bert", "今天下午开会吗\n还是明天"),
        (4, "Cai", "12:30 - not a line"), (9, "Anna", "midnight is over, good night"),
    ):  # fmt: skip
        phone.wait(hours=hours).says(name, words)
    return phone.text


def example() -> dict[str, str | bytes]:
    """Return an export of two groups, one English from Android, one Chinese from an iPhone."""
    one = Phone("android-gb")
    one.tells(
        "Messages and calls are end-to-end encrypted. No one outside of this chat can read them."
    )
    one.tells('Anna created group "Plan"').tells("Anna added you")
    one.tells("Anna added Bert, Carl and +49 151 12345678")
    one.says("Anna", "hello @4915112345678\nand welcome @Bert")
    one.sends("Bert", "image", "<Media omitted>")
    one.says("Bert", "IMG-20240513-WA0001.jpg (file attached)")
    one.says("Me Myself", "You deleted this message")
    one.tells("Dora joined using this group's invite link")
    one.says("Dora", "fixed <This message was edited>").says("Meta AI", "I can help with that.")
    one.says("Dora", "POLL:\nWhere?\nOPTION: here (2 votes)")
    one.says("Dora", "location: https://maps.google.com/?q=1.5,2.5")
    one.tells("Carl left").tells("Anna removed Bert")
    one.tells("+49 151 12345678 changed to +49 152 87654321").says("+49 152 87654321", "it's me")
    two = Phone("iphone-cn", chat="读书会", at=dt.datetime(2024, 3, 5, 22, 58, 1))
    two.tells("消息和通话已进行端到端加密。").tells("小王创建了群组“读书会”")
    two.tells("小王添加了老李、小张").says("老李", "你好\n大家好").sends("老李", "image", "")
    two.tells("小陈使用群邀请链接加入了").says(
        "小陈", f"问一下 @\u2068老李\u2069 {L}<这条消息已经过编辑>"
    )
    two.says("小陈", f"{L}此消息已删除。").tells("老李退出了").says("小张", "明天见")
    return {
        "WhatsApp Chat with Plan.txt": one.text,
        "与读书会的 WhatsApp 聊天.txt": two.text,
    }
