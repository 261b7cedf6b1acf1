"""Read what advertising cost, as the advertising platforms export it: CSV or Excel, a row a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import islice

import pyarrow as pa

from shequn.pii import mask
from shequn.sources import cells, columns, sheets
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.report import Reading
from shequn.sources.staging import Stage
from shequn.text import ShequnError, Text

NAME = Text("advertising costs", "广告花费")
HINT = Text(
    "In the advertising platform export a report broken down by day, with date, campaign, "
    "impressions, clicks, cost and conversions, as CSV or Excel.",
    "请在投放后台按天导出报表（CSV 或 Excel）：日期、计划、展现、点击、花费、转化。",
)
LAYOUTS = {"spend-table": Text("columns for date and cost of advertising", "有日期和花费两类列")}
# Compiled in November 2026 from the platforms' help pages and programs that read such files.
NAMES = {
    "date": (
        "日期|数据日期|统计日期|day|date",
        "时间|统计时间|reporting starts|date start|报告开始日期",
    ),
    "until": ("reporting ends|date stop|报告结束日期|结束日期",),
    "channel": ("渠道|投放渠道|媒体|媒体平台|channel|platform|source|traffic source",),
    "campaign": (
        "计划名称|推广计划|广告计划|广告计划名称|营销计划|campaign name|campaign|广告系列|广告系列名称",
        "项目名称|广告组名称|广告名称|单元名称|ad group|ad set name",
    ),
    "ad_id": (
        "广告id|创意id|ad id",
        "计划id|广告计划id|推广计划id|项目id|单元id|campaign id|广告系列编号",
    ),
    "impressions": (
        "展现量|展现数|展示数|展示量|展示次数|曝光量|曝光次数|曝光数|impressions|impr",
    ),
    "clicks": ("点击量|点击数|点击次数|clicks", "链接点击量|link clicks|clicks all"),
    "cost": ("消耗|消费|花费|总花费|总消耗|费用|cost|spend|amount spent|已花费金额", "现金消耗|现金花费|金额"),
    "leads": ("表单提交数|表单提交量|线索数|线索量|私信咨询数|私信留资数|leads|lead",),
    "conversions": (
        "转化数|转化量|目标转化量|目标转化数|转化次数|conversions|results|成效|成果|purchases",
    ),
    "currency": ("币种|货币|currency|currency code",),
}  # fmt: skip
NEEDED = ("date", "cost")
STRICT = ("campaign", "impressions", "clicks", "conversions")
_OWN = {"impressions", "clicks"}  # one of them makes costs those of advertising
COUNTS = ("impressions", "clicks", "leads", "conversions")
# Word of a file's name, or column, that only one platform has -> channel.
CHANNELS = {
    "巨量": "oceanengine", "oceanengine": "oceanengine", "千川": "oceanengine", "ocean": "oceanengine",
    "腾讯": "tencent-ads", "广点通": "tencent-ads", "tencent": "tencent-ads", "adq": "tencent-ads",
    "聚光": "xiaohongshu-ads", "小红书": "xiaohongshu-ads", "xiaohongshu": "xiaohongshu-ads",
    "百度": "baidu-ads", "baidu": "baidu-ads", "快手": "kuaishou-ads", "磁力": "kuaishou-ads",
    "b站": "bilibili-ads", "bilibili": "bilibili-ads", "google": "google-ads", "谷歌": "google-ads",
    "meta": "meta-ads", "facebook": "meta-ads", "instagram": "meta-ads", "tiktok": "tiktok-ads",
}  # fmt: skip
_SIGNS = {
    "amountspent": "meta-ads", "reportingstarts": "meta-ads", "已花费金额": "meta-ads",
    "目标转化量": "tencent-ads", "impr": "google-ads",
}  # fmt: skip
UNKNOWN = "unknown"
_TOTALS = ("合计", "总计", "汇总", "小计", "全部", "共", "total", "grand total", "summary")
_LAID = {
    "file": pa.int32(), "row": pa.int64(), "date": pa.date32(), "channel": pa.string(),
    "campaign": pa.string(), "ad_id": pa.string(), "cost": pa.float64(), "currency": pa.string(),
    **dict.fromkeys(COUNTS, pa.float64()),
}  # fmt: skip
_NO_DATE = Text("a cell that should be a date is none", "应为日期的单元格不是日期")
_DAYS = Text("a row of several days; break the report down by day", "一行含多天；请按天导出")
_NO_NUMBER = Text("a cell that should be a number is none", "应为数字的单元格不是数字")
_BELOW = Text("a number below zero", "数字为负")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    rows = sheets.top(head)
    if not rows:
        return None
    _, found = columns.find(rows, NAMES)
    places = found.places.keys()
    if len(places) < 3 or not (_OWN & places or head.alone):
        return None
    if any("订单" in columns.fold(c) or "order id" in c.lower() for c in found.header):
        return None  # a list of orders
    return columns.lacking(found, NAMES, NEEDED, STRICT) or (
        "spend-table" if _OWN & places else None
    )


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say of costs into an intake, a row for each day, channel, campaign and ad.

    Raises
    ------
    ShequnError
        Where a column is missing or there twice, or dates can be read in two ways.
    """
    stage = Stage("spend_lines", _LAID, intake.connection)
    later = sorted(files, key=_age)  # conversions come in late: the file changed last counts
    counted = {"totals": 0, "unknown": 0, "laid": 0}
    channels: set[str] = set()
    for reading in later:
        _lay(intake.open(reading), intake, stage, counted, channels)
    stage.flush()
    kept = _sum(later, intake)
    intake.connection.execute("DROP TABLE spend_lines")
    named = ", ".join(sorted(channels))
    say = intake.note
    say(f"The files name no channel: it is {named}, by the name of the file or its columns. "
        "Members and orders must name their channel alike.",
        f"文件里没有渠道一列：按文件名或列名认作 {named}。成员和订单里的渠道要用同样的写法。",
        when=channels)  # fmt: skip
    say(f"{counted['unknown']:,} rows are of a channel that neither column nor file name tells: they "
        f"stand under {UNKNOWN}.",
        f"{counted['unknown']:,} 行看不出渠道：记在 {UNKNOWN} 下。", when=counted["unknown"])  # fmt: skip
    say(f"{counted['totals']:,} rows are totals and left out.",
        f"{counted['totals']:,} 行是合计，未计入。", when=counted["totals"])  # fmt: skip
    more = counted["laid"] - kept
    say(f"{more:,} rows have day, channel, campaign and ad of another row of their file: added up.",
        f"{more:,} 行与同一文件的另一行日期、渠道、计划、广告相同：已相加。", when=more)  # fmt: skip
    say("Files that report the same days by campaign and by ad are counted twice: give one of them.",
        "同一批日期既按计划又按广告导出的文件会重复计算：只给其中一种。", when=len(files) > 1)  # fmt: skip


def _age(reading: Reading) -> tuple[int, str, str]:
    try:
        changed = int(reading.file.path.stat().st_mtime)
    except OSError:
        changed = 0
    return changed, reading.file.name, str(reading.file.key)


def _channel(reading: Reading, header: Sequence[str]) -> str:
    name = reading.file.name.lower()
    for word, channel in CHANNELS.items():
        if word in name:
            return channel
    names = {columns.bare(c) for c in header}
    return next((own for sign, own in _SIGNS.items() if sign in names), UNKNOWN)


def _lay(
    reading: Reading, intake: Intake, stage: Stage, counted: dict[str, int], channels: set[str]
) -> None:
    """Put the rows of a file into the stage."""
    top = list(islice(sheets.rows(reading.file), sheets.TOP))
    at, found = columns.find([row for _, row in top], NAMES)
    if why := columns.lacking(found, NAMES, NEEDED, STRICT):
        raise ShequnError(Text(f"{reading.file.name}: {why.en}", f"{reading.file.name}：{why.zh}"))
    columns.say(found, intake)
    header, places = top[at][0], found.places
    first = columns.days_first(reading.file, found.some("date", "until"), intake.options.day_first)
    chinese = any("\u4e00" <= c <= "\u9fff" for c in "".join(found.header))
    currency = found.currency("cost") or intake.options.currency or ("CNY" if chinese else None)
    own = _channel(reading, found.header)
    for row, values in sheets.rows(reading.file):
        if row <= header:
            continue
        reading.read += 1

        def get(column: str, values: list[str] = values) -> str:
            place = places.get(column)
            return cells.plain(values[place]) if place is not None and place < len(values) else ""

        if any(v.strip().lower().startswith(_TOTALS) for v in (get("date"), *values[:2])):
            counted["totals"] += 1
            continue
        try:
            date = _day(get("date"), get("until"), first)
        except ValueError:
            date = _NO_DATE
        if isinstance(date, Text):
            reading.strange(row, date, ",".join(values))
            continue
        try:
            cost, *counts = [cells.number(get(c)) for c in ("cost", *COUNTS)]
        except ValueError:
            reading.strange(row, _NO_NUMBER, ",".join(values))
            continue
        if cost is None or any(c is not None and c < 0 for c in (cost, *counts)):
            reading.strange(row, _NO_NUMBER if cost is None else _BELOW, ",".join(values))
            continue
        stated = get("channel")
        channel = own if cells.missing(stated) else mask(stated[:100])
        if cells.missing(stated):
            (channels.add(own) if own != UNKNOWN else None)
            counted["unknown"] += own == UNKNOWN
        code = get("currency").upper()
        code = code if len(code) == 3 and code.isascii() and code.isalpha() else currency or ""
        counted["laid"] += 1
        stage.add(
            reading.number, row, date, channel, _free(get("campaign")), _free(get("ad_id")), cost,
            code or None, *counts,
        )  # fmt: skip


def _day(start: str, until: str, first: bool | None) -> dt.date | Text:
    for mark in (" ~ ", "~", " 至 ", "至", " - ", " to "):
        if mark in start and not until:  # a span in one cell
            start, _, until = start.partition(mark)
    date = cells.day(start, day_first=first)
    if date is None:
        return _NO_DATE
    if until and cells.day(until, day_first=first) != date:
        return _DAYS
    return date


def _free(cell: str) -> str | None:
    return mask(cell[:200]) if cell and not cells.missing(cell) else None


def _sum(readings: Sequence[Reading], intake: Intake) -> int:
    """Put in one row for each day, channel, campaign and ad of a file; return how many."""
    sums = ", ".join(f"sum({c})" for c in COUNTS)
    kept = 0
    for reading in readings:
        rows = intake.connection.cursor().execute(
            f"SELECT min(row), date, channel, campaign, ad_id, sum(cost), min(currency), {sums} "
            f"FROM spend_lines WHERE file = {reading.number} "
            "GROUP BY date, channel, campaign, ad_id ORDER BY 1"
        )
        intake.open(reading)
        while block := rows.fetchmany(10_000):
            for row, date, channel, campaign, ad, cost, currency, *counts in block:
                kept += 1
                intake.add(
                    "spend", row, date=date, channel=channel, campaign=campaign, ad_id=ad,
                    cost=round(cost, 4), currency=currency,
                    **{
                        c: None if n is None else round(n)
                        for c, n in zip(COUNTS, counts, strict=True)
                    },
                )  # fmt: skip
    return kept
