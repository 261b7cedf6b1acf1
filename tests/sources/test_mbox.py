"""Mailing lists: genuine mailboxes where they are at hand, and ones built from the RFCs."""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported
from hypothesis import given, settings
from hypothesis import strategies as st
from made_mbox import example, mail

from shequn.sources import import_export
from shequn.sources.readers.mbox_body import own_words
from shequn.sources.readers.mbox_header import Clock, decode, person
from shequn.sources.readers.mbox_split import messages
from shequn.sources.times import Zone
from shequn.text import ShequnError

Import = Callable[..., Imported]
REAL = Path(__file__).parents[2].parent / "shared/data/mailing-list-and-forum-payloads"


def by_text(got: Imported) -> dict[str, dict[str, str]]:
    return {r["text"]: r for r in got.rows("messages")}


def real(*names: str) -> dict[str, bytes]:
    if not REAL.is_dir():
        pytest.skip("the real mailboxes are not at hand")
    return {p.name: p.read_bytes() for n in names for p in sorted(REAL.glob(n))}


def test_a_list_is_read_with_people_replies_and_threads(import_as: Import) -> None:
    got = import_as("mbox", example(), keep_text=True)
    said = by_text(got)
    ids = got.ids
    assert set(ids) == {
        "li.lei@example.com", "han@example.com", "pat@example.org", "tom@example.com",
        "mailer-daemon@example.com", "clock@example.com",
    }  # fmt: skip
    first, second = said["大家好，我是新来的。"], said["欢迎！"]
    assert first["ts"] == "2024-03-04T01:00:00Z"
    assert first["author_id"] == ids["li.lei@example.com"] and not first["reply_to_id"]
    assert second["reply_to_id"] == first["message_id"] and second["reply_basis"] == "explicit"
    assert second["thread_id"] == first["message_id"] == first["thread_id"]
    third = next(r for t, r in said.items() if t.startswith("Thanks."))
    assert third["text"] == (
        "Thanks.\n\nFrom here on I shall read more.\nFrom Monday to Friday at 10:00 in 2024\nI am away.\n"
        "From my side that is all."
    )
    assert third["reply_to_id"] == second["message_id"], "the last of References"
    names = {(r["platform_user_id"], r["display_name"]) for r in got.rows("identities")}
    assert {("li.lei@example.com", "李雷"), ("han@example.com", "韩梅梅")} <= names


def test_without_headers_the_subject_tells_within_ninety_days(import_as: Import) -> None:
    got = import_as("mbox", example(), keep_text=True)
    said = by_text(got)
    reply = said["No id, no date, only a subject."]
    patch = next(r for t, r in said.items() if t.startswith("A patch:"))
    assert reply["reply_to_id"] == patch["message_id"] and reply["reply_basis"] == "inferred"
    assert reply["ts"] == "2024-04-01T08:00:00Z", "the time of the first line"
    late = mail("a@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", "Late.", subject="Re: [garden] seeds")
    got = import_as("mbox", {**example(), "2024-July.txt": late}, keep_text=True)
    assert by_text(got)["Late."]["reply_to_id"] == ""


def test_robots_are_told_from_people(import_as: Import) -> None:
    got = import_as("mbox", example(), keep_text=True)
    bots = [m["member_id"] for m in got.rows("members") if m["is_bot"] == "true"]
    assert bots == [got.ids["mailer-daemon@example.com"]]
    assert [r["is_bot"] for t, r in by_text(got).items() if t == "I am away."] == ["true"]
    assert by_text(got)["欢迎！"]["is_bot"] == ""


def test_html_base64_multipart_and_a_wrong_clock(import_as: Import) -> None:
    got = import_as("mbox", example(), keep_text=True)
    said = by_text(got)
    assert said["你好 & hello"]["ts"] == "2024-04-24T16:43:03Z"
    assert said["Café con leche"]["reply_to_id"] == said["你好 & hello"]["message_id"]
    assert said["My clock is wrong."]["ts"] == "2024-04-25T08:00:00Z"
    assert [c["name"] for c in got.rows("channels") if c["name"]] == ["Garden talk"]


def test_the_time_of_the_first_line_is_local(import_as: Import) -> None:
    only = {"l.mbox": mail("a@x.org", "", "hi", number="1@x", envelope="Mon Mar  4 00:30:00 2024")}
    for zone, ts in (
        ("Asia/Shanghai", "2024-03-03T16:30:00Z"),
        ("UTC", "2024-03-04T00:30:00Z"),
        ("America/New_York", "2024-03-04T05:30:00Z"),
    ):
        assert import_as("mbox", only, timezone=zone).times() == [ts]


def test_private_mail_in_a_mailbox_is_left_out(import_as: Import) -> None:
    mine = mail("a@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", "secret", X_GM_THRID="1")
    listed = mail(
        "b@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", "open", X_GM_THRID="2", List_Id="<l.x.org>"
    )
    got = import_as("mbox", {"all.mbox": mine + listed}, keep_text=True)
    assert list(by_text(got)) == ["open"]
    assert "a@x.org" not in got.ids


def test_nothing_of_an_address_stays_in_texts(import_as: Import) -> None:
    body = "Ask pat at example.org or someone at elsewhere.example, not Pat."
    box = mail("pat at example.org (Pat)", "Mon, 01 Jul 2024 10:00:00 +0000", body, number="1@x")
    got = import_as("mbox", {"l.mbox": box}, keep_text=True)
    pat = got.ids["pat@example.org"]
    assert [r["text"] for r in got.rows("messages")] == [f"Ask {pat} or [email], not {pat}."]


def test_overlapping_archives_and_the_same_again_give_each_mail_once(import_as: Import) -> None:
    got = import_as("mbox", example())
    before = {n: got.rows(n) for n in ("messages", "members")}
    parts = example()
    import_as("mbox", {"2024-March.txt.gz": parts["2024-March.txt.gz"]}, into=got.data)
    assert {n: got.rows(n) for n in before} == before


def test_the_real_mailboxes_are_read(import_as: Import) -> None:
    got = import_as("mbox", real("mbox__*"), timezone="UTC", keep_text=True)
    # 14 mails; the one of single stands in no_fields too, so that file is a copy.
    assert (got.report.rows_read, got.report.rows_unparsed) == (13, 0)
    people = {r["platform_user_id"]: r["display_name"] for r in got.rows("identities")}
    assert people["goran@domain.com"] == "Göran Lastname"
    assert people["danilo@gnome.org"] == "Danilo Šegan"
    assert people["yves.yang@example.com"] == "yves (yingmin) yang"
    times = {(r["author_id"], r["ts"]) for r in got.rows("messages")}
    # Its Date is "RANDOM_Wed, …": the first line's time stands for it.
    assert (got.ids["goran@domain.com"], "2016-09-21T19:42:07Z") in times
    assert (got.ids["eloli@hotmail.com"], "2004-09-22T09:03:40Z") in times


def test_the_real_pipermail_and_hyperkitty_archives_are_one_list(import_as: Import) -> None:
    got = import_as("mbox", real("pipermail__*.mbox"), timezone="UTC", keep_text=True)
    assert len(got.rows("messages")) == 8 and len(got.rows("channels")) == 1
    replies = [r for r in got.rows("messages") if r["reply_to_id"]]
    assert len(replies) == 5 and {r["reply_basis"] for r in replies} == {"explicit"}
    # The first of November lost its id when the file was made anonymous: its answers' thread is
    # not in the export. The other two threads are.
    threads = Counter(r["thread_id"] for r in got.rows("messages"))
    assert sorted(threads.values()) == [1, 1, 3, 3]
    assert not any("wrote:" in r["text"] or "\n>" in r["text"] for r in got.rows("messages"))
    import_as("mbox", real("hyperkitty__*.mbox"), timezone="UTC", keep_text=True, into=got.data)
    assert len(got.rows("messages")) == 8


def test_the_real_groupsio_zip_is_read_and_the_empty_one_refused(import_as: Import) -> None:
    got = import_as("mbox", real("groupsio__messages.zip"))
    assert len(got.rows("messages")) == 49
    assert all(int(r["n_chars"]) > 0 for r in got.rows("messages"))
    with pytest.raises(ShequnError):
        import_as("mbox", real("groupsio__empty.zip"))


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@settings(max_examples=4, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=40))
def test_any_text_survives(texts: list[str]) -> None:
    box = "".join(
        mail("a@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", f"x{text}", number=f"{i}@x",
             Content_Type="text/plain; charset=utf-8")
        for i, text in enumerate(texts)
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "l.mbox").write_text(box, encoding="utf-8", newline="")
        import_export("mbox", place / "l.mbox", place / "d", timezone="UTC", key_file=place / "k")
        with (place / "d/messages.csv").open(encoding="utf-8", newline="") as file:
            found = [int(r["n_chars"]) for r in csv.DictReader(file)]
    assert found == [len(f"x{text}".strip()) for text in texts]


def test_wherever_the_chunks_end_the_mails_are_the_same() -> None:
    box = "".join(c if isinstance(c, str) else "" for c in example().values()).encode()
    whole = list(messages([box]))
    assert len(whole) == 6
    rng = random.Random(7)
    for _ in range(50):
        cuts = sorted(rng.sample(range(len(box)), 8))
        parts = [box[a:b] for a, b in zip([0, *cuts], [*cuts, len(box)], strict=True)]
        assert list(messages(parts)) == whole


def test_a_mail_of_any_size_is_cut_and_the_next_one_found() -> None:
    big = mail("a@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", "y" * 5_000_000).encode()
    small = mail("b@x.org", "Mon, 01 Jul 2024 10:00:00 +0000", "z").encode()
    box = big + small
    found = list(messages(box[i : i + (1 << 20)] for i in range(0, len(box), 1 << 20)))
    assert len(found) == 2 and len(found[0]) <= 1 << 20 and found[1].endswith(b"\n\nz\n")


@pytest.mark.parametrize(
    ("written", "address", "name"),
    [
        ("goran at domain.com (=?ISO-8859-1?Q?G=F6ran?=)", "goran@domain.com", "Göran"),
        ('"Bob at Work" <Bob@Example.COM>', "bob@example.com", "Bob at Work"),
        ("user(a)example.com", "user@example.com", ""),
        ("Ann <ann AT example.org>", "ann@example.org", "Ann"),
        ("ann@example.org", "ann@example.org", ""),
        ("Nobody", "", "Nobody"),
        ("(" * 5000, "", "(" * 500),
    ],
)
def test_addresses_are_undone(written: str, address: str, name: str) -> None:
    assert person(written) == (address, name)


@pytest.mark.parametrize(
    ("written", "ts"),
    [
        ("Wed, 01 Dec 2010 14:26:40 +0100", 1291210000),
        ("1 Dec 2010 13:26:40 GMT", 1291210000),
        ("Wed, 01 Dec 10 08:26:40 -0500", 1291210000),
        ("Wed, 01 Dec 2010 14:26:40 CET", 1291210000),
        ("Wed Dec  1 13:26:40 2010", 1291210000),
        ("Wed, 31 Feb 2010 14:26:40 +0100", None),
        ("Wed, 01 Dec 2910 14:26:40 +0100", None),
        ("RANDOM_Wed, 21 Sep 2016 22:42:07 +0300", 1474486927),
        ("", None),
    ],
)
def test_dates_of_headers(written: str, ts: int | None) -> None:
    assert Clock(Zone("UTC")).at(written) == ts


def test_charsets_that_are_wrong_or_unknown() -> None:
    assert decode("你好".encode("gbk"), "x-no-such") == "你好"
    assert decode("Lucía".encode("latin-1"), "utf-8") == "Lucía"
    assert decode(b"abc", "hex") == "abc"
    assert decode("你好".encode("gb18030"), "GB2312") == "你好"


def test_quotations_signatures_and_footers_go() -> None:
    text = "Hi,\n\nOn Mon, A <a at x>\nwrote:\n> old\n>> older\n\nNew.\n-- \nAnn\n"
    assert own_words(text) == "Hi,\n\n\nNew."
    assert (
        own_words("New.\n_______________________________________________\nlist mailing list")
        == "New."
    )
    assert own_words("好的\n------------------ 原始邮件 ------------------\n旧") == "好的"
