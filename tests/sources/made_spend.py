"""Reports of advertising costs as the platforms write them, by their help pages."""

from __future__ import annotations

from typing import Any

from made_tables import excel, text

OCEAN: list[list[Any]] = [
    ["时间", "计划名称", "计划ID", "消耗(元)", "展示数", "点击数", "转化数", "转化数(计费时间)"],
    ["2025-03-01", "春季露营", "17001", "1,200.50", "30,000", "450", "12", "11"],
    ["2025-03-02", "春季露营", "17001", "800.00", "20,000", "300", "-", "-"],
    ["总计", "-", "-", "2,000.50", "50,000", "750", "12", "11"],
]
JUGUANG: list[list[Any]] = [
    ["日期", "计划名称", "消费", "展现量", "点击量", "私信咨询数"],
    ["2025-03-01", "种草", 100.5, 9000, 120, 7],
    ["2025-03-01", "种草", 50, 1000, 30, 1],
]
GOOGLE = (
    'Campaign report\n"March 1, 2025 - March 2, 2025"\nDay\tCampaign\tCurrency code\tCost\tImpr.\t'
    'Clicks\tConversions\n2025-03-01\tBrand\tEUR\t12.34\t"1,000"\t50\t2.50\n'
    "2025-03-01\tBrand\tEUR\t1.00\t10\t5\t1.00\nTotal: Account\t --\tEUR\t13.34\t1010\t55\t3.50\n"
)
META: list[list[Any]] = [
    ["Reporting starts", "Reporting ends", "Campaign name", "Impressions", "Link clicks",
     "Amount spent (USD)", "Results"],
    ["2025-03-01", "2025-03-01", "Launch", "5000", "44", "20.00", "3"],
]  # fmt: skip


def example() -> dict[str, str | bytes]:
    """Return a report of each of four platforms."""
    return {
        "巨量引擎-计划报表.xlsx": excel(OCEAN),
        "聚光_计划_20250301.csv": text(JUGUANG).encode("gb18030"),
        "report.csv": GOOGLE.encode("utf-16"),
        "export.csv": text(META),
    }
