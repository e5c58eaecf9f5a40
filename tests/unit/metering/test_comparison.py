from datetime import date, datetime

import pytest

from services.metering.domain.comparison import (
    Side,
    compared,
    last_day_with_values,
    product_costs,
    side_of,
)
from services.metering.domain.held import PricedUse
from services.metering.domain.period import Period
from services.metering.domain.pricing import UNKNOWN, Premises, Terms, parse_rate_book
from services.metering.domain.readings import Direction
from services.metering.domain.usage import total_of
from tests.unit.metering import rates
from tests.unit.metering.months import HourOf, always, hours

SHIPPED = parse_rate_book(rates.SHIPPED)
APRIL = Period.month_of(date(2026, 4, 1))
BKK = Terms("NO5", "BKK", "SPOT", Premises.HOME)


def april(wh: HourOf, spot: HourOf | None = None, year: int = 2026) -> PricedUse:
    month = Period.month_of(date(year, 4, 1))
    found = hours(month.from_date, month.to_date, wh, spot or always(50_000), terms=BKK)
    return found.priced(SHIPPED, Direction.CONSUMPTION)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (("2026-04-01", "2026-05-01"), ("2025-04-01", "2025-05-01")),
        (("2026-01-01", "2027-01-01"), ("2025-01-01", "2026-01-01")),
        (("2024-02-29", "2024-03-01"), ("2023-02-28", "2023-03-01")),
        (("2024-02-28", "2024-02-29"), ("2023-02-28", "2023-03-01")),
        (("2024-02-01", "2024-03-01"), ("2023-02-01", "2023-03-01")),
        (("2025-02-28", "2025-03-01"), ("2024-02-28", "2024-02-29")),
    ],
)
def test_the_same_dates_a_year_before(period: tuple[str, str], before: tuple[str, str]) -> None:
    now = Period(*map(date.fromisoformat, period))
    assert now.year_before == Period(*map(date.fromisoformat, before))


def test_a_period_is_cut_after_its_last_day_with_values() -> None:
    use = april(lambda start: 100 if (start.day, start.hour) <= (12, 5) else None)
    cut = last_day_with_values(use, APRIL)
    assert cut == Period(date(2026, 4, 1), date(2026, 4, 13))
    assert cut.year_before == Period(date(2025, 4, 1), date(2025, 4, 13))


def test_a_period_without_values_stays_as_it_is() -> None:
    assert last_day_with_values(april(always(None)), APRIL) == APRIL


def test_differences_are_this_period_less_the_one_before() -> None:
    now = side_of(april(always(1500)), APRIL)
    before = side_of(april(always(1000), year=2025), APRIL.year_before)
    both = compared(now, before)
    assert now.total is not None
    assert before.total is not None
    assert both.wh == 720 * 500
    assert both.cost == now.total.cost - before.total.cost


def test_there_is_no_difference_from_what_was_not_held_or_is_unknown() -> None:
    now = side_of(april(always(1500)), APRIL)
    nothing = side_of(None, APRIL.year_before)
    assert nothing == Side(APRIL.year_before, None)
    assert (compared(now, nothing).wh, compared(now, nothing).cost) == (None, None)

    def spot(start: datetime) -> int | None:
        return None if (start.day, start.hour) == (3, 3) else 50_000

    unpriced = side_of(april(always(1000), spot, year=2025), APRIL.year_before)
    both = compared(now, unpriced)
    assert (both.wh, both.cost) == (720 * 500, None)
    unread = side_of(april(always(None), year=2025), APRIL.year_before)
    assert (compared(now, unread).wh, compared(now, unread).cost) == (None, None)


def test_every_product_prices_the_same_hours_and_its_parts_add_up() -> None:
    held = hours(APRIL.from_date, APRIL.to_date, always(2500), always(120_000), terms=BKK)
    costs = {cost.product: cost for cost in product_costs(held, APRIL, SHIPPED)}
    assert set(costs) == set(SHIPPED.products)
    assert [name for name, cost in costs.items() if cost.is_own] == ["SPOT"]
    paid = total_of(held.priced(SHIPPED, Direction.CONSUMPTION)).cost
    assert costs["SPOT"].total == paid
    for cost in costs.values():
        assert cost.total == cost.power + cost.settlement + cost.grid
    # At 1.20 kr/kWh the state pays for both arrangements, and more for Norgespris.
    assert costs["NORGESPRIS"].settlement < costs["SPOT"].settlement < 0
    assert costs["FIXED"].settlement == 0
    assert costs["FIXED"].grid == costs["SPOT"].grid == costs["NORGESPRIS"].grid


def test_what_a_product_needs_and_nobody_knows_makes_it_unknown_and_no_other() -> None:
    held = hours(APRIL.from_date, APRIL.to_date, always(2500), always(None), terms=BKK)
    costs = {cost.product: cost for cost in product_costs(held, APRIL, SHIPPED)}
    assert costs["SPOT"].total == costs["SPOT"].power == UNKNOWN
    assert costs["SPOT"].grid != UNKNOWN
    assert costs["FIXED"].total != UNKNOWN


def test_products_are_compared_within_the_period_only() -> None:
    held = hours(APRIL.from_date, APRIL.to_date, always(1000), always(50_000), terms=BKK)
    day = Period(date(2026, 4, 6), date(2026, 4, 7))
    [own] = [cost for cost in product_costs(held, day, SHIPPED) if cost.is_own]
    assert own.total == total_of(held.priced(SHIPPED, Direction.CONSUMPTION).within(day)).cost
