from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services.metering
from kit import texts
from kit.errors import Invalid
from services.metering.domain.calendar import hour_of, local_moment_of
from services.metering.domain.contracts import Holding
from services.metering.domain.layout import Layout
from services.metering.domain.price_list import parse_price_list
from services.metering.domain.prices import UNKNOWN_PRICE, PriceDays
from services.metering.domain.readings import MISSING
from services.metering.domain.usage import (
    UNKNOWN,
    Held,
    Period,
    Resolution,
    Usage,
    parse_period,
    usage_of,
)
from tests.unit.metering.series import held_in, periods
from tests.unit.metering.series import holding as home

PRICE_LIST = parse_price_list(
    (Path(services.metering.__file__).parent / "products.toml").read_text()
)
DAY = Period(date(2026, 4, 6), date(2026, 4, 7))

seen = periods().flatmap(lambda period: st.tuples(st.just(period), held_in(period)))


def one_day(wh: list[int], prices: list[int], holding: Holding | None = None) -> Held:
    layout = Layout.of(np.arange(DAY.first_hour, DAY.end_hour))
    return Held(
        holdings=[holding or home(DAY.first_hour, DAY.end_hour)],
        layout=layout,
        wh=np.array(wh, np.int32),
        estimated=np.zeros(24, np.bool_),
        prices={"NO3": PriceDays(layout, np.array(prices, np.int32))},
    )


def label(resolution: Resolution, hour: int) -> object:
    """Names the bucket of an hour by what clocks and calendars show."""
    moment = local_moment_of(hour)
    match resolution:
        case Resolution.YEAR:
            return moment.year
        case Resolution.MONTH:
            return moment.year, moment.month
        case Resolution.DAY:
            return moment.date()
        case Resolution.HOUR:
            return hour


def slow_price(spot: int) -> int:
    with_vat = (Decimal(spot) + 3900) * Decimal("1.25")
    return int(with_vat.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class Reference:
    """Adds up hour by hour, in Python's own numbers, from the rules alone."""

    def __init__(self, held: Held, period: Period, resolution: Resolution) -> None:
        spot = held.prices["NO3"]
        wh = dict(zip(held.layout.hours.tolist(), held.wh.tolist(), strict=True))
        estimated = dict(zip(held.layout.hours.tolist(), held.estimated.tolist(), strict=True))
        prices = dict(zip(spot.layout.hours.tolist(), spot.amounts.tolist(), strict=True))
        self.buckets: dict[object, dict[str, int]] = {}
        for hour in range(period.first_hour, period.end_hour):
            if not any(one.first_hour <= hour < one.end_hour for one in held.holdings):
                continue
            name = label(resolution, hour)
            new = {"start": hour, "wh": 0, "cost": 0, "hours": 0, "known": 0, "estimated": 0}
            bucket = self.buckets.setdefault(name, new | {"unpriced": 0})
            bucket["hours"] += 1
            energy, price = wh.get(hour, MISSING), prices.get(hour, UNKNOWN_PRICE)
            if energy == MISSING:
                continue
            bucket["known"] += 1
            bucket["wh"] += energy
            bucket["estimated"] += estimated[hour]
            if price == UNKNOWN_PRICE:
                bucket["unpriced"] += 1
            else:
                bucket["cost"] += energy * slow_price(price)

    def column(self, name: str) -> list[int]:
        return [bucket[name] for bucket in self.buckets.values()]

    def wh(self) -> list[int]:
        return [bucket["wh"] if bucket["known"] else UNKNOWN for bucket in self.buckets.values()]

    def cost(self) -> list[int]:
        return [
            bucket["cost"] if bucket["known"] and not bucket["unpriced"] else UNKNOWN
            for bucket in self.buckets.values()
        ]

    def missing(self) -> list[int]:
        return [bucket["hours"] - bucket["known"] for bucket in self.buckets.values()]


@settings(max_examples=60, deadline=None)
@given(seen, st.sampled_from(Resolution))
def test_every_bucket_is_what_adding_up_hour_by_hour_gives(
    case: tuple[Period, Held], resolution: Resolution
) -> None:
    period, held = case
    usage = usage_of(held, period, resolution, PRICE_LIST)
    reference = Reference(held, period, resolution)
    assert usage.start_hours.tolist() == reference.column("start")
    assert usage.wh.tolist() == reference.wh()
    assert usage.cost.tolist() == reference.cost()
    assert usage.hours.tolist() == reference.column("hours")
    assert usage.missing_hours.tolist() == reference.missing()
    assert usage.estimated_hours.tolist() == reference.column("estimated")


@settings(max_examples=60, deadline=None)
@given(seen)
def test_hours_days_months_and_years_have_the_same_total(case: tuple[Period, Held]) -> None:
    period, held = case
    usages = [usage_of(held, period, resolution, PRICE_LIST) for resolution in Resolution]
    assert len({usage.total for usage in usages}) == 1
    for usage in usages:
        assert known_sum(usage.wh) == max(usage.total.wh, 0)
        assert usage.hours.sum() == usage.total.hours
        assert usage.missing_hours.sum() == usage.total.missing_hours
        if usage.total.cost != UNKNOWN:
            assert known_sum(usage.cost) == usage.total.cost


def known_sum(column: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    return int(column[column != UNKNOWN].sum())


def test_forty_years_of_the_most_there_can_be_does_not_overflow() -> None:
    period = Period(date(2010, 1, 1), date(2050, 1, 1))
    layout = Layout.of(np.arange(period.first_hour, period.end_hour))
    held = Held(
        holdings=[home(period.first_hour, period.end_hour)],
        layout=layout,
        wh=np.full(layout.size, 1_000_000, np.int32),
        estimated=np.zeros(layout.size, np.bool_),
        prices={"NO3": PriceDays(layout, np.full(layout.size, 10_000_000, np.int32))},
    )
    usage = usage_of(held, period, Resolution.YEAR, PRICE_LIST)
    assert usage.total.cost == usage.total.hours * 1_000_000 * slow_price(10_000_000)


def test_an_hour_without_a_value_is_missing_and_never_zero() -> None:
    usage = usage_of(one_day([1000] * 23 + [MISSING], [5] * 24), DAY, Resolution.HOUR, PRICE_LIST)
    assert usage.wh.tolist() == [1000] * 23 + [UNKNOWN]
    assert usage.cost[-1] == UNKNOWN
    assert usage.total.wh == 23_000
    assert usage.total.missing_hours == 1


def test_an_hour_without_a_price_makes_the_cost_unknown_above_it_too() -> None:
    prices = [5] * 23 + [UNKNOWN_PRICE]
    usage = usage_of(one_day([1000] * 24, prices), DAY, Resolution.DAY, PRICE_LIST)
    assert usage.wh.tolist() == [24_000]
    assert usage.cost.tolist() == [UNKNOWN]
    assert usage.total.cost == UNKNOWN


def test_an_unknown_price_of_an_hour_without_a_value_does_no_harm() -> None:
    prices = [5] * 23 + [UNKNOWN_PRICE]
    usage = usage_of(one_day([1000] * 23 + [MISSING], prices), DAY, Resolution.DAY, PRICE_LIST)
    assert usage.total.cost == 23 * 1000 * slow_price(5)


def test_hours_outside_of_the_contract_leave_no_trace() -> None:
    noon = DAY.first_hour + 12
    held = one_day([999_999] * 12 + [1] * 12, [5] * 24, home(noon, DAY.end_hour))
    for resolution in Resolution:
        usage = usage_of(held, DAY, resolution, PRICE_LIST)
        assert usage.start_hours[0] == noon
        assert usage.total.wh == 12
        assert usage.total.hours == 12


@pytest.mark.parametrize(
    ("from_date", "to_date", "resolution", "field", "reason"),
    [
        ("", "2026-04-07", "DAY", "from_date", "NOT_A_DATE"),
        ("2026-04-06", "7.4.2026", "DAY", "to_date", "NOT_A_DATE"),
        ("2026-04-06", "2026-04-06", "DAY", "to_date", "NOT_AFTER_FROM"),
        ("2026-01-01", "2027-01-03", "HOUR", "to_date", "RANGE_OF_DAYS"),
        ("1986-01-01", "2026-01-02", "YEAR", "to_date", "RANGE_OF_YEARS"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_by_its_field(
    from_date: str, to_date: str, resolution: str, field: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_period(from_date, to_date, Resolution(resolution))
    [error] = refused.value.fields
    assert (error.field, error.reason) == (field, reason)
    assert "{" not in texts.render(error.reason, "nn", error.facts)


def test_the_longest_ranges_are_taken() -> None:
    assert parse_period("2026-01-01", "2027-01-02", Resolution.HOUR)
    assert parse_period("1986-02-28", "2026-02-28", Resolution.MONTH)


def test_a_usage_says_when_the_two_hours_after_each_other_at_two_oclock_start() -> None:
    period = Period(date(2026, 10, 25), date(2026, 10, 26))
    layout = Layout.of(np.arange(period.first_hour, period.end_hour))
    held = Held(
        holdings=[home(0, period.end_hour)],
        layout=layout,
        wh=np.arange(25, dtype=np.int32),
        estimated=np.zeros(25, np.bool_),
        prices={"NO3": PriceDays(layout, np.zeros(25, np.int32))},
    )
    usage = usage_of(held, period, Resolution.HOUR, PRICE_LIST)
    twos = [(local_moment_of(hour).utcoffset(), wh) for hour, wh in hours_of(usage, 2)]
    assert twos == [(timedelta(hours=2), 2), (timedelta(hours=1), 3)]


def hours_of(usage: Usage, clock: int) -> list[tuple[int, int]]:
    pairs = zip(usage.start_hours.tolist(), usage.wh.tolist(), strict=True)
    return [(hour, wh) for hour, wh in pairs if local_moment_of(hour).hour == clock]


def test_hours_are_numbered_from_the_epoch() -> None:
    assert hour_of(local_moment_of(12345)) == 12345
