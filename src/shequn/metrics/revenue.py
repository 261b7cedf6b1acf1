"""Revenue: what members pay, by order, by buyer, by member; and who buys again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.money import PARTS
from shequn.metrics.presence import is_known, steps
from shequn.metrics.windows import SEEN_JOINING
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

MEASURES = ("revenue", "orders", "buyers", "per_order", "per_buyer", "per_member")
EXPOSURES = (28, 56, 84)  # days after a first order within which a second one counts
_COLUMNS = ("kind", "back", "currency", "orders", "net", "day", "people")
_NONE = (np.nan, np.nan)


@metric(
    id="revenue",
    name=Text("Revenue", "收入"),
    question=Text(
        "What do members pay in four weeks: by order, by buyer, by member? And of those who bought "
        "once, how many buy again?",
        "四周里成员付了多少钱：每单多少，每位买家多少，平摊到每位成员多少？买过一次的人，有多少再买？",
    ),
    formula=r"R = \sum_o (g_o - f_o), \qquad \frac{R}{O}, \quad \frac{R}{B}, \quad \frac{R}{M}",
    symbols=Text(
        "g_o, f_o: price paid and money given back of order o; O: orders; B: buyers; M: members, the "
        "mean of those there when the window begins and ends",
        "g_o、f_o：订单 o 的实付金额与退款；O：订单数；B：买家数；M：窗口开始时与结束时成员数的平均",
    ),
    needs={"orders": ("member_id", "ts", "gross")},
    uses={
        "members": ("member_id", "joined_at", "joined_at_basis", "left_at"),
        "membership_events": ("ts", "member_id", "action"),
        "messages": ("author_id", "ts"),
    },
    unit="money",
    direction="up",
    null=Text(
        "No value for a window not wholly covered by the export, nor where one to four people "
        "bought. Revenue per member needs a roster: 95% of everyone in it and of the buyers must "
        "have been seen joining. Currencies are never added up.",
        "没被导出完整覆盖的窗口没有数值，只有一到四位买家时也没有。平摊到每位成员要有成员名单："
        "名单上的人和买家里，95% 要知道是何时入群的。不同币种从不相加。",
    ),
    misleads=Text(
        "One big buyer moves a window. “Bought again” without a time grows by waiting. Buyers who "
        "talk are not buyers because they talk.",
        "一个大买家就能左右一个窗口。“复购率”不写期限，等得越久就越高。爱说话的买家，不是因为说话才买。",
    ),
    words={
        "currency": Text("currency", "币种"),
        "revenue": Text("revenue after refunds", "收入（扣除退款）"),
        "orders": Text("orders", "订单"),
        "buyers": Text("buyers", "买家"),
        "per_order": Text("revenue per order", "客单价（每单）"),
        "per_buyer": Text("revenue per buyer", "每位买家的收入"),
        "per_member": Text("revenue per member", "每位成员的收入"),
        "within": Text("second order within, days", "第二单期限（天）"),
        "wrote": Text("wrote before the first order", "首单前发过言"),
        "silent_before": Text("had not written before it", "首单前没发过言"),
        "all": Text("all", "全部"),
        "group": Text("group", "群体"),
    },
    references=("algesheimer2005social", "gupta2004valuing"),
)
def revenue(
    orders: ir.Table,
    members: ir.Table,
    membership_events: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
) -> ir.Table:
    """Count buyers by window, currency, number of orders and money paid; and who is a member when.

    ``kind`` is ``bought``, ``step`` for changes of membership by day, ``people`` and ``listed`` for
    everybody there and those seen joining. Windows are counted back from the end.
    """
    import ibis
    from ibis import _

    bought = _paid(orders, calendar)
    back = ibis.date(calendar.end).delta(bought.day, unit="day") - 1
    bought = bought.mutate(back=(back / days).floor().cast("int64"))
    by_buyer = bought.group_by("member_id", "back", "currency").agg(
        orders=_.count(), net=_.net.sum()
    )
    by_buyer = by_buyer.group_by("back", "currency", "orders", "net").agg(people=_.count())
    there = steps(membership_events, members, calendar)
    turned = there.group_by("day").agg(people=_.step.sum().cast("int64"))
    listed = members.select(
        "member_id", listed=_.joined_at_basis.isin(SEEN_JOINING).fill_null(False).cast("int64")
    )
    buyers = bought.select("member_id", listed=ibis.literal(0, "int64"))
    people = ibis.union(listed, buyers).group_by("member_id").agg(listed=_.listed.max())
    parts = [
        by_buyer.mutate(kind=ibis.literal("bought"), day=ibis.null("date")),
        _filled(turned, "step"),
        _filled(people.agg(people=_.count()), "people"),
        _filled(people.filter(people.listed == 1).agg(people=_.count()), "listed"),
    ]
    return ibis.union(*[part.select(*_COLUMNS) for part in parts])


def _filled(part: ir.Table, kind: str) -> ir.Table:
    import ibis

    zero, day = ibis.literal(0, "int64"), ibis.null("date")
    lacking = {"back": zero, "currency": ibis.literal(""), "orders": zero, "net": zero, "day": day}
    some = {name: value for name, value in lacking.items() if name not in part.columns}
    return part.mutate(kind=ibis.literal(kind), **some)


def _paid(orders: ir.Table, calendar: Calendar) -> ir.Table:
    """Return ``member_id, ts, day, order_id, currency, net`` of orders within the covered time."""
    import ibis
    from ibis import _

    # Not fill_null: of fractions, ibis asks a setting of Spark that exists only beside Spark.
    net = (_.gross - ibis.coalesce(_.refund, 0.0)) * PARTS
    paid = orders.select(
        "member_id", "ts", "order_id", day=_.ts.date(),
        currency=_.currency.fill_null(""), net=net.round().cast("int64"),
    )  # fmt: skip
    return paid.filter(paid.day >= ibis.date(calendar.first), paid.day < ibis.date(calendar.end))


@revenue.finish
def _revenue(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import between, redraws

    counts = counts.sort_values(["kind", "back", "currency", "orders", "net"])
    totals = counts.groupby("kind")["people"].sum()
    turns = counts[counts["kind"] == "step"]
    steps_of = turns.set_index(pd.to_datetime(turns["day"]))["people"].sort_index()
    roster = is_known(int(totals.get("listed", 0)), int(totals.get("people", 0)))
    bought = counts[counts["kind"] == "bought"]
    rows: list[tuple[object, ...]] = []
    for back in reversed(range(-(-(calendar.end - calendar.first).days // days))):
        end = calendar.end - timedelta(days=back * days)
        start = end - timedelta(days=days)
        covered = calendar.is_covered(start, days)
        there = sum(steps_of[: pd.Timestamp(day)].sum() for day in (start, end)) / 2
        for currency in sorted(bought["currency"].unique()):
            some = bought[(bought["back"] == back) & (bought["currency"] == currency)]
            people, ordered = some["people"].to_numpy(), some["orders"].to_numpy()
            net = some["net"].to_numpy() / PARTS
            paid, made, n = float(net @ people), float(ordered @ people), int(people.sum())
            # What each member brings gives away what one to four of them paid.
            told = roster and there > 0 and not 0 < n < SMALLEST_GROUP
            found = dict.fromkeys(MEASURES, (np.nan, np.nan, *_NONE))
            found |= {
                "revenue": (paid, n, *_NONE),
                "orders": (made, n, *_NONE),
                "buyers": (n, n, *_NONE),
            }
            if n:
                drawn = redraws(people)
                sums = drawn @ net
                found["per_order"] = (paid / made, n, *between(sums / (drawn @ ordered)))
                found["per_buyer"] = (paid / n, n, *between(sums / n))
            if told:
                everyone = redraws([*people, max(round(there) - n, 0)])
                bounds = between(everyone[:, :-1] @ net / there)
                found["per_member"] = (paid / there, there, *bounds)
            for measure in MEASURES:
                told_row = found[measure] if covered else (np.nan, np.nan, *_NONE)
                rows.append((start, end, measure, currency, *told_row))
    columns = ["period_start", "period_end", "measure", "currency", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure", "currency")


@revenue.view
def repurchase(
    orders: ir.Table,
    members: ir.Table,
    membership_events: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
) -> ir.Table:
    """Buyers by day of the first order, whole days until the second, and whether they had written.

    ``gap`` is -1 where there is no second order.
    """
    import ibis
    from ibis import _

    paid = _paid(orders, calendar)
    by_member = ibis.window(group_by="member_id", order_by=["ts", "order_id"])
    never = ibis.timestamp("1970-01-01 00:00:00")
    paid = paid.mutate(
        place=ibis.row_number().over(by_member), then=_.ts.lead(1, never).over(by_member)
    )
    first = paid.filter(paid.place == 0)
    gap = first.then.delta(first.ts, unit="second")
    first = first.select(
        "member_id", "day", "ts",
        gap=ibis.ifelse(first.then == never, -1, (gap / 86_400).floor()).cast("int64"),
    )  # fmt: skip
    spoke = messages.group_by(member_id="author_id").agg(began=_.ts.min())
    both = first.left_join(spoke, "member_id")
    both = both.select("day", "gap", wrote=(both.began < both.ts).fill_null(False).cast("int64"))
    return both.group_by("day", "gap", "wrote").agg(people=_.count())


@repurchase.finish
def _repurchase(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Share of buyers with a second order within each exposure, of those whose time has run out.

    A first order on the first days of the data may be a later one of an old buyer.
    """
    import pandas as pd

    from shequn.intervals import wilson

    days = pd.to_datetime(counts["day"]).dt.date
    rows: list[tuple[object, ...]] = []
    for within in EXPOSURES:
        # The day of the order and all that follow are covered, whatever the hour of the order.
        whole = {day: calendar.is_covered(day, within + 1) for day in set(days)}
        old = counts[days.map(whole).astype(bool)]
        sizes = old.groupby("wrote")["people"].sum()
        few = sizes.between(1, SMALLEST_GROUP - 1).any()  # all less one part gives the other away
        for group, some in (
            ("all", old), ("wrote", old[old["wrote"] == 1]), ("silent_before", old[old["wrote"] == 0]),
        ):  # fmt: skip
            n = int(some["people"].sum())
            again = int(some.loc[some["gap"].between(0, within - 1), "people"].sum())
            low, high = wilson(again, n)
            if n == 0 or (few and group != "all"):
                rows.append((group, within, np.nan, np.nan, *_NONE))
            else:
                rows.append((group, within, again / n, n, low[0], high[0]))
    frame = pd.DataFrame(rows, columns=["group", "within", "value", "n", "low", "high"])
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end)
    return tidy(frame, "group", "within")
