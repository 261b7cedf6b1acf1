"""Orders of shops and costs of advertising, on files built from help pages, not genuine ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import made_orders
import made_spend
import pytest
from hand_made import Imported
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import excel, text

from shequn.sources import cells
from shequn.text import ShequnError

Import = Callable[..., Imported]
HEADER = ["订单号", "买家账号", "付款时间", "实付金额"]


def shop(
    import_as: Import, files: dict[str, str | bytes] | None = None, **options: Any
) -> Imported:
    return import_as(
        "orders", files or made_orders.example(), **{"timezone": "Asia/Shanghai", **options}
    )


def one(
    import_as: Import, *rows: list[Any], header: list[str] | None = None, **options: Any
) -> Imported:
    return shop(import_as, {"a.csv": text([header or HEADER, *rows])}, **options)


def said(got: Imported) -> str:
    return "\n".join(a.en for a in got.report.assumptions)


def test_an_order_of_a_chinese_shop_is_one_row_whatever_it_holds(import_as: Import) -> None:
    got = shop(import_as)
    [row] = [r for r in got.rows("orders") if r["gross"] == "1288.5"]
    row.pop("order_id")
    assert row == {
        "member_id": got.ids["13800138000"], "ts": "2025-03-01T02:00:00Z", "gross": "1288.5",
        "discount": "10.0", "refund": "0.0", "currency": "CNY", "product": "帐篷 + 露营灯", "qty": "3",
        "channel": "群分享", "coupon": "新人券", "referrer_id": got.ids["13900139000"],
    }  # fmt: skip


def test_an_order_of_shopify_has_its_total_on_the_first_line_and_its_own_offset(
    import_as: Import,
) -> None:
    got = shop(import_as)
    [row] = [r for r in got.rows("orders") if r["coupon"] == "WELCOME"]
    assert (row["ts"], row["gross"], row["discount"]) == ("2025-03-01T15:00:00Z", "35.0", "2.0")
    assert (row["qty"], row["currency"], row["member_id"]) == (
        "3",
        "USD",
        got.ids["ann@example.com"],
    )


def test_unpaid_and_cancelled_orders_are_left_out_and_counted(import_as: Import) -> None:
    got = shop(import_as)
    assert len(got.rows("orders")) == 4
    assert "2 lines of orders that were never paid are left out" in said(got)
    assert "1 lines of cancelled orders are left out" in said(got)
    assert "1 orders name no buyer" in said(got)
    assert (got.report.rows_read, got.report.rows_unparsed) == (10, 0)


def test_an_order_that_was_closed_after_payment_is_one_paid_back(import_as: Import) -> None:
    got = shop(import_as)
    [row] = [r for r in got.rows("orders") if r["gross"] == "99.0"]
    assert (row["refund"], row["member_id"]) == ("99.0", got.ids["13700137000"])
    header = [*HEADER, "订单状态"]
    got = one(import_as, ["1", "u1", "2025-03-01 10:00", "5", "交易关闭"], header=header)
    assert [r["refund"] for r in got.rows("orders")] == ["5.0"]


def test_a_part_paid_back_without_an_amount_is_not_taken_for_the_whole(import_as: Import) -> None:
    header = [*HEADER, "financial status"]
    got = one(import_as, ["1", "u1", "2025-03-01 10:00", "5", "partially_refunded"], header=header)
    assert [r.get("refund", "") for r in got.rows("orders")] == [""]


def test_no_name_number_or_order_stands_outside_identities(import_as: Import) -> None:
    got = shop(import_as)
    whole = "".join(p.read_text() for p in got.data.iterdir() if p.name != "identities.csv")
    for secret in ("13800138000", "小橘", "ann@example.com", "E20250301001", "#1001"):
        assert secret not in whole


def test_a_product_that_looks_like_a_formula_does_not_run(import_as: Import) -> None:
    header = [*HEADER, "商品名称", "渠道", "优惠券"]
    got = one(import_as, ["1", "u1", "2025-03-01 10:00", "5", "=cmd()", "@x", "+1"], header=header)
    assert [(r["product"], r["channel"], r["coupon"]) for r in got.rows("orders")] == [
        ("'=cmd()", "'@x", "'+1")
    ]


def test_amounts_of_lines_that_differ_are_added_up(import_as: Import) -> None:
    rows = [["1", "u1", "2025-03-01 10:00", "5"], ["1", "u1", "2025-03-01 10:00", "7.5"],
            ["2", "u1", "2025-03-02 10:00", "1"]]  # fmt: skip
    got = one(import_as, *rows)
    assert sorted(r["gross"] for r in got.rows("orders")) == ["1.0", "12.5"]
    same = [["1", "u1", "2025-03-01 10:00", "5"], ["1", "u1", "2025-03-01 10:00", "5"]]
    got = one(import_as, *same)
    assert [r["gross"] for r in got.rows("orders")] == ["5.0"]
    assert "实付金额 says the same on every line" in said(got)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("Asia/Shanghai", "2025-03-05T15:59:59Z"), ("UTC", "2025-03-05T23:59:59Z"),
     ("America/New_York", "2025-03-06T04:59:59Z")],
)  # fmt: skip
def test_a_second_before_midnight_is_that_of_the_zone(
    import_as: Import, zone: str, utc: str
) -> None:
    got = one(import_as, ["1", "u1", "2025-03-05 23:59:59", "5"], timezone=zone)
    assert [r["ts"] for r in got.rows("orders")] == [utc]


def test_the_same_export_again_changes_nothing(import_as: Import) -> None:
    first = shop(import_as)
    before = first.rows("orders"), first.rows("members")
    again = shop(import_as, into=first.data)
    assert (again.rows("orders"), again.rows("members")) == before


def test_a_refund_in_a_later_export_counts(import_as: Import) -> None:
    header = [*HEADER, "退款金额"]
    first = one(import_as, ["1", "u1", "2025-03-01 10:00", "5", "0"], header=header)
    rows = [["1", "u1", "2025-03-01 10:00", "5", "5"], ["2", "u2", "2025-03-02 10:00", "8", "0"]]
    got = one(import_as, *rows, header=header, into=first.data)
    assert sorted((r["gross"], r["refund"]) for r in got.rows("orders")) == [
        ("5.0", "5.0"),
        ("8.0", "0.0"),
    ]


def test_numbers_that_excel_cut_are_refused(import_as: Import) -> None:
    with pytest.raises(ShequnError, match=r"1\.23E\+17"):
        one(import_as, ["1.23457E+17", "u1", "2025-03-01 10:00", "5"])


def test_what_programs_put_around_long_numbers_is_taken_off(import_as: Import) -> None:
    got = one(import_as, ['="12345678901234567"', "u1", "2025-03-01 10:00", "5"],
              ["\t12345678901234567", "'u1", "2025-03-01 10:00", "5"])  # fmt: skip
    assert len(got.rows("orders")) == 1
    assert list(got.ids) == ["u1"]


def test_a_hidden_account_is_told_apart_by_what_else_is_known(import_as: Import) -> None:
    header = ["订单号", "买家会员名", "收货人手机号", "付款时间", "实付金额"]
    rows = [
        ["1", "t**1", "138****0001", "2025-03-01 10:00", "5"],
        ["2", "t**1", "138****0002", "2025-03-01 10:00", "5"],
    ]
    got = one(import_as, *rows, header=header)
    assert len({r["member_id"] for r in got.rows("orders")}) == 2
    assert "2 lines hide a part" in said(got)


def test_a_missing_column_is_told_with_what_was_found_and_expected(import_as: Import) -> None:
    with pytest.raises(
        ShequnError,
        match=r"time of payment\. Expected one of: 付款时间.*Found: 订单号, 买家账号, 实付金额",
    ):
        one(import_as, ["1", "u1", "5"], header=["订单号", "买家账号", "实付金额"])


def test_two_columns_that_may_be_the_amount_are_not_guessed_among(import_as: Import) -> None:
    header = ["订单号", "买家账号", "付款时间", "实付金额", "实收金额"]
    with pytest.raises(ShequnError, match=r"several columns may be gross: 实付金额, 实收金额"):
        one(import_as, ["1", "u1", "2025-03-01 10:00", "5", "4"], header=header)


def test_dates_that_may_be_read_in_two_ways_need_a_word(import_as: Import) -> None:
    row = ["1", "u1", "3/4/2025 10:00", "5"]
    with pytest.raises(ShequnError, match="day or the month"):
        one(import_as, row)
    got = one(import_as, row, day_first=True)
    assert [r["ts"] for r in got.rows("orders")] == ["2025-04-03T02:00:00Z"]
    got = one(import_as, row, ["2", "u1", "3/14/2025", "5"])
    assert sorted(r["ts"][:10] for r in got.rows("orders")) == ["2025-03-04", "2025-03-13"]


@given(st.integers(0, 10**9), st.booleans(), st.sampled_from(["", "¥", "￥", "$"]))
@settings(max_examples=30)
def test_an_amount_survives_signs_and_separators(cents: int, separated: bool, sign: str) -> None:
    shown = f"{sign}{cents / 100:{',' if separated else ''}.2f}"
    assert cells.number(shown) == pytest.approx(cents / 100)


def test_the_order_of_files_does_not_matter(import_as: Import) -> None:
    a, b = (
        excel([made_orders.YOUZAN_HEADER, *rows])
        for rows in (made_orders.YOUZAN[:2], made_orders.YOUZAN[2:])
    )
    assert shop(import_as, {"1.xlsx": a, "2.xlsx": b}).rows("orders") == shop(
        import_as, {"1.xlsx": b, "2.xlsx": a}
    ).rows("orders")


def test_hostile_cells_never_give_a_traceback(import_as: Import) -> None:
    chance = random.Random(5)
    nasty = ["", "-", "1e999", "=1+1", "\x00", "9" * 500, "2025-99-99", "NaN", "\ud83d", "-5", "*"]
    for _ in range(20):
        rows = [
            [chance.choice(nasty) if chance.random() < 0.1 else c for c in r]
            for r in made_orders.YOUZAN
        ]
        whole = text([made_orders.YOUZAN_HEADER, *rows]).encode("utf-8", "surrogatepass")
        try:
            shop(import_as, {"a.csv": whole}, tolerate=chance.random() < 0.7)
        except ShequnError:
            continue


def costs(
    import_as: Import, files: dict[str, str | bytes] | None = None, **options: Any
) -> Imported:
    return import_as("spend", files or made_spend.example(), **options)


def test_costs_of_four_platforms_come_by_day_and_campaign_without_totals(import_as: Import) -> None:
    got = costs(import_as)
    found = [tuple(r[c] for c in ("date", "channel", "campaign", "cost", "currency", "impressions",
                                  "clicks", "leads", "conversions")) for r in got.rows("spend")]  # fmt: skip
    assert sorted(found) == [
        ("2025-03-01", "google-ads", "Brand", "13.34", "EUR", "1010", "55", "", "4"),
        ("2025-03-01", "meta-ads", "Launch", "20.0", "USD", "5000", "44", "", "3"),
        ("2025-03-01", "oceanengine", "春季露营", "1200.5", "CNY", "30000", "450", "", "12"),
        ("2025-03-01", "xiaohongshu-ads", "种草", "150.5", "CNY", "10000", "150", "8", ""),
        ("2025-03-02", "oceanengine", "春季露营", "800.0", "CNY", "20000", "300", "", ""),
    ]
    assert "2 rows are totals" in said(got)
    assert "2 rows have day, channel, campaign and ad of another row" in said(got)


def test_the_same_costs_again_change_nothing(import_as: Import) -> None:
    first = costs(import_as)
    rows = first.rows("spend")
    assert costs(import_as, into=first.data).rows("spend") == rows


def test_a_row_of_several_days_is_not_understood(import_as: Import) -> None:
    row = ["2025-03-01", "2025-03-07", "Launch", "5000", "44", "20.00", "3"]
    with pytest.raises(ShequnError, match="break the report down by day"):
        costs(import_as, {"a.csv": text([made_spend.META[0], row])})


def test_a_channel_that_nothing_tells_is_said_to_be_unknown(import_as: Import) -> None:
    got = costs(import_as, {"a.csv": "日期,花费,点击量\n2025-03-01,5,1\n"})
    assert [r["channel"] for r in got.rows("spend")] == ["unknown"]
    assert "1 rows are of a channel that neither" in said(got)


def test_orders_are_no_costs_and_costs_no_orders(import_as: Import) -> None:
    for platform, files in (("spend", made_orders.example()), ("orders", made_spend.example())):
        with pytest.raises(ShequnError):
            import_as(platform, files)
