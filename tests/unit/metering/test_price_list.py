from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metering.domain.calendar import first_hour
from services.metering.domain.price_list import PriceList, parse_price_list
from services.metering.domain.prices import UNKNOWN_PRICE

PRICES = """
[[product]]
name = "SPOT"
source = "made up"
nok_per_kwh_ex_vat = "0.04900"
from = 2026-01-01
to = 2026-04-01

[[product]]
name = "SPOT"
source = "made up"
nok_per_kwh_ex_vat = "0.03"
from = 2026-04-01

[[vat]]
price_areas = ["NO3", "NO5"]
source = "made up"
percent = "25"
from = 2005-01-01
to = 2026-07-01

[[vat]]
price_areas = ["NO4"]
source = "made up"
percent = "0"
from = 2005-01-01
"""


def price(of: PriceList, spot: int, day: date, area: str = "NO3", product: str = "SPOT") -> int:
    return int(of.retail(np.array([spot], np.int32), first_hour(day), area, product)[0])


def test_the_price_with_vat_is_what_is_rounded_as_on_the_bill() -> None:
    prices = parse_price_list(PRICES)
    # 35.963 øre with VAT on BKK's bill is 28.77 * 1.25 = 35.9625.
    assert price(prices, 28770 - 3000, date(2026, 6, 1)) == 35963


@given(st.integers(-10_000_000, 10_000_000))
def test_rounding_is_half_away_from_zero(spot: int) -> None:
    exact = (Decimal(spot) + 3000) * Decimal("1.25")
    rounded = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert price(parse_price_list(PRICES), spot, date(2026, 6, 1)) == rounded


def test_a_negative_price_stays_negative() -> None:
    assert price(parse_price_list(PRICES), -50_000, date(2026, 6, 1)) == -58_750


def test_a_rate_holds_from_its_date_until_it_ends() -> None:
    prices = parse_price_list(PRICES)
    march, april = first_hour(date(2026, 3, 31)), first_hour(date(2026, 4, 1))
    spot = np.zeros(april - march + 24, np.int32)
    retail = prices.retail(spot, march, "NO3", "SPOT")
    assert retail[: april - march].tolist() == [6125] * 24
    assert retail[april - march :].tolist() == [3750] * 24


def test_a_date_or_a_product_without_a_rate_has_no_price() -> None:
    prices = parse_price_list(PRICES)
    assert price(prices, 5, date(2025, 12, 31)) == UNKNOWN_PRICE  # before the first markup
    assert price(prices, 5, date(2026, 7, 1)) == UNKNOWN_PRICE  # after the last VAT
    assert price(prices, 5, date(2026, 6, 1), product="FIXED") == UNKNOWN_PRICE
    assert price(prices, UNKNOWN_PRICE, date(2026, 6, 1)) == UNKNOWN_PRICE


def test_vat_depends_on_the_price_area() -> None:
    assert price(parse_price_list(PRICES), 97_000, date(2026, 6, 1), "NO4") == 100_000


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('"0.03"', '"0.0300001"', "more than 5 decimals"),
        ("from = 2026-04-01", "from = 2026-03-31", "two rates for SPOT"),
        ("to = 2026-04-01", "to = 2026-01-01", "does not end after it begins"),
    ],
)
def test_a_price_list_with_too_fine_overlapping_or_empty_rates_is_refused(
    before: str, after: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_price_list(PRICES.replace(before, after))
