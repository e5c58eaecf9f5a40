from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import texts
from kit.errors import Invalid
from services.metering.domain.calendar import hour_of, local_moment_of
from services.metering.domain.contracts import Holding
from services.metering.domain.held import Held, HeldHours
from services.metering.domain.layout import Layout
from services.metering.domain.period import Period, Resolution, parse_period
from services.metering.domain.prices import UNKNOWN_PRICE, PriceDays
from services.metering.domain.pricing import UNKNOWN, Component, PricedPart, parse_rate_book
from services.metering.domain.readings import MISSING, Direction, Quality
from services.metering.domain.usage import Usage, usage_of
from tests.unit.metering import rates
from tests.unit.metering.months import always, hours
from tests.unit.metering.series import held_in, holding, periods
from tests.unit.metering.test_pricing import parts_from

BOOK = parse_rate_book(rates.PLAIN)
SHIPPED = parse_rate_book(rates.SHIPPED)
DAY = Period(date(2026, 4, 6), date(2026, 4, 7))

ESTIMATES = (Quality.ESTIMATED, Quality.FINAL_ESTIMATED, Quality.TEMPORARY)

seen = periods().flatmap(lambda period: st.tuples(st.just(period), held_in(period)))


def one_day(wh: list[int], prices: list[int], held_by: Holding | None = None) -> Held:
    layout = Layout.of(np.arange(DAY.first_hour, DAY.end_hour))
    return Held(
        holdings=[held_by or holding(DAY.first_hour, DAY.end_hour)],
        layout=layout,
        wh=np.array(wh, np.int32),
        qualities=np.full(24, Quality.MEASURED, np.uint8),
        prices={"NO3": PriceDays(layout, np.array(prices, np.int32))},
        rates_revision=1,
    )


def shown(held: Held, period: Period, resolution: Resolution) -> Usage:
    hours = HeldHours.of(held, period.months).priced(BOOK, Direction.CONSUMPTION)
    return usage_of(hours.within(period), resolution)


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
    with_vat = Decimal(spot) * Decimal("1.25")
    return int(with_vat.quantize(Decimal(1), rounding=ROUND_HALF_UP)) + 4875


class Reference:
    """Adds up hour by hour, in Python's own numbers, from the rules alone."""

    def __init__(self, held: Held, period: Period, resolution: Resolution) -> None:
        spot = held.prices["NO3"]
        wh = dict(zip(held.layout.hours.tolist(), held.wh.tolist(), strict=True))
        qualities = dict(zip(held.layout.hours.tolist(), held.qualities.tolist(), strict=True))
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
            bucket["estimated"] += qualities[hour] in ESTIMATES
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
    usage = shown(held, period, resolution)
    reference = Reference(held, period, resolution)
    assert usage.start_hours.tolist() == reference.column("start")
    assert usage.buckets.wh.tolist() == reference.wh()
    assert usage.buckets.cost.tolist() == reference.cost()
    assert usage.buckets.hours.tolist() == reference.column("hours")
    assert usage.buckets.missing_hours.tolist() == reference.missing()
    assert usage.buckets.estimated_hours.tolist() == reference.column("estimated")


@settings(max_examples=60, deadline=None)
@given(seen)
def test_hours_days_months_and_years_have_the_same_total(case: tuple[Period, Held]) -> None:
    period, held = case
    usages = [shown(held, period, resolution) for resolution in Resolution]
    for usage in usages:
        assert usage.total == usages[0].total
        assert known_sum(usage.buckets.wh) == max(usage.total.wh, 0)
        assert usage.buckets.hours.sum() == usage.total.hours
        assert usage.buckets.missing_hours.sum() == usage.total.missing_hours
        if usage.total.cost != UNKNOWN:
            assert known_sum(usage.buckets.cost) == usage.total.cost


@settings(max_examples=80, deadline=None)
@given(parts_from(date(2025, 12, 22), ["BKK", "Linja", "nobody"]), st.data())
def test_every_line_adds_up_from_hours_to_any_bucket_of_any_range(
    parts: list[PricedPart], data: st.DataObject
) -> None:
    held = HeldHours(parts, np.ones(sum(len(part.wh) for part in parts), np.uint8))
    use = held.priced(SHIPPED, Direction.CONSUMPTION)
    days = sorted(data.draw(st.sets(st.integers(-5, 60), min_size=2, max_size=2)))
    period = Period(*(date(2025, 12, 22) + timedelta(days=day) for day in days))
    inside = use.within(period)
    if not len(inside.numbers):
        return
    resolution = data.draw(st.sampled_from(Resolution))
    hours_of_bucket: defaultdict[object, list[dict[Component | None, int]]] = defaultdict(list)
    for at, hour in enumerate(use.numbers.tolist()):
        if not use.missing[at] and period.first_hour <= hour < period.end_hour:
            lines = {component: int(line[at]) for component, line in use.lines.items()}
            hours_of_bucket[label(resolution, hour)].append(lines | {None: int(use.cost[at])})
    usage = usage_of(inside, resolution, by_component=True)
    columns = {**usage.buckets.components, None: usage.buckets.cost}
    for at, start in enumerate(usage.start_hours.tolist()):
        of_bucket = hours_of_bucket[label(resolution, start)]
        for component, column in columns.items():
            costs = [lines[component] for lines in of_bucket]
            unknown = not costs or UNKNOWN in costs
            assert column[at] == (UNKNOWN if unknown else sum(costs))


def test_a_day_bears_its_part_of_what_is_paid_by_the_month() -> None:
    april = Period.month_of(DAY.from_date)
    everything = hours(april.from_date, april.to_date, always(1000), always(50_000))
    use = everything.priced(SHIPPED, Direction.CONSUMPTION)
    days = usage_of(use, Resolution.DAY, by_component=True).buckets.components
    month = usage_of(use, Resolution.MONTH, by_component=True).total.components
    for component in (Component.CAPACITY, Component.MONTHLY_FEE):
        amounts = days[component].tolist()
        assert max(amounts) - min(amounts) <= 24
        assert sum(amounts) == month[component]
    assert month[Component.CAPACITY] % 10**6 == 0


def test_production_has_a_cost_below_zero_and_one_line() -> None:
    april = Period.month_of(DAY.from_date)
    fed_in = hours(april.from_date, april.to_date, always(1000), always(50_000))
    usage = usage_of(
        fed_in.priced(SHIPPED, Direction.PRODUCTION), Resolution.MONTH, by_component=True
    )
    assert usage.total.cost < 0
    assert usage.total.components == {Component.SURPLUS: usage.total.cost}


def known_sum(column: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    return int(column[column != UNKNOWN].sum())


def test_forty_years_of_the_most_there_can_be_does_not_overflow() -> None:
    period = Period(date(2010, 1, 1), date(2050, 1, 1))
    layout = Layout.of(np.arange(period.first_hour, period.end_hour))
    held = Held(
        holdings=[holding(period.first_hour, period.end_hour)],
        layout=layout,
        wh=np.full(layout.size, 1_000_000, np.int32),
        qualities=np.full(layout.size, Quality.MEASURED, np.uint8),
        prices={"NO3": PriceDays(layout, np.full(layout.size, 10_000_000, np.int32))},
        rates_revision=1,
    )
    usage = shown(held, period, Resolution.YEAR)
    assert usage.total.cost == usage.total.hours * 1_000_000 * slow_price(10_000_000)


def test_an_hour_without_a_value_is_missing_and_never_zero() -> None:
    usage = shown(one_day([1000] * 23 + [MISSING], [5] * 24), DAY, Resolution.HOUR)
    assert usage.buckets.wh.tolist() == [1000] * 23 + [UNKNOWN]
    assert usage.buckets.cost[-1] == UNKNOWN
    assert usage.total.wh == 23_000
    assert usage.total.missing_hours == 1


def test_an_hour_that_is_not_over_is_counted_and_shown_but_not_missing() -> None:
    held = one_day([1000] * 10 + [MISSING] * 13 + [7], [5] * 24)
    hours = HeldHours.of(held, DAY.months, DAY.first_hour + 12).within(DAY)
    usage = usage_of(hours.priced(BOOK, Direction.CONSUMPTION), Resolution.HOUR)
    assert usage.buckets.missing_hours.tolist() == [0] * 10 + [1] * 2 + [0] * 12
    assert usage.buckets.wh.tolist() == [1000] * 10 + [UNKNOWN] * 13 + [7]
    assert (usage.total.hours, usage.total.missing_hours) == (24, 2)
    assert usage.total.cost == 10_007 * slow_price(5)


def test_an_hour_without_a_price_makes_the_cost_unknown_above_it_too() -> None:
    prices = [5] * 23 + [UNKNOWN_PRICE]
    usage = shown(one_day([1000] * 24, prices), DAY, Resolution.DAY)
    assert usage.buckets.wh.tolist() == [24_000]
    assert usage.buckets.cost.tolist() == [UNKNOWN]
    assert usage.total.cost == UNKNOWN


def test_an_unknown_price_of_an_hour_without_a_value_does_no_harm() -> None:
    prices = [5] * 23 + [UNKNOWN_PRICE]
    usage = shown(one_day([1000] * 23 + [MISSING], prices), DAY, Resolution.DAY)
    assert usage.total.cost == 23 * 1000 * slow_price(5)


def test_hours_outside_of_the_contract_leave_no_trace() -> None:
    noon = DAY.first_hour + 12
    held = one_day([999_999] * 12 + [1] * 12, [5] * 24, holding(noon, DAY.end_hour))
    for resolution in Resolution:
        usage = shown(held, DAY, resolution)
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
        holdings=[holding(0, period.end_hour)],
        layout=layout,
        wh=np.arange(25, dtype=np.int32),
        qualities=np.full(25, Quality.MEASURED, np.uint8),
        prices={"NO3": PriceDays(layout, np.zeros(25, np.int32))},
        rates_revision=1,
    )
    usage = shown(held, period, Resolution.HOUR)
    twos = [(local_moment_of(hour).utcoffset(), wh) for hour, wh in hours_of(usage, 2)]
    assert twos == [(timedelta(hours=2), 2), (timedelta(hours=1), 3)]


def hours_of(usage: Usage, clock: int) -> list[tuple[int, int]]:
    pairs = zip(usage.start_hours.tolist(), usage.buckets.wh.tolist(), strict=True)
    return [(hour, wh) for hour, wh in pairs if local_moment_of(hour).hour == clock]


def test_hours_are_numbered_from_the_epoch() -> None:
    assert hour_of(local_moment_of(12345)) == 12345
