"""Mailboxes as Mailman, HyperKitty and Groups.io write them (RFC 4155, RFC 5322)."""

from __future__ import annotations

import base64
import gzip


def mail(
    sender: str,
    date: str,
    body: str,
    *,
    number: str = "",
    answers: str = "",
    chain: str = "",
    subject: str = "hello",
    envelope: str = "Mon Mar  4 10:00:00 2024",
    **more: str,
) -> str:
    """Return a mail with its ``From `` line; an empty date or number writes no such header."""
    head = [f"From {sender.partition(' (')[0]}  {envelope}", f"From: {sender}"]
    head += [f"Date: {date}"] if date else []
    head += [f"Subject: {subject}"]
    head += [f"In-Reply-To: <{answers}>"] if answers else []
    head += [f"References: {' '.join(f'<{i}>' for i in chain.split())}"] if chain else []
    head += [f"Message-ID: <{number}>"] if number else []
    head += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\n".join(head) + "\n\n" + body + "\n\n"


def example() -> dict[str, str | bytes]:
    """Return two months of a Mailman list, one packed, and a Groups.io export."""
    march = [
        mail("Li.Lei at example.com (李雷)", "Mon, 04 Mar 2024 09:00:00 +0800", "大家好，我是新来的。",
             number="a1@x", subject="[garden] 自我介绍"),
        mail("han at example.com (=?utf-8?b?6Z+p5qKF5qKF?=)", "Mon, 4 Mar 2024 10:00:00 +0800",
             "欢迎！\n\n在 2024年3月4日，李雷 写道：\n> 大家好，我是新来的。\n\n-- \n韩梅梅\n",
             number="a2@x", answers="a1@x", chain="a1@x", subject="Re: [garden] 自我介绍"),
        mail("li.lei AT example.com (Li Lei)", "Tue, 05 Mar 2024 09:00:00 +0800",
             "Thanks.\n\nFrom here on I shall read more.\nFrom Monday to Friday at 10:00 in 2024\n"
             "I am away.\n>From my side that is all.", number="a3@x",
             chain="a1@x a2@x", subject="RE: [garden] 自我介绍"),
        mail("pat at example.org (Pat)", "Tue, 05 Mar 2024 12:00:00 -0500", "A patch:\n\n"
             "From de8d128fb520416e0b029c913b3a5ce900d0320c Mon Sep 17 00:00:00 2001\n"
             "From: Somebody Else <else@example.net>\nSubject: [PATCH] x\n\nSee above.",
             number="a4@x", subject="[garden] seeds", envelope="Tue Mar  5 17:00:00 2024"),
    ]  # fmt: skip
    april = [
        mail("pat at example.org (Pat)", "", "No id, no date, only a subject.",
             subject="Re: [garden] seeds", envelope="Mon Apr  1 08:00:00 2024"),
        mail("han at example.com (Han Meimei)", "Mon, 01 Apr 2024 10:00:00 +0800", "I am away.",
             number="a6@x", answers="a4@x", Auto_Submitted="auto-replied"),
        mail("MAILER-DAEMON at example.com (Mail Delivery System)", "Mon, 01 Apr 2024 11:00:00 +0800",
             "Undelivered.", number="a7@x", subject="failure"),
    ]  # fmt: skip
    listed = {"List_Id": "Garden talk <talk.garden.groups.io>"}
    html = base64.encodebytes(
        "<p>你好 &amp; hello</p><blockquote>old</blockquote>".encode()
    ).decode()
    groups = [
        mail('"Tom Ng" <Tom@Example.com>', "Wed, 24 Apr 2024 09:43:03 -0700", html, number="g1@x",
             subject="html", Content_Type='text/html; charset="utf-8"',
             Content_Transfer_Encoding="base64", **listed),
        mail("tom@example.com", "Wed, 24 Apr 2024 10:43:03 -0700",
             '--b1\nContent-Type: text/plain; charset="utf-8"\n'
             "Content-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9=\n con leche\n"
             "--b1\nContent-Type: text/html\n\n<b>no</b>\n--b1--\n", number="g2@x", answers="g1@x",
             Content_Type='multipart/alternative; boundary="b1"', **listed),
        mail("clock@example.com", "Thu, 01 Jan 1970 00:00:10 +0000", "My clock is wrong.",
             number="g3@x", Received="from a by b; Thu, 25 Apr 2024 08:00:00 +0000", **listed),
    ]  # fmt: skip
    return {
        "2024-March.txt.gz": gzip.compress("".join(march).encode(), mtime=0),
        "2024-April.txt": "".join(april),
        "messages.mbox": "".join(groups),
    }
