"""Read lists of orders as shops export them, Chinese and international, as CSV or Excel."""

from __future__ import annotations

from itertools import islice

import pyarrow as pa

from shequn.sources import columns, sheets
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.orders_line import Counts, Line
from shequn.sources.readers.orders_words import LINES, MONEY, NAMES, NEEDED, STRICT
from shequn.sources.report import Reading
from shequn.sources.staging import Stage
from shequn.text import ShequnError, Text

NAME = Text("orders of a shop", "店铺订单")
HINT = Text(
    "Export the order list of your shop as CSV or Excel: one row an order or an article, with the "
    "order's number, the buyer, the time of payment and the amount.",
    "请从店铺后台导出订单列表（CSV 或 Excel）：每行一个订单或一件商品，有订单号、买家、付款时间和金额。",
)
LAYOUTS = {
    "orders-table": Text("columns for order number, buyer and amount", "有订单号、买家、金额三类列")
}
_LAID = {
    "file": pa.int32(), "row": pa.int64(), "raw": pa.string(), "buyer": pa.string(), "nick": pa.string(),
    "ts": pa.int64(), **dict.fromkeys(MONEY, pa.float64()), "currency": pa.string(),
    "product": pa.string(), "qty": pa.float64(), "channel": pa.string(), "coupon": pa.string(),
    "referrer": pa.string(), "closed": pa.bool_(),
}  # fmt: skip
_PRODUCTS = 3  # named for one order
_DIFFER = 0.05  # of orders whose lines state different amounts: then each line states its own


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    rows = sheets.top(head)
    if not rows:
        return None
    _, found = columns.find(rows, NAMES)
    places = found.places
    who = {"account", "phone", "email", "nick"} & places.keys()
    when = {"ts", "created"} & places.keys()
    if len(places) < 3 or not ("order_id" in places or head.alone):
        return None
    if why := columns.lacking(found, NAMES, NEEDED, STRICT):
        return why
    return "orders-table" if who and when else _lacking(found)


def _lacking(found: columns.Found) -> Text:
    there = ", ".join(n.strip() for n in found.header if n.strip())[:600]
    if not {"ts", "created"} & found.places.keys():
        what = Text("time of payment", "付款时间")
        names = [n for c in ("ts", "created") for rank in NAMES[c] for n in rank.split("|")]
    else:
        what = Text("buyer", "买家")
        names = [
            n
            for c in ("account", "phone", "email", "nick")
            for rank in NAMES[c]
            for n in rank.split("|")
        ]
    expected = ", ".join(names[:24])
    return Text(
        f"no column for the {what.en}. Expected one of: {expected}. Found: {there}",
        f"没有{what.zh}这一列。应是其中之一：{expected}。文件里的列：{there}",
    )


def read(files: list[Reading], intake: Intake) -> None:
    """Put the paid orders that files list into an intake, one row an order.

    Raises
    ------
    ShequnError
        Where a column is missing or there twice, or dates can be read in two ways.
    """
    stage = Stage("order_lines", _LAID, intake.connection)
    counts, found = Counts(), dict[int, columns.Found]()
    # Later exports know of refunds: the file that was changed last counts, of those of one time any.
    for reading in sorted(files, key=_age):
        intake.open(reading)
        found[reading.number] = _lay(reading, intake, stage, counts)
    stage.flush()
    several = _orders(files, found, intake)
    intake.connection.execute("DROP TABLE order_lines")
    _tell(intake, counts, several)


def _age(reading: Reading) -> tuple[int, str, str]:
    try:
        changed = int(reading.file.path.stat().st_mtime)
    except OSError:
        changed = 0
    return changed, reading.file.name, str(reading.file.key)


def _lay(reading: Reading, intake: Intake, stage: Stage, counts: Counts) -> columns.Found:
    """Put the lines of a file into the stage; return its columns."""
    rows = sheets.rows(reading.file)
    top = list(islice(rows, sheets.TOP))
    at, found = columns.find([row for _, row in top], NAMES)
    why = columns.lacking(found, NAMES, NEEDED, STRICT)
    if why or not ({"ts", "created"} & found.places.keys()):
        why = why or _lacking(found)
        raise ShequnError(Text(f"{reading.file.name}: {why.en}", f"{reading.file.name}：{why.zh}"))
    columns.say(found, intake)
    day_first = columns.days_first(
        reading.file, found.some("ts", "created"), intake.options.day_first
    )
    line = Line(found, intake, counts, day_first)
    header = top[at][0]
    for row, values in sheets.rows(reading.file):
        if row <= header:
            continue
        reading.read += 1
        laid = line(values)
        if isinstance(laid, Text):
            reading.strange(row, laid, ",".join(values))
        elif laid:
            counts.laid += 1
            stage.add(reading.number, row, *laid)
    return found


def _orders(
    files: list[Reading], found: dict[int, columns.Found], intake: Intake
) -> dict[str, int]:
    """Make one row of the lines of each order; return what there is to say of it."""
    con, told = (
        intake.connection,
        dict.fromkeys(("lines", "nobody", "unpaid", "bare", "assumed"), 0),
    )
    readings = {r.number: r for r in files if r.number >= 0}
    for number, reading in sorted(readings.items()):
        sums = {c: _sum(c, number, found[number], intake) for c in (*MONEY, "qty")}
        chinese = any("\u4e00" <= c <= "\u9fff" for c in "".join(found[number].header))
        query = f"""
            SELECT min(row), raw, arg_min(buyer, row), arg_min(nick, row), min(ts), {", ".join(sums.values())},
                arg_min(currency, row), list(DISTINCT product ORDER BY product), arg_min(channel, row),
                arg_min(coupon, row), arg_min(referrer, row), bool_or(closed), count(*)
            FROM order_lines WHERE file = {number} GROUP BY raw ORDER BY 1"""
        rows = con.cursor().execute(query)
        intake.open(reading)
        while block := rows.fetchmany(10_000):
            for row, raw, buyer, nick, ts, *rest in block:
                money = [None if m is None else round(m, 4) for m in rest[:4]]
                qty, currency, products, channel, coupon, referrer, closed, lines = rest[4:]
                told["lines"] += lines - 1
                if ts is None or money[0] is None:
                    told["unpaid"] += 1
                    continue
                if buyer is None:
                    told["nobody"] += 1
                    continue
                if closed and not money[2]:
                    money[2] = money[0]
                if currency is None:
                    currency = intake.options.currency or ("CNY" if chinese else None)
                    told["assumed" if currency else "bare"] += 1
                intake.member(buyer, name=None if nick == buyer else nick, ts=ts)
                if referrer:
                    intake.member(referrer)
                known = [p for p in products if p]
                more = " …" if len(known) > _PRODUCTS else ""
                intake.add(
                    "orders", row, order_id=raw, member_id=buyer, ts=ts,
                    **dict(zip(MONEY, money, strict=True)), currency=currency,
                    product=" + ".join(known[:_PRODUCTS]) + more or None,
                    qty=None if qty is None else round(qty), channel=channel, coupon=coupon,
                    referrer_id=referrer,
                )  # fmt: skip
    return told


def _sum(column: str, file: int, found: columns.Found, intake: Intake) -> str:
    """Return how an amount of an order comes from its lines: their sum, or what they all say.

    Where an order's lines state different amounts, the amount is the line's; where none do, the
    name of the column tells: of articles, or of the order.
    """
    if column not in found.places:
        return "NULL"
    [(orders, differ)] = intake.connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE high <> low) FROM (SELECT max({column}) AS high, "
        f"min({column}) AS low FROM order_lines WHERE file = {file} GROUP BY raw "
        f"HAVING count({column}) > 1)"
    ).fetchall()
    name = columns.fold(found.name(column))
    own = column == "qty" or any(w in name for w in LINES)
    if not orders:
        return f"max({column})"
    if own or differ > _DIFFER * orders:
        return f"sum({column})"
    intake.note(
        f"The column {found.name(column)} says the same on every line of an order: it is read as "
        "the whole order's, not added up.",
        f"{found.name(column)} 一列在同一订单的各行都相同：按整单金额读取，不相加。",
    )
    return f"max({column})"


def _tell(intake: Intake, counts: Counts, told: dict[str, int]) -> None:
    unpaid = counts.unpaid + told["unpaid"]
    say = intake.note
    say(f"{unpaid:,} lines of orders that were never paid are left out.",
        f"{unpaid:,} 行未付款的订单未计入。", when=unpaid)  # fmt: skip
    say(f"{counts.cancelled:,} lines of cancelled orders are left out.",
        f"{counts.cancelled:,} 行已取消或关闭的订单未计入。", when=counts.cancelled)  # fmt: skip
    say(f"{told['nobody']:,} orders name no buyer and are left out.",
        f"{told['nobody']:,} 个订单没有买家，未计入。", when=told["nobody"])  # fmt: skip
    say(f"{told['lines']:,} lines are further articles of an order: quantities are added up, up to "
        "three products named.",
        f"{told['lines']:,} 行是同一订单的其他商品：数量相加，商品名最多列三个。", when=told["lines"])  # fmt: skip
    say(f"{counts.masked:,} lines hide a part of the buyer's account: who shows the same rest counts "
        "as one person, and buying again is overstated.",
        f"{counts.masked:,} 行的买家账号打了星号：露出部分相同的算同一个人，复购会被高估。",
        when=counts.masked)  # fmt: skip
    say(f"{counts.nick:,} lines show no more of the buyer than a nickname: two people may bear one, "
        "and one may change it.",
        f"{counts.nick:,} 行只看得到买家昵称：可能重名，也可能改名。", when=counts.nick)  # fmt: skip
    say(f"{counts.created:,} lines show no time of payment: the order's time is taken.",
        f"{counts.created:,} 行没有付款时间：按下单时间算。", when=counts.created)  # fmt: skip
    say(f"{told['assumed']:,} orders name no currency: it is that of the option, or CNY under "
        "Chinese names of columns.",
        f"{told['assumed']:,} 个订单没写币种：按选项，或因列名为中文按人民币。", when=told["assumed"])  # fmt: skip
    say(f"{told['bare']:,} orders have no currency known.",
        f"{told['bare']:,} 个订单的币种不明。", when=told["bare"])  # fmt: skip
