from datetime import date

import numpy as np
import pytest

from services.metering.domain.calendar import day_of, local_moment_of
from services.metering.domain.layout import Layout
from services.metering.domain.prices import UNKNOWN_PRICE, SpotDays
from services.metering.domain.pricing import UNKNOWN, RateBook, parse_rate_book, rate_book_of
from services.metering.domain.spot import SpotDay, spot_days
from tests.unit.metering import rates

SHIPPED = parse_rate_book(rates.SHIPPED)
DAY = date(2026, 4, 6)


def shown(
    amounts: list[int], area: str = "NO3", day: date = DAY, book: RateBook = SHIPPED
) -> SpotDay:
    final = np.zeros(len(amounts), np.bool_)
    layout = Layout(np.array([day_of(day)]))
    [found] = spot_days(area, SpotDays(layout, np.array(amounts, np.int32), final), book)
    return found


def clock(found: SpotDay) -> list[str]:
    return [local_moment_of(hour).strftime("%H%z") for hour in found.cheapest]


def test_the_cheapest_hours_come_first_and_of_equal_ones_the_earlier() -> None:
    found = shown([5] * 10 + [3, 4, 3] + [5] * 11)
    assert clock(found) == ["10+0200", "12+0200", "11+0200"]
    assert clock(shown([7] * 24)) == ["00+0200", "01+0200", "02+0200"]


def test_prices_have_the_vat_of_the_area_rounded_half_away_from_zero() -> None:
    found = shown([99_069, -2, 2] + [0] * 21)
    assert found.with_vat[:3].tolist() == [123_836, -3, 3]
    assert (found.lowest, found.highest) == (-3, 123_836)
    # 123,836 over 24 hours is 5,159.8.
    assert found.mean == 5160


def test_there_is_no_vat_in_the_north() -> None:
    assert shown([99_069] * 24, area="NO4").with_vat.tolist() == [99_069] * 24


def test_an_unknown_hour_is_unknown_and_counts_in_nothing() -> None:
    found = shown([8, UNKNOWN_PRICE] + [16] * 22)
    assert found.ex_vat[1] == UNKNOWN_PRICE
    assert found.with_vat[1] == UNKNOWN
    assert (found.lowest, found.highest) == (10, 20)
    assert found.mean == 20  # 450 / 23, rounded
    assert clock(found) == ["00+0200", "02+0200", "03+0200"]


def test_without_rates_there_is_no_price_with_vat() -> None:
    found = shown([8] * 24, book=rate_book_of(()))
    assert (found.with_vat == UNKNOWN).all()
    assert (found.lowest, found.highest, found.mean, found.cheapest) == (None, None, None, [])
    assert found.ex_vat.tolist() == [8] * 24


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_has_the_hours_that_it_has(day: date, count: int) -> None:
    found = shown(list(range(count, 0, -1)), day=day)
    assert len(found.start_hours) == count
    assert clock(found)[0].startswith("23")


def test_a_day_that_is_not_published_is_left_out() -> None:
    days = Layout(np.array([day_of(DAY), day_of(DAY) + 1]))
    amounts = np.array([8] * 24 + [UNKNOWN_PRICE] * 24, np.int32)
    found = spot_days("NO3", SpotDays(days, amounts, np.zeros(48, np.bool_)), SHIPPED)
    assert [each.day for each in found] == [DAY]
