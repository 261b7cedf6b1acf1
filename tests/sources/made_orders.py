"""Order lists as shops write them, by their help pages and by programs that read such files."""

from __future__ import annotations

from typing import Any

from made_tables import excel, text

YOUZAN_HEADER = [
    "订单号", "订单状态", "下单时间", "付款时间", "买家昵称", "买家手机号", "商品名称", "商品数量",
    "订单实付金额", "订单优惠金额", "退款金额", "优惠券名称", "订单来源", "推荐人",
]  # fmt: skip
YOUZAN: list[list[Any]] = [
    ["E20250301001", "交易完成", "2025-03-01 09:58:00", "2025-03-01 10:00:00", "小橘", "13800138000",
     "露营灯", 1, "¥1,288.50", "10.00", "0.00", "新人券", "群分享", "13900139000"],
    ["E20250301001", "交易完成", "2025-03-01 09:58:00", "2025-03-01 10:00:00", "小橘", "13800138000",
     "帐篷", 2, "¥1,288.50", "10.00", "0.00", "新人券", "群分享", "13900139000"],
    ["E20250302002", "待付款", "2025-03-02 11:00:00", "", "青青", "13700137000", "露营灯", 1, "99.00",
     "0.00", "0.00", "", "小程序", ""],
    ["E20250303003", "交易关闭", "2025-03-03 08:00:00", "", "青青", "13700137000", "露营灯", 1, "99.00",
     "0.00", "0.00", "", "小程序", ""],
    ["E20250304004", "交易关闭", "2025-03-04 08:00:00", "2025-03-04 08:01:30", "青青", "+86 137-0013-7000",
     "露营灯", 1, "99.00", "0.00", "99.00", "", "小程序", ""],
    ["E20250305005", "交易完成", "2025-03-05 23:59:00", "2025-03-05 23:59:59", "", "", "地垫", 1, "30",
     "", "", "", "小程序", ""],
]  # fmt: skip
SHOPIFY_HEADER = [
    "Name", "Email", "Financial Status", "Paid at", "Currency", "Subtotal", "Shipping", "Total",
    "Discount Code", "Discount Amount", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Cancelled at", "Refunded Amount", "Source",
]  # fmt: skip
SHOPIFY: list[list[Any]] = [
    ["#1001", "Ann@example.com", "paid", "2025-03-01 10:00:00 -0500", "USD", "30.00", "5.00", "35.00",
     "WELCOME", "2.00", "2025-03-01 09:59:00 -0500", "1", "Mug", "10.00", "", "0.00", "web"],
    ["#1001", "Ann@example.com", "", "", "", "", "", "", "", "", "2025-03-01 09:59:00 -0500", "2", "Lamp",
     "10.00", "", "", ""],
    ["#1002", "bob@example.com", "voided", "", "USD", "30.00", "5.00", "35.00", "", "0.00",
     "2025-03-02 09:59:00 -0500", "1", "Mug", "10.00", "2025-03-02 10:30:00 -0500", "0.00", "web"],
    ["#1003", "bob@example.com", "partially_refunded", "2025-03-03 10:00:00 -0500", "USD", "30.00",
     "5.00", "35.00", "", "0.00", "2025-03-03 09:59:00 -0500", "1", "Mug", "10.00", "", "10.00", "web"],
]  # fmt: skip


def example() -> dict[str, str | bytes]:
    """Return an order list of a Chinese shop as Excel, and one of Shopify as CSV."""
    return {
        "订单列表.xlsx": excel([YOUZAN_HEADER, *YOUZAN]),
        "orders_export.csv": text([SHOPIFY_HEADER, *SHOPIFY]),
    }
