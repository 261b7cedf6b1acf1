"""Inputs of the ledger's arithmetic: each names its claim, its bibliography key or its address."""

from __future__ import annotations

import math
from datetime import date

from shequn.plan.bands import Band, exact, rounded

PERCENT = 0.01

# --- what plans A and B say; the source is the claim ---------------------------------------------
MARKET = rounded("1.2", "A02")  # trillion yuan, 2022
MARKET_GROWTH = rounded("30", "A03", scale=PERCENT)  # "above", per year
CONVERSION_HIGH = rounded("15", "A18", scale=PERCENT)  # "below"
CONVERSION_LOW = rounded("5", "A29", scale=PERCENT)  # "below"
ACTIVE = rounded("30", "A19", scale=PERCENT)  # "below"
TYPES = tuple(
    rounded(share, claim, scale=PERCENT)
    for share, claim in (("43", "A22"), ("28", "A23"), ("19", "A24"), ("10", "A25"))
)
SILENT = TYPES[3]
CONTRADICTIONS = ("rising cost", "shorter lifetime value", "2.3 yuan", "below 5%", "1:20")
CONTACT_COST = rounded("2.3", "A30")  # yuan per person
RETURN_RATIO = exact(20, "A31")  # of "1:20"; an order of words, not a rounding
YEAR_GOAL = exact(0.5, "A38")  # a goal is set, not measured
USERS = rounded("9.2", "B01")  # hundred million, December 2023
USERS_SHARE = rounded("86.4", "B02", scale=PERCENT)  # of netizens
USERS_GROWTH = rounded("21.3", "B03", scale=PERCENT)  # since 2020
MINUTES_2020, MINUTES_2023 = rounded("42", "B04"), rounded("68", "B04")  # per user and day
AGED_25_35 = rounded("58.7", "B05", scale=PERCENT)  # of users
REPEAT_IN, REPEAT_OUT = rounded("68", "B14", scale=PERCENT), rounded("32", "B15", scale=PERCENT)
TEMPLATE_SHARE = rounded("62.3", "X03", scale=PERCENT)  # of netizens, online shoppers
TEMPLATE_SHOPPERS = rounded("8.8", "X03")  # hundred million

# --- what has been published ---------------------------------------------------------------------
NETIZENS_2020 = rounded("9.89", "cnnic2021report47")  # hundred million, December
NETIZENS_MID_2023 = rounded("10.79", "cnnic2023report52")  # June
NETIZENS_2023 = rounded("10.92", "cnnic2024report53")  # December
NETIZENS_ADDED_2023 = rounded("2,480", "cnnic2024report53", scale=1e-4)
PENETRATION_2023 = rounded("77.5", "cnnic2024report53", scale=PERCENT)  # of the population
MESSAGING_2020 = rounded("9.81", "cnnic2021report47")  # users of instant messaging
MESSAGING_MID_2023 = rounded("10.47", "cnnic2023report52")
PAYMENT_2020 = rounded("8.54", "cnnic2021report47")  # users of online payment
SHOPPING_MID_2023 = rounded("8.84", "cnnic2023report52")  # users of online shopping
SHOPPING_ADDED_HALF = rounded("3,880", "cnnic2023report52", scale=1e-4)  # December to June
SHOPPING_ADDED_2023 = rounded("6,967", "cnnic2024report53", scale=1e-4)
SHOPPING_SHARE_MID_2023 = rounded("82.0", "cnnic2023report52", scale=PERCENT)
ADULTS = exact(894.376020, "nbs2021census5")  # million aged 15–59, November 2020
# Million aged 20–24, 25–29 and 30–34 in November 2020: China Population Census Yearbook 2020,
# table 3-1, without the military. Who was 25–35 at the end of 2023 was 21–32 then.
AGED_20_34 = exact(74.941675 + 91.847332 + 124.145190, "B05")
_CNNIC_49 = "http://fromgeek.com/internet/50-465212.html"
HOURS_ONLINE_2021 = rounded("28.5", _CNNIC_49)  # per netizen and week, December
HOURS_ADDED_2021 = rounded("2.3", _CNNIC_49)
_PRESS = "http://gobaobao.cn/29/197.html"
JD_2016, JD_2018 = rounded("142", _PRESS), rounded("1,503", _PRESS)  # yuan per new customer
ALIBABA_2016, ALIBABA_2018 = rounded("526", _PRESS), rounded("390", _PRESS)
REVENUE_2022 = rounded("2,800.4", "xiaomi2024results")  # hundred million yuan
REVENUE_2023 = rounded("2,709.7", "xiaomi2024results")
PHONES_2022, PHONES_2023 = (rounded(x, "xiaomi2024results") for x in ("1,672", "1,575"))
MIUI_DAYS = (date(2023, 10, 17) - date(2010, 8, 16)).days
POPULATION = NETIZENS_2023 / PENETRATION_2023
NETIZENS_2022 = NETIZENS_2023 - NETIZENS_ADDED_2023

# --- what a statement allows ---------------------------------------------------------------------
NO_MORE_THAN_ALL = Band(1, -math.inf, 1)
NO_FALL = Band(0, 0, math.inf)
