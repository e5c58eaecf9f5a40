from dataclasses import replace
from datetime import date, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metering.domain.bill import Bill, BillLine, Part, bill_of
from services.metering.domain.held import HeldHours
from services.metering.domain.period import Period, Resolution
from services.metering.domain.pricing import (
    UNKNOWN,
    Component,
    Premises,
    PricedPart,
    RateBook,
    Terms,
    capacity,
    parse_rate_book,
)
from services.metering.domain.readings import Direction
from services.metering.domain.usage import total_of, usage_of
from tests.unit.metering import rates
from tests.unit.metering.months import always, hours
from tests.unit.metering.test_pricing import parts_from

SHIPPED = parse_rate_book(rates.SHIPPED)
APRIL = Period.month_of(date(2026, 4, 1))
BKK = Terms("NO5", "BKK", "SPOT", Premises.HOME)


def bill(used: HeldHours, produced: HeldHours | None = None, book: RateBook = SHIPPED) -> Bill:
    standing = capacity(book, used.parts, APRIL.from_date)
    assert standing is not None
    return bill_of(
        used.priced(book, Direction.CONSUMPTION),
        None if produced is None else produced.priced(book, Direction.PRODUCTION),
        standing,
    )


def line(found: Bill, component: Component, band: str | None = None) -> BillLine:
    [one] = [each for each in found.lines if (each.component, each.band) == (component, band)]
    return one


def april(wh: int | None = 1000, spot: int | None = 100_000, terms: Terms = BKK) -> HeldHours:
    return hours(APRIL.from_date, APRIL.to_date, always(wh), always(spot), terms=terms)


def in_april(parts: list[PricedPart]) -> list[PricedPart]:
    inside = [part.within(APRIL.first_hour, APRIL.end_hour) for part in parts]
    return [part for part in inside if part is not None]


monthly_parts = parts_from(date(2026, 4, 2), ["BKK", "Linja", "nobody"]).map(in_april)


def held(parts: list[PricedPart]) -> HeldHours:
    return HeldHours(parts, np.ones(sum(len(part.wh) for part in parts), np.uint8))


@settings(max_examples=80, deadline=None)
@given(parts=monthly_parts, produces=st.booleans())
def test_the_lines_add_up_to_the_month_of_usage_to_the_last_digit(
    parts: list[PricedPart], *, produces: bool
) -> None:
    used = held(parts)
    found = bill(used, used if produces else None)
    usages = [usage_of(used.priced(SHIPPED, Direction.CONSUMPTION), Resolution.MONTH).total]
    if produces:
        usages.append(usage_of(used.priced(SHIPPED, Direction.PRODUCTION), Resolution.MONTH).total)
    costs = [usage.cost for usage in usages if usage.missing_hours < usage.hours]
    whole = UNKNOWN if not costs or UNKNOWN in costs else sum(costs)
    assert found.total == whole
    amounts = [each.amount for each in found.lines]
    if whole == UNKNOWN:
        assert not costs or UNKNOWN in amounts
    else:
        assert sum(amounts) == whole == found.power + found.grid
        for part in Part:
            on_it = sum(each.amount for each in found.lines if each.part is part)
            assert on_it == (found.power if part is Part.POWER else found.grid)


@settings(max_examples=60, deadline=None)
@given(monthly_parts)
def test_every_line_is_the_component_of_a_full_usage(parts: list[PricedPart]) -> None:
    use = held(parts).priced(SHIPPED, Direction.CONSUMPTION)
    for component, cost in total_of(use, by_component=True).components.items():
        amounts = [each.amount for each in bill(held(parts)).lines if each.component is component]
        if use.missing.all():
            assert amounts == []
        elif cost == UNKNOWN:
            assert UNKNOWN in amounts
        else:
            assert sum(amounts) == cost


def test_a_line_with_one_price_is_its_energy_times_that_price() -> None:
    found = bill(april())
    day = line(found, Component.GRID_ENERGY, "day")
    night = line(found, Component.GRID_ENERGY, "night")
    assert (day.wh or 0) + (night.wh or 0) == found.consumption.wh == 720_000
    for each in (day, night, line(found, Component.MARKUP), line(found, Component.POWER)):
        assert each.price is not None
        assert each.wh is not None
        assert each.amount == each.wh * each.price
        assert each.mean_price == each.price


def test_a_line_with_several_prices_shows_their_mean_and_no_price() -> None:
    used = hours(
        APRIL.from_date,
        APRIL.to_date,
        always(1000),
        lambda start: 100_000 if start.day == 1 else 0,
        terms=BKK,
    )
    power = line(bill(used), Component.POWER)
    assert power.price is None
    # 24 of 720 hours at 1.25 kr/kWh.
    assert power.amount == 24 * 1000 * 125_000
    assert power.mean_price == 4167


def test_monthly_amounts_have_neither_energy_nor_price() -> None:
    found = bill(april())
    for component in (Component.CAPACITY, Component.MONTHLY_FEE):
        monthly = [each for each in found.lines if each.component is component]
        assert all((each.wh, each.price, each.mean_price) == (None, None, None) for each in monthly)
    assert found.capacity.step is not None
    assert line(found, Component.CAPACITY).amount == found.capacity.step.month_amount


def test_stromstotte_and_norgespris_stand_on_the_grid_s_bill() -> None:
    spot = bill(april())
    norgespris = bill(april(terms=Terms("NO5", "BKK", "NORGESPRIS", Premises.HOME)))
    assert line(spot, Component.STROMSTOTTE).part is Part.GRID
    assert line(norgespris, Component.NORGESPRIS).part is Part.GRID
    assert [each.part for each in spot.lines] == sorted(
        (each.part for each in spot.lines), key=lambda part: part is Part.GRID
    )


def test_what_does_not_apply_is_left_out() -> None:
    components = {each.component for each in bill(april()).lines}
    assert Component.NORGESPRIS not in components
    assert Component.SURPLUS not in components
    assert Component.STROMSTOTTE in components


def test_an_unknown_spot_price_makes_its_lines_and_the_sums_unknown_and_no_others() -> None:
    def spot(start: datetime) -> int | None:
        return None if (start.day, start.hour) == (30, 23) else 100_000

    found = bill(hours(APRIL.from_date, APRIL.to_date, always(1000), spot, terms=BKK))
    power = line(found, Component.POWER)
    assert (power.amount, power.price, power.mean_price) == (UNKNOWN, None, None)
    assert found.power == found.grid == found.total == UNKNOWN
    assert line(found, Component.CONSUMPTION_TAX).amount != UNKNOWN
    assert found.consumption.unpriced_hours == 1


def test_a_month_without_any_value_has_no_lines_and_no_sums() -> None:
    found = bill(april(wh=None))
    assert found.lines == []
    assert found.power == found.grid == found.total == UNKNOWN
    assert found.consumption.missing_hours == 720


def test_a_month_that_has_not_begun_misses_nothing_and_has_no_sums() -> None:
    found = bill(replace(april(wh=None), now_hour=APRIL.first_hour))
    assert found.lines == []
    assert found.power == found.grid == found.total == UNKNOWN
    assert found.consumption.missing_hours == 0


def test_production_is_a_line_of_its_own_and_is_never_netted() -> None:
    without, found = bill(april()), bill(april(), april(wh=2000))
    surplus = line(found, Component.SURPLUS)
    assert surplus.part is Part.POWER
    assert surplus.wh == 2 * 720_000
    assert surplus.amount < 0
    assert found.consumption == without.consumption
    assert found.total == without.total + surplus.amount
    assert found.production is not None
    assert found.production.cost == surplus.amount


def test_a_point_that_produces_nothing_has_no_line_for_it() -> None:
    found = bill(april(), april(wh=None))
    assert found.production is None
    assert Component.SURPLUS not in {each.component for each in found.lines}


def test_a_bill_says_from_when_to_when_the_customer_held_the_point() -> None:
    moved = hours(date(2026, 4, 15), APRIL.to_date, always(1000), always(100_000), terms=BKK)
    found = bill(moved)
    assert found.first_hour == Period(date(2026, 4, 15), APRIL.to_date).first_hour
    assert found.end_hour == APRIL.end_hour
    assert found.consumption.hours == 16 * 24
