"""The ledger of claims, the rounding of stated numbers, and the audit's arithmetic."""

import csv
import re
from decimal import ROUND_HALF_EVEN, Decimal

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shequn.charts.claims import alt, verdict_bars
from shequn.paths import DATA, HOME
from shequn.plan.bands import Band, exact, rounded
from shequn.plan.claims import (
    CONFIDENCE,
    VERDICTS,
    audit,
    audit_table,
    counts_table,
    ledger,
    verdict_counts,
)
from shequn.text import ShequnError

LEDGER = DATA / "claims.csv"
BILINGUAL = ("arithmetic", "evidence", "treatment", "claim")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with LEDGER.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def checks() -> pd.DataFrame:
    return audit().set_index("check")


# --- rounding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "low", "high"),
    [
        ("86.4", 86.35, 86.45),
        ("9.2", 9.15, 9.25),
        ("68", 67.5, 68.5),
        ("20.0", 19.95, 20.05),
        ("1,503", 1502.5, 1503.5),
        ("-25.9", -25.95, -25.85),
        ("0", -0.5, 0.5),
    ],
)
def test_band_of_stated_digits(stated: str, low: float, high: float) -> None:
    """Half a unit of the last printed digit either way; a printed zero is a digit."""
    band = rounded(stated)
    assert (band.low, band.high) == (low, high)


def test_scale_turns_percent_into_a_share() -> None:
    band = rounded("86.4", "B02", scale=0.01)
    assert (band.value, band.low, band.high) == pytest.approx((0.864, 0.8635, 0.8645))
    assert band.sources == {"B02"}
    turned = rounded("5", scale=-1)
    assert (turned.low, turned.high) == (-5.5, -4.5)


@pytest.mark.parametrize("stated", ["", "1:20", "nan", "Infinity", "about 30", "30%"])
def test_what_is_not_a_number_is_refused_in_both_languages(stated: str) -> None:
    with pytest.raises(ShequnError) as error:
        rounded(stated)
    assert "86.4" in error.value.say("en")
    assert "不是数字" in error.value.say("zh")


places = st.integers(0, 4)
numbers = st.decimals("0.01", "99999", places=6)


@given(number=numbers, digits=places)
def test_the_band_of_a_rounded_number_holds_the_number(number: Decimal, digits: int) -> None:
    stated = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    band = rounded(str(stated))
    assert band.low <= float(number) <= band.high
    assert band.high - band.low == pytest.approx(10.0**-digits, rel=1e-6)


@given(number=numbers, digits=places, inside=st.floats(-0.499, 0.499))
def test_every_number_inside_the_band_is_printed_the_same(
    number: Decimal, digits: int, inside: float
) -> None:
    stated = number.quantize(Decimal(1).scaleb(-digits))
    near = stated + Decimal(inside) * Decimal(1).scaleb(-digits)
    assert float(f"{near:.{digits}f}") == float(stated)
    assert rounded(str(stated)).agrees(exact(float(near)))


bands = st.tuples(st.floats(0.01, 1e4), st.floats(0, 1), st.floats(0, 1)).map(
    lambda t: Band(t[0], t[0] * (1 - t[1] / 2), t[0] * (1 + t[2]))
)


@given(a=bands, b=bands, s=st.floats(0, 1), t=st.floats(0, 1))
def test_interval_arithmetic_holds_every_result(a: Band, b: Band, s: float, t: float) -> None:
    x, y = a.low + s * (a.high - a.low), b.low + t * (b.high - b.low)
    for result, true in ((a + b, x + y), (a - b, x - y), (a * b, x * y), (a / b, x / y)):
        slack = 1e-9 * max(1.0, abs(true))
        assert result.low - slack <= true <= result.high + slack
        assert result.low - slack <= result.value <= result.high + slack


@given(a=bands, b=bands)
def test_agreement_is_mutual_and_means_a_common_number(a: Band, b: Band) -> None:
    assert a.agrees(b) == b.agrees(a) == (max(a.low, b.low) <= min(a.high, b.high))
    assert a.agrees(a)
    assume(a.high > a.low)
    assert not a.agrees(exact(a.high + 1))


def test_a_divisor_that_may_be_zero_is_refused() -> None:
    with pytest.raises(ZeroDivisionError):
        exact(1) / Band(1, -1, 2)


def test_sources_travel_with_the_arithmetic() -> None:
    product = rounded("9.2", "B01") / rounded("86.4", "B02") * 100 - 1
    assert product.rising(float).sources == {"B01", "B02"}


# --- the audit, by hand ---------------------------------------------------------------------------

HAND = {
    # 1.2 / 1.3^5 = 1.2 / 3.71293; 1.2 × 1.3^3 = 1.2 × 2.197
    "a03_size_2017": (0.32320, 1.15 / 1.305**5, 1.25 / 1.295**5),
    "a03_size_2025": (2.6364, 1.15 * 1.295**3, 1.25 * 1.305**3),
    # 10.92 / 9.89 = 1.104146; its cube root 1.033575; 0.248 / (10.92 - 0.248) = 0.248 / 10.672
    "a06_growth": (0.104146, 10.915 / 9.895 - 1, 10.925 / 9.885 - 1),
    "a06_yearly": (0.033575, None, None),
    "a06_growth_2023": (0.0232384, 0.24795 / 10.67705, 0.24805 / 10.66695),
    # 1503 / 142 = 10.5845; 390 / 526 = 0.741445
    "a07_jd": (9.5845, 1502.5 / 142.5 - 1, 1503.5 / 141.5 - 1),
    "a07_alibaba": (-0.258555, 389.5 / 526.5 - 1, 390.5 / 525.5 - 1),
    "a14_largest_gap": (0.15, 0, 0.155),
    "a18_ratio": (3, 14.5 / 5.5, 15.5 / 4.5),
    "a19_neither": (0.60, 0.59, 0.61),  # 100 - 10 - 30, each half a point either way
    "a22_sum": (1.00, 0.98, 1.02),  # four shares, half a point each
    "a28_listed": (5, 5, 5),
    "a30_cost_5": (46, 2.25 / 0.055, 2.35 / 0.045),
    "a30_cost_15": (15.3333, 2.25 / 0.155, 2.35 / 0.145),
    "a31_return_if_20": (19, 19, 19),  # (20 - 1) / 1
    "a31_return_if_1_20": (-0.95, -0.95, -0.95),  # (1 - 20) / 20
    "a31_income_if_20": (920, None, None),  # 46 × 20
    "a31_income_if_1_20": (2.3, None, None),  # 46 / 20
    "a37_divided_by_four": (0.601807, None, None),  # 1.125^4 = 1.265625^2 = 1.601807
    "a38_quarterly": (0.106682, None, None),  # 1.106682^4 = 1.224745^2 = 1.5
    "a38_monthly": (0.0343661, None, None),  # 1.0343661^12 = 1.5
    "b01_share": (0.842491, 9.15 / 10.925, 9.25 / 10.915),
    "b01_shopping": (9.1487, 9.1436, 9.1538),  # 8.84 - 0.388 + 0.6967, ±0.005 ±0.00005 ±0.00005
    "b02_implied_base": (10.648148, 9.15 / 0.8645, 9.25 / 0.8635),
    "b02_base_2022": (10.648148, None, None),
    "b02_payment": (0.863498, 8.535 / 9.895, 8.545 / 9.885),
    "b03_base_2020": (7.584501, 9.15 / 1.2135, 9.25 / 1.2125),
    "b03_share_2020": (0.766886, None, None),  # 7.584501 / 9.89
    "b03_messaging": (0.067278, None, None),  # 10.47 / 9.81 - 1
    "b04_growth": (0.619048, 67.5 / 42.5 - 1, 68.5 / 41.5 - 1),
    "b04_yearly": (0.174230, None, None),  # 1.17423^3 = 1.619048
    "b04_hours": (7.933333, 67.5 * 7 / 60, 68.5 * 7 / 60),
    "b04_share_of_online": (0.278363, None, None),  # 7.933333 / 28.5
    "b04_share_of_online_2020": (0.187023, None, None),  # 42 × 7 / 60 = 4.9; 4.9 / 26.2
    "b05_people": (540.04, 915 * 0.5865, 925 * 0.5875),  # 920 × 0.587
    "b05_share_of_adults": (0.603818, None, None),  # 540.04 / 894.376020
    "b05_even_share": (0.244444, None, None),  # 25, 26, …, 35 are 11 of 45
    "b05_bound": (290.934197, 290.934197, 290.934197),
    "b05_times_bound": (1.856227, None, None),  # 540.04 / 290.934197
    "b11_weeks": (687.142857, None, None),  # 4,810 days / 7
    "b13_revenue": (-0.032388, None, None),  # 2709.7 / 2800.4 = 0.967612
    "b13_phones": (-0.058014, None, None),  # 1575 / 1672 = 0.941986
    "b15_sum": (1.00, 0.99, 1.01),
    "b15_ratio": (2.125, 67.5 / 32.5, 68.5 / 31.5),
    "x01_minutes": (226.6667, 67.5 / 0.305, 68.5 / 0.295),
    "x01_hours": (26.44444, None, None),  # 226.6667 × 7 / 60
    "x01_share_of_online": (0.927875, None, None),  # 26.44444 / 28.5
    "x02_yuan": (1304.348, 1.15e12 / 9.25e8, 1.25e12 / 9.15e8),
    "x03_share": (0.819277, 8.835 / 10.795, 8.845 / 10.785),
    "x03_share_published": (0.819277, None, None),
    "x03_implied_base": (14.125201, 8.75 / 0.6235, 8.85 / 0.6225),
}


def test_every_check_is_worked_by_hand(checks: pd.DataFrame) -> None:
    """Each value and, where the bounds are simple, each bound; workings beside the numbers."""
    assert set(HAND) == set(checks.index)
    for name, (value, low, high) in HAND.items():
        row = checks.loc[name]
        assert row["computed"] == pytest.approx(value, rel=2e-5), name
        if low is not None:
            assert (row["low"], row["high"]) == pytest.approx((low, high)), name


def test_verdicts_of_the_arithmetic(checks: pd.DataFrame) -> None:
    """Which checks fail and which hold, decided by hand.

    86.4% is not in 83.8–84.7%; 10.92 is not in 10.58–10.71, 10.67 (December 2022) is; 86.3–86.4%
    meets 86.35–86.45%; 14.09亿 (10.92 / 77.5%) is in 14.03–14.22; 62.3% is not in 81.8–82.0%.
    """
    holds = checks["holds"].dropna()
    assert set(holds.index[holds]) == {
        "a07_jd", "a22_sum", "b01_shopping", "b02_base_2022", "b02_payment",
        "x03_implied_base", "x03_share_published",
    }  # fmt: skip
    assert set(holds.index[~holds]) == {
        "a07_alibaba", "a28_listed", "b01_share", "b02_implied_base", "b03_messaging",
        "b05_times_bound", "x03_share",
    }  # fmt: skip


def test_the_population_bound_agrees_with_the_bulletin() -> None:
    """From age 15 on, the yearbook's bands fall short of the bulletin by the military alone.

    China Population Census Yearbook 2020, table 3-1, in persons, ages 15–19 to 95–99 and 100 and
    over. Bulletin no. 5, which has the two million in active service: 894,376,020 aged 15–59 and
    264,018,766 aged 60 and over.
    """
    bands = [
        72684140, 74941675, 91847332, 124145190, 99012932, 92955330, 114224887, 121164296,
        101400786, 73382938, 74005560, 49590036, 31238849, 20382878, 10826530, 3652749, 819812,
        118866,
    ]  # fmt: skip
    assert 894376020 + 264018766 - sum(bands) == 2_000_000
    bound = audit().set_index("check").loc["b05_bound", "computed"]
    assert bound * 1e6 == pytest.approx(sum(bands[1:4]))


def test_audit_is_complete_and_bilingual(checks: pd.DataFrame, rows: list[dict[str, str]]) -> None:
    assert checks.index.is_unique
    assert set(checks["id"]) <= {r["id"] for r in rows}
    assert (checks["low"] <= checks["computed"]).all()
    assert (checks["computed"] <= checks["high"]).all()
    for column in ("what_en", "what_zh", "unit", "unit_zh", "sources"):
        assert checks[column].str.len().gt(0).all(), column
    assert not checks["what_en"].duplicated().any()
    assert not checks["what_zh"].duplicated().any()
    assert checks["what_zh"].str.contains(r"[一-鿿]").all()
    assert checks["stated"].isna().equals(checks["holds"].isna())


def test_audit_names_only_sources_that_exist(
    checks: pd.DataFrame, rows: list[dict[str, str]]
) -> None:
    known = {r["id"] for r in rows} | _bibliography()
    for sources in checks["sources"]:
        for source in sources.split("; "):
            assert source in known or source.startswith("http"), source


# --- the ledger -----------------------------------------------------------------------------------


def _bibliography() -> set[str]:
    text = (HOME / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,]+),", text, flags=re.MULTILINE))


def _numbers(text: str) -> list[str]:
    without_months = re.sub(r"(\d{4} 年 )?\d{1,2} 月( \d{1,2} 日)?", r"\1", text)
    without_dates = re.sub(r"\b\d{1,2} (?=(August|October) )", "", without_months)
    return sorted(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", without_dates))


def test_ledger_is_typed() -> None:
    claims = ledger()
    assert len(claims) == 74
    assert claims["id"].is_unique
    assert claims["verdict"].cat.ordered
    assert list(claims["verdict"].cat.categories) == list(VERDICTS)
    assert list(claims["confidence"].cat.categories) == list(CONFIDENCE)
    assert not claims.isna().any().any()
    assert claims["verdict"].min() == "supported"
    assert claims["verdict"].max() == "contradicted"


def test_every_text_stands_in_both_languages(rows: list[dict[str, str]]) -> None:
    pairs = [(f"{k}_en", f"{k}_zh") for k in BILINGUAL]
    for row in rows:
        for en, zh in [*pairs, ("unit", "unit_zh"), ("attributed_source", "attributed_source_zh")]:
            assert bool(row[en]) == bool(row[zh]), (row["id"], en)
        for key in BILINGUAL:
            assert not re.search(r"[一-鿿]", re.sub("[亿万]", "", row[f"{key}_en"])), row["id"]
            assert not re.search(r"[一-鿿][,;:()]|[,;:][一-鿿]", row[f"{key}_zh"]), row["id"]


def test_both_languages_give_the_same_numbers(rows: list[dict[str, str]]) -> None:
    for row in rows:
        for key in ("arithmetic", "evidence", "treatment"):
            assert _numbers(row[f"{key}_en"]) == _numbers(row[f"{key}_zh"]), (row["id"], key)


def test_no_trace_of_the_workshop() -> None:
    text = LEDGER.read_text(encoding="utf-8")
    words = r"stored pages|find_string|\bsearch of|corpor|\.txt|\bline\b|from memory|TODO|find_file"
    assert not re.findall(words, text)
    assert "\r" not in text
    assert not text.startswith("\ufeff")


def test_evidence_comes_from_keys_addresses_or_claims(rows: list[dict[str, str]]) -> None:
    ids = {r["id"] for r in rows}
    known = _bibliography() | ids | {"A", "B"}
    for row in rows:
        for source in filter(None, row["evidence_source"].split("; ")):
            assert source in known or re.fullmatch(r"https?://[^\s;]+", source), (row["id"], source)
            assert source != row["id"]


def test_a_claim_refers_only_to_claims_that_exist(rows: list[dict[str, str]]) -> None:
    ids = {r["id"] for r in rows}
    for row in rows:
        for column, text in row.items():
            if column != "evidence_source":
                assert set(re.findall(r"\b[ABX]\d\d\b", text)) <= ids, (row["id"], column)


def test_counts_by_verdict() -> None:
    """Counted by hand in the file: 14 + 18 + 33 + 5 + 4 = 74, figures 0 + 8 + 14 + 2 + 3 = 27."""
    counts = verdict_counts(ledger())
    assert counts["claims"].tolist() == [14, 18, 33, 5, 4]
    assert counts["quantitative"].tolist() == [0, 8, 14, 2, 3]


def test_a_verdict_nobody_got_counts_zero() -> None:
    counts = verdict_counts(ledger().query("verdict == 'contradicted'"))
    assert counts["claims"].tolist() == [0, 0, 0, 0, 4]


def test_unknown_verdict_is_named(tmp_path) -> None:
    broken = tmp_path / "claims.csv"
    text = LEDGER.read_text(encoding="utf-8").replace(",contradicted,", ",rubbish,", 1)
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(ShequnError, match=r"B01 has the verdict 'rubbish'"):
        ledger(broken)


def test_missing_ledger_says_so(tmp_path) -> None:
    with pytest.raises(ShequnError) as error:
        ledger(tmp_path / "claims.csv")
    assert "找不到台账" in error.value.say("zh")


# --- for reading ----------------------------------------------------------------------------------


def test_table_of_counts_ends_in_the_total() -> None:
    assert counts_table(ledger(), "zh").iloc[-1].tolist() == ["合计", 74, 27]
    assert counts_table(ledger(), "en").iloc[0].tolist() == ["supported", 14, 0]


def test_audit_reads_in_both_languages() -> None:
    en, zh = audit_table("en", "B02"), audit_table("zh", "B02")
    assert en.iloc[0].tolist()[2:] == [
        "10.92", "10.65", "10.58 – 10.71", "hundred million", "no",
    ]  # fmt: skip
    assert zh.iloc[0].tolist()[2:] == ["10.92", "10.65", "10.58 – 10.71", "亿", "否"]
    assert len(audit_table("en")) == len(HAND)


def test_bounds_and_shares_read_as_such() -> None:
    assert audit_table("en", "B05").iloc[-1].tolist()[2:4] == ["≤ 1", "1.86"]
    assert audit_table("en", "A07").iloc[0].tolist()[2] == "≥ 0"
    assert audit_table("en", "A14").iloc[0].tolist()[2:6] == ["—", "15", "0 – 15.5", "%"]
    exact_row = audit_table("en", "A31").iloc[0].tolist()
    assert exact_row[2:] == ["—", "1,900", "—", "%", "—"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figure_and_its_words_carry_the_counts(lang: str) -> None:
    figure = verdict_bars(ledger(), lang)
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert sorted(texts, key=int) == sorted(
        ["14", "18", "33", "5", "4", "8", "14", "2", "3"], key=int
    )
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        v[lang] for v in VERDICTS.values()
    ]
    assert f"{VERDICTS['contradicted'][lang]} 4 (3)" in alt(ledger(), lang)


def test_figure_of_an_empty_ledger_does_not_fail() -> None:
    assert verdict_bars(ledger().iloc[:0], "en").axes


@pytest.mark.parametrize(
    "page", ["notebooks/plan/claims_audit.md", "zh/notebooks/plan/claims_audit.md"]
)
def test_page_glues_only_what_is_recorded(page: str, checks: pd.DataFrame) -> None:
    text = (HOME / page).read_text(encoding="utf-8")
    counted = {
        "claims_total", "claims_supported", "claims_undefined", "claims_unsupported",
        "claims_inconsistent", "claims_contradicted", "quantitative_total",
        "quantitative_supported",
    }  # fmt: skip
    glued = set(re.findall(r"\{glue:text\}`(\w+):", text))
    assert glued <= counted | set(checks.index)
    assert set(re.findall(r"<claim-([abx]\d\d)>", text)) <= {i.lower() for i in ledger()["id"]}
