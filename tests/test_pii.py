"""What points at a person is found and masked, and what only looks like it is left."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.pii import KINDS, mask, traces


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        # GB 11643-1999, the standard's own example; its check digit is X.
        ("身份证11010519491231002X，", "身份证[id-card]，"),
        ("11010519491231002x", "[id-card]"),
        # The numbers that payment companies publish for tests.
        ("卡号 4111 1111 1111 1111 谢谢", "卡号 [card] 谢谢"),
        ("6011000990139424", "[card]"),
        ("请打13912345678找我", "请打[phone]找我"),
        ("+86 139-1234-5678", "[phone]"),
        ("008613912345678", "[phone]"),
        ("call +44 20 7946 0958 now", "call [phone] now"),  # Ofcom: kept for drama
        ("写信到 zhang.san+a@mail.example.com。", "写信到 [email]。"),
        ("我的id是 wxid_k3j9abc12xyz", "我的id是 [wechat]"),
        ("加微信：abc_12345 领资料", "加微信[wechat] 领资料"),
        ("微信号 abc-12345", "微信[wechat]"),
        ("加我微信abc_1234", "加我微信[wechat]"),
        ("VX: Hello_World9", "[wechat]"),
        ("QQ群：123456789", "[qq]"),
        ("扣扣 12345", "[qq]"),
        ("两个 13912345678、13812345678", "两个 [phone]、[phone]"),
    ],
)  # fmt: skip
def test_traces_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # the check digit is wrong
        "11010519491331002X",  # no thirteenth month
        "4111111111111112",  # Luhn fails
        "订单 202501011234567890123",  # a long order number
        "12345678901",  # no mobile number begins with 12
        "版本 3.13912345678",
        "微信群里说",
        "微信：ok",  # too short for an id
        "微信OpenDay",
        "WeChat groups and wechat official",
        "微信 official account",
        "@张三 你好",
        "2025-03-01 10:15:00+08:00",
        "1+1=2",
        "qq 上见",
        "",
    ],
)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_masking_again_changes_nothing_and_leaves_no_trace(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert not list(traces(once))


@given(st.text(alphabet="0123456789+-@. wxidv微信:ab_", max_size=120))
def test_no_two_traces_overlap(text: str) -> None:
    spans = sorted((t.start, t.end) for t in traces(text))
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert all(0 <= s < e <= len(text) for s, e in spans)


@pytest.mark.parametrize("piece", ["1", "a@", "+1 ", "微信", "1391234567 ", "a.", "wx:a"])
def test_no_text_takes_long(piece: str) -> None:
    """A pattern that goes back and forth would take minutes for this."""
    start = time.monotonic()
    mask(piece * 20_000)
    assert time.monotonic() - start < 10


def test_every_kind_has_a_name_that_is_no_trace_itself() -> None:
    assert len({k.name for k in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert re.fullmatch("[a-z-]+", kind.name)
        assert mask(f"[{kind.name}]") == f"[{kind.name}]"
