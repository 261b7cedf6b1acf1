"""The arithmetic of the ledger, one small function a check, on inputs that name their source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shequn.plan import claim_inputs as given
from shequn.plan.bands import Band, exact
from shequn.text import Text

SHARE = Text("share", "比例")
TRILLION = Text("trillion yuan", "万亿元")
YUAN = Text("yuan", "元")
YI = Text("hundred million", "亿")
MILLION = Text("million", "百万")
MINUTES = Text("minutes a day", "分钟/天")
HOURS = Text("hours a week", "小时/周")
TIMES = Text("times", "倍")
ITEMS = Text("items", "条")
WEEKS = Text("weeks", "周")


@dataclass(frozen=True)
class Check:
    """One computation: its claim, what it says in both languages, and what it is held against."""

    claim: str
    name: str
    what: Text
    unit: Text
    compute: Callable[[], Band]
    stated: Band | None


CHECKS: list[Check] = []


def check(
    zh: str, unit: Text, *, stated: Band | None = None
) -> Callable[[Callable[[], Band]], Callable[[], Band]]:
    """Register a check. Its docstring is the English text; its name starts with the claim's id."""

    def register(function: Callable[[], Band]) -> Callable[[], Band]:
        name = function.__name__
        what = Text((function.__doc__ or "").rstrip("."), zh)
        CHECKS.append(Check(name.split("_")[0].upper(), name, what, unit, function, stated))
        return function

    return register


def compound(start: Band, rate: Band, years: int) -> Band:
    """Return ``start`` after ``years`` of growth at ``rate``; negative years go back."""
    factor = rate.rising(lambda r: (1 + r) ** abs(years))
    return start * factor if years >= 0 else start / factor


def growth(start: Band, end: Band) -> Band:
    """Return the relative change from ``start`` to ``end``."""
    return end / start - 1


def per_period(total: Band, periods: int) -> Band:
    """Return the rate that compounds to ``total`` over ``periods``."""
    return total.rising(lambda g: (1 + g) ** (1 / periods) - 1)


def hours_a_week(minutes: Band) -> Band:
    """Return minutes a day as hours a week."""
    return minutes * 7 / 60


# --- plan A --------------------------------------------------------------------------------------
@check("2017 年的市场：从 2022 年按每年 30% 倒推", TRILLION)
def a03_size_2017() -> Band:
    """Market of 2017, back from 2022 at 30% a year."""
    return compound(given.MARKET, given.MARKET_GROWTH, -5)


@check("2025 年的市场：从 2022 年按每年 30% 顺推", TRILLION)
def a03_size_2025() -> Band:
    """Market of 2025, on from 2022 at 30% a year."""
    return compound(given.MARKET, given.MARKET_GROWTH, 3)


@check("网民增长，2020 年 12 月到 2023 年 12 月", SHARE)
def a06_growth() -> Band:
    """Growth of internet users, December 2020 to December 2023."""
    return growth(given.NETIZENS_2020, given.NETIZENS_2023)


@check("网民增长，2020 年 12 月到 2023 年 12 月，折合每年", SHARE)
def a06_yearly() -> Band:
    """Growth of internet users a year, December 2020 to December 2023."""
    return per_period(growth(given.NETIZENS_2020, given.NETIZENS_2023), 3)


@check("2023 年网民增长", SHARE)
def a06_growth_2023() -> Band:
    """Growth of internet users in 2023."""
    return exact(1) / (
        given.NETIZENS_2023 / given.NETIZENS_ADDED_2023 - 1
    )  # every input once: a tight band


@check("京东新客成本的变化，2016 到 2018；“持续攀升”不许下降", SHARE, stated=given.NO_FALL)
def a07_jd() -> Band:
    """Change of JD's cost of a new customer, 2016 to 2018; “keeps climbing” allows no fall."""
    return growth(given.JD_2016, given.JD_2018)


@check("阿里新客成本的变化，2016 到 2018；“持续攀升”不许下降", SHARE, stated=given.NO_FALL)
def a07_alibaba() -> Band:
    """Change of Alibaba's cost of a new customer, 2016 to 2018; the same claim."""
    return growth(given.ALIBABA_2016, given.ALIBABA_2018)


@check("若没有转化率达到 15%，两者最多差多少（百分点）", SHARE)
def a14_largest_gap() -> Band:
    """Largest gap in points if no rate reaches 15%."""
    return Band(
        given.CONVERSION_HIGH.value, 0, given.CONVERSION_HIGH.high, given.CONVERSION_HIGH.sources
    )


@check("两处转化率上限之比（A18、A29）", TIMES)
def a18_ratio() -> Band:
    """Ratio of the two bounds on conversion (A18, A29)."""
    return given.CONVERSION_HIGH / given.CONVERSION_LOW


@check("既不沉默（A25）也不活跃（A19）的用户，至少", SHARE)
def a19_neither() -> Band:
    """Users neither silent (A25) nor active (A19), at least."""
    return exact(1) - given.SILENT - given.ACTIVE


@check("四类用户占比之和", SHARE, stated=exact(1))
def a22_sum() -> Band:
    """Sum of the shares of the four types."""
    return given.TYPES[0] + given.TYPES[1] + given.TYPES[2] + given.TYPES[3]


@check("“四大矛盾”一句里列出的量", ITEMS, stated=exact(4, "A28"))
def a28_listed() -> Band:
    """Quantities listed as the “four contradictions”."""
    return exact(len(given.CONTRADICTIONS), "A28")


@check("每个转化的成本：每人 2.3 元，转化率 5%", YUAN)
def a30_cost_5() -> Band:
    """Cost of a conversion: 2.3 yuan a person, 5% convert."""
    return given.CONTACT_COST / given.CONVERSION_LOW


@check("每个转化的成本：每人 2.3 元，转化率 15%", YUAN)
def a30_cost_15() -> Band:
    """Cost of a conversion: 2.3 yuan a person, 15% convert."""
    return given.CONTACT_COST / given.CONVERSION_HIGH


@check("1:20 的回报：投 1，回 20", SHARE)
def a31_return_if_20() -> Band:
    """Return of 1:20 if 1 goes in and 20 come out."""
    return given.RETURN_RATIO - 1


@check("1:20 的回报：投 20，回 1", SHARE)
def a31_return_if_1_20() -> Band:
    """Return of 1:20 if 20 go in and 1 comes out."""
    return exact(1) / given.RETURN_RATIO - 1


@check("转化率 5% 时每位买家要带来的钱：投 1，回 20", YUAN)
def a31_income_if_20() -> Band:
    """Income a buyer must bring at 5% conversion if 1 goes in and 20 come out."""
    return a30_cost_5() * given.RETURN_RATIO


@check("转化率 5% 时每位买家带来的钱：投 20，回 1", YUAN)
def a31_income_if_1_20() -> Band:
    """Income a buyer brings at 5% conversion if 20 go in and 1 comes out."""
    return a30_cost_5() / given.RETURN_RATIO


@check("年目标 +50% 除以四当季目标，一年实际增长", SHARE)
def a37_divided_by_four() -> Band:
    """Growth in a year if the quarters' goal is the year's 50% divided by four."""
    return (given.YEAR_GOAL / 4).rising(lambda q: (1 + q) ** 4 - 1)


@check("年增 50% 折合每季", SHARE)
def a38_quarterly() -> Band:
    """Growth a quarter that compounds to 50% a year."""
    return per_period(given.YEAR_GOAL, 4)


@check("年增 50% 折合每月", SHARE)
def a38_monthly() -> Band:
    """Growth a month that compounds to 50% a year."""
    return per_period(given.YEAR_GOAL, 12)


# --- plan B --------------------------------------------------------------------------------------
@check("9.2亿占 2023 年 12 月网民的比例；原文 86.4%", SHARE, stated=given.USERS_SHARE)
def b01_share() -> Band:
    """9.2亿 as a share of the internet users of December 2023, against 86.4%."""
    return given.USERS / given.NETIZENS_2023


@check("2023 年 12 月网购用户，也许原意是它；原文 9.2亿", YI, stated=given.USERS)
def b01_shopping() -> Band:
    """Online shoppers of December 2023, perhaps the series that was meant, against 9.2亿."""
    return given.SHOPPING_MID_2023 - given.SHOPPING_ADDED_HALF + given.SHOPPING_ADDED_2023


@check("9.2亿若占 86.4%，网民应有多少；2023 年 12 月公布的数", YI, stated=given.NETIZENS_2023)
def b02_implied_base() -> Band:
    """Internet users if 9.2亿 are 86.4% of them, against December 2023."""
    return given.USERS / given.USERS_SHARE


@check("9.2亿若占 86.4%，网民应有多少；2022 年 12 月公布的数", YI, stated=given.NETIZENS_2022)
def b02_base_2022() -> Band:
    """Internet users if 9.2亿 are 86.4% of them, against December 2022."""
    return given.USERS / given.USERS_SHARE


@check("2020 年 12 月网络支付用户占网民；原文 86.4%", SHARE, stated=given.USERS_SHARE)
def b02_payment() -> Band:
    """Online-payment users among internet users, December 2020, against 86.4%."""
    return given.PAYMENT_2020 / given.NETIZENS_2020


@check("增长 21.3% 倒推的 2020 年用户", YI)
def b03_base_2020() -> Band:
    """Users of 2020 implied by growth of 21.3%."""
    return given.USERS / (given.USERS_GROWTH + 1)


@check("增长 21.3% 倒推的 2020 年用户，占当年 12 月网民", SHARE)
def b03_share_2020() -> Band:
    """Users of 2020 implied by growth of 21.3%, as a share of that December's internet users."""
    return b03_base_2020() / given.NETIZENS_2020


@check(
    "即时通信用户增长，2020 年 12 月到 2023 年 6 月；原文 21.3%", SHARE, stated=given.USERS_GROWTH
)
def b03_messaging() -> Band:
    """Growth of instant messaging, December 2020 to June 2023, against 21.3%."""
    return growth(given.MESSAGING_2020, given.MESSAGING_MID_2023)


@check("社群时长增长，2020 到 2023", SHARE)
def b04_growth() -> Band:
    """Growth of community time, 2020 to 2023."""
    return growth(given.MINUTES_2020, given.MINUTES_2023)


@check("社群时长增长，2020 到 2023，折合每年", SHARE)
def b04_yearly() -> Band:
    """Growth of community time a year, 2020 to 2023."""
    return per_period(b04_growth(), 3)


@check("每天 68 分钟，合每周几小时", HOURS)
def b04_hours() -> Band:
    """68 minutes a day, in hours a week."""
    return hours_a_week(given.MINUTES_2023)


@check("68 分钟占全部上网时长（2021 年 12 月）", SHARE)
def b04_share_of_online() -> Band:
    """68 minutes as a share of all time online (December 2021)."""
    return b04_hours() / given.HOURS_ONLINE_2021


@check("42 分钟占全部上网时长（2020 年 12 月）", SHARE)
def b04_share_of_online_2020() -> Band:
    """42 minutes as a share of all time online (December 2020)."""
    return hours_a_week(given.MINUTES_2020) / (given.HOURS_ONLINE_2021 - given.HOURS_ADDED_2021)


@check("9.2亿的 58.7%：25–35 岁用户", MILLION)
def b05_people() -> Band:
    """Users aged 25–35: 58.7% of 9.2亿."""
    return given.USERS * 100 * given.AGED_25_35


@check("25–35 岁用户占 15–59 岁人口（2020 年普查）", SHARE)
def b05_share_of_adults() -> Band:
    """Users aged 25–35 as a share of everybody aged 15–59 (census of 2020)."""
    return b05_people() / given.ADULTS


@check("若 15–59 岁每个年龄人数相同，25–35 岁的占比", SHARE)
def b05_even_share() -> Band:
    """Share of ages 25–35 if every age from 15 to 59 had as many people."""
    return exact(11, "B05") / 45


@check("2023 年底 25–35 岁的人最多有多少（普查时 20–34 岁）", MILLION)
def b05_bound() -> Band:
    """Most people who could be 25–35 at the end of 2023 (aged 20–34 at the census)."""
    return given.AGED_20_34


@check("25–35 岁用户是同龄人口上限的几倍；最多 1", TIMES, stated=given.NO_MORE_THAN_ALL)
def b05_times_bound() -> Band:
    """Users aged 25–35 over the most people of that age; 1 at most."""
    return b05_people() / given.AGED_20_34


@check("MIUI 存在的周数", WEEKS)
def b11_weeks() -> Band:
    """Weeks that MIUI existed."""
    return exact(given.MIUI_DAYS / 7, "B11")


@check("小米营收，2023 对 2022", SHARE)
def b13_revenue() -> Band:
    """Revenue of Xiaomi, 2023 against 2022."""
    return growth(given.REVENUE_2022, given.REVENUE_2023)


@check("小米手机收入，2023 对 2022", SHARE)
def b13_phones() -> Band:
    """Smartphone revenue of Xiaomi, 2023 against 2022."""
    return growth(given.PHONES_2022, given.PHONES_2023)


@check("两个群体的复购率之和：没有理由等于 100%", SHARE)
def b15_sum() -> Band:
    """Sum of the repeat rates of two groups: no reason to be 100%."""
    return given.REPEAT_IN + given.REPEAT_OUT


@check("两个复购率之比", TIMES)
def b15_ratio() -> Band:
    """Ratio of the two repeat rates."""
    return given.REPEAT_IN / given.REPEAT_OUT


# --- across the plans ----------------------------------------------------------------------------
@check("全体人均 68 分钟、活跃不足 30%：活跃者每天至少", MINUTES)
def x01_minutes() -> Band:
    """Minutes of an active user, at least: 68 over all users, fewer than 30% active."""
    return given.MINUTES_2023 / given.ACTIVE


@check("活跃者每周至少几小时（68 分钟、30%）", HOURS)
def x01_hours() -> Band:
    """Hours a week of an active user, at least (68 minutes, 30%)."""
    return hours_a_week(x01_minutes())


@check("活跃者的社群时长相当于网民人均上网时长（2021 年 12 月），至少", SHARE)
def x01_share_of_online() -> Band:
    """Time of an active user over the average time online (December 2021), at least."""
    return x01_hours() / given.HOURS_ONLINE_2021


@check("A 的市场除以 B 的用户，每人每年", YUAN)
def x02_yuan() -> Band:
    """Market of A over users of B, a user and year."""
    return given.MARKET / given.USERS * 1e4  # trillions over hundreds of millions


@check("2023 年 6 月网购用户占网民；模板说 62.3%", SHARE, stated=given.TEMPLATE_SHARE)
def x03_share() -> Band:
    """Online shoppers among internet users, June 2023, against the template's 62.3%."""
    return given.SHOPPING_MID_2023 / given.NETIZENS_MID_2023


@check("2023 年 6 月网购用户占网民；CNNIC 公布 82.0%", SHARE, stated=given.SHOPPING_SHARE_MID_2023)
def x03_share_published() -> Band:
    """Online shoppers among internet users, June 2023, against CNNIC's own 82.0%."""
    return given.SHOPPING_MID_2023 / given.NETIZENS_MID_2023


@check("8.8亿若占 62.3%，总数应有多少；公布的总人口", YI, stated=given.POPULATION)
def x03_implied_base() -> Band:
    """Everybody if 8.8亿 are 62.3% of them, against the whole population."""
    return given.TEMPLATE_SHOPPERS / given.TEMPLATE_SHARE
