"""Public archives of Zulip, after a look at a genuine one, and hostile exports."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_zulip import DORA, LI, export, plain, posted, quoting, reaction, says

from shequn.sources.readers.zulip_text import of_html, of_source
from shequn.text import ShequnError

Take = Callable[..., Imported]
QUOTE = (
    '<p><span class="user-mention silent" data-user-id="12">李雷</span> '
    '<a href="#narrow/stream/5-general/topic/a.20b/near/1">said</a>:</p>\n'
    "<blockquote>\n<p>old</p>\n<blockquote>\n<p>older</p>\n</blockquote>\n</blockquote>\n<p>new</p>"
)


def archive(topics: dict[str, list[Any]]) -> dict[str, str | bytes]:
    """Return the files of an archive, topics by folder and name."""
    index = {
        "time": 1.0,
        "streams": {"general / 社区": {"id": 5, "latest_id": 9, "topic_data": {}}},
    }
    files = {f"zulip_json/{name}.json": json.dumps(rows) for name, rows in topics.items()}
    return {"zulip_json/stream_index.json": json.dumps(index), **files}


def test_an_archive_has_names_topics_and_channels(import_as: Take) -> None:
    got = import_as("zulip", archive({
        "5-general-.E7.A4.BE.E5.8C.BA/a.20b": [
            posted(1, 0, "李雷", "<p>hello &amp; <em>you</em></p>\n<p>two</p>"),
            posted(2, 5, "Dora Berg", QUOTE),
            posted(3, 6, "Dora Berg", '<p><span class="user-mention" data-user-id="12">@李雷</span> go</p>'),
            posted(4, 7, "Notification Bot", "<p>moved</p>"),
            posted(5, 8, "Dora Berg", "<p>(deleted)</p>"),
        ],
        "5-general-.E7.A4.BE.E5.8C.BA/.E2.9C.94.20A.20b": [posted(6, 9, "Dora Berg", "<p>done</p>")],
    }), keep_text=True)  # fmt: skip
    rows = got.rows("messages")
    li = got.ids["name:李雷"]
    assert [(r["kind"], r["text"]) for r in rows] == [
        ("text", "hello & you\ntwo"), ("text", "new"), ("text", f"'@{li} go"),
        ("system", "moved"), ("recall", ""), ("text", "done"),
    ]  # fmt: skip
    assert (rows[1]["reply_to_id"], rows[1]["reply_basis"]) == (rows[0]["message_id"], "quote")
    assert len({r["thread_id"] for r in rows}) == 1
    assert {(r["target_id"], r["kind"]) for r in got.rows("mentions")} == {
        (li, "quote"),
        (li, "mention"),
    }
    assert [r["name"] for r in got.rows("channels")] == ["general / 社区"]
    bots = [r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"]
    assert bots == [got.ids["name:Notification Bot"]]
    assert {r["joined_at_basis"] for r in got.rows("members")} == {"first_message", ""}


def test_a_message_in_two_topics_is_one(import_as: Take) -> None:
    twice = posted(1, 0, "李雷", "<p>moved</p>")
    topics = {"5-general/old": [twice], "5-general/new": [twice, posted(2, 9, "李雷", "<p>x</p>")]}
    for order in (topics, dict(reversed(topics.items()))):
        rows = import_as("zulip", archive(order)).rows("messages")
        # That of the topic that goes on counts.
        assert len(rows) == 2 and rows[0]["thread_id"] == rows[1]["thread_id"]


def test_archive_and_export_know_the_same_messages(import_as: Take) -> None:
    got = import_as("zulip", archive({"5-general/lunch": [posted(1, 0, "Dora Berg", "<p>hi</p>")]}))
    both = import_as(
        "zulip", plain(export([says(1, 0, DORA, "hi"), says(2, 9, LI, "yo")])), into=got.data
    )
    assert len(both.rows("messages")) == 2
    assert both.rows("messages")[0]["thread_id"] == got.rows("messages")[0]["thread_id"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a<br>\nb</p>", "a\nb"),
        ('<p><span class="katex"><span class="katex-mathml"><math><mi>x</mi><annotation encoding='
         '"application/x-tex">x^2</annotation></math></span><span class="katex-html" aria-hidden="true">'
         '<span class="mord">x</span></span></span> ok</p>', "$x^2$ ok"),
        ('<p><img alt=":party:" class="emoji" src="/x.png" title="party"> hi</p>', ":party: hi"),
        ('<div class="codehilite"><pre><span></span><code>a &lt; b\n</code></pre></div>', "a < b"),
        ("<blockquote>\n<p>x</p>\n</blockquote>", ""), ("<blockquote>cut", ""), ("</blockquote>a", "a"),
        ('<span class="katex">never closed', ""),
    ],
)  # fmt: skip
def test_html_is_read_as_people_see_it(source: str, text: str) -> None:
    assert of_html(source).text == text


def test_upload_alone_in_html() -> None:
    source = '<p><a href="/user_uploads/1/a.png">a.png</a></p>\n<div class="message_inline_image"><a></a></div>'
    assert of_html(source).upload and not of_html(f"<p>look</p>{source}").upload


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=4))
def test_any_text_survives_in_any_order_of_files(import_as: Take, texts: list[str]) -> None:
    escaped = [t.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for t in texts]
    topics = {f"5-general/t{n}": [posted(n, n, "Q", f"<p>{t}</p>")] for n, t in enumerate(escaped)}
    got = import_as("zulip", archive(topics), keep_text=True).rows("messages")
    other = import_as("zulip", archive(dict(reversed(topics.items()))), keep_text=True).rows(
        "messages"
    )
    assert got == other
    for text, row in zip(texts, got, strict=True):
        if text == "(deleted)":
            continue
        assert row["n_chars"] == str(len(text.strip()))


@given(text=st.text(max_size=200))
@settings(max_examples=30, deadline=None)
def test_no_text_is_too_strange(text: str) -> None:
    for source in (text, quoting("Li", 1, 2, text, text), QUOTE + text, f"<blockquote>{text}"):
        of_source(source)
        of_html(source)


def test_long_texts_take_no_long_time() -> None:
    for piece in (
        "@_**",
        "```quote\n",
        "<blockquote>",
        '<span class="katex">',
        "<p><span class=",
        "@**a|",
    ):
        source = piece * 20_000
        of_source(source)
        of_html(source)


def test_rows_that_are_no_messages_are_counted(import_as: Take) -> None:
    bad: list[Any] = [None, 3, [], {}, says(-1, 0, DORA, "x"), says(1, 1e12, DORA, "x"), says(True, 0, DORA, "x"),
                      says(2, 0, DORA, "x", to=999), says(3, 0, "a", "x"), says(4, 0, DORA, None)]  # type: ignore[arg-type]  # fmt: skip
    files = export([*bad, says(5, 0, DORA, "\ud800\x00 ok")], zerver_reaction=[{}, reaction(5, LI)],
                   zerver_realmauditlog=[{"event_type": "x"}, None], zerver_userprofile=[{"id": []}, 7],
                   zerver_stream=[{"id": 5}, {"id": 10**30}])  # fmt: skip
    files["realm.json"]["zerver_recipient"] += [{"id": 1, "type": [], "type_id": 2}]
    with pytest.raises(ShequnError, match="could not be understood"):
        import_as("zulip", plain(files))
    got = import_as("zulip", plain(files), tolerate=True, keep_text=True)
    assert (got.report.messages, got.report.rows_unparsed) == (1, 10 + 1 + 2 + 2 + 1 + 1)


def test_mutated_exports_never_end_in_a_traceback(import_as: Take) -> None:
    rows = [
        says(1, 0, DORA, quoting("李雷", LI, 1, "a", "b")),
        says(2, 1, LI, "x", edit_history="[]"),
    ]
    whole = plain(export(rows, zerver_reaction=[reaction(1, LI)]))
    rng = random.Random(5)
    worked = 0
    for turn in range(60):
        name = rng.choice(sorted(whole))
        raw = bytearray(str(whole[name]).encode())
        for _ in range(rng.randint(1, 3)):
            raw[rng.randrange(len(raw))] = rng.choice(b'{}[]",:0129eE.nft-\\ \xff\x00')
        if turn % 5 == 0:
            raw = raw[: rng.randrange(len(raw))]
        try:
            import_as("zulip", whole | {name: bytes(raw)}, tolerate=True, keep_text=bool(turn % 2))
            worked += 1
        except ShequnError as error:
            assert error.say("en") and error.say("zh")
    assert 5 < worked < 60
