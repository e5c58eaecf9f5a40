"""Consumption and cost of a metering point, by year, month, day or hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kit.errors import FieldError, Invalid
from services.metering.domain.calendar import (
    DAY_STARTS,
    MONTH_STARTS,
    YEAR_STARTS,
    Whole,
    day_of,
    first_hour,
    parse_date,
)
from services.metering.domain.contracts import Holding
from services.metering.domain.layout import Flags, Layout
from services.metering.domain.price_list import PriceList, RetailPrices
from services.metering.domain.prices import UNKNOWN_PRICE, PriceDays
from services.metering.domain.problems import Refused
from services.metering.domain.readings import MISSING, WattHours

Counts = NDArray[np.int32]

UNKNOWN: Final = int(np.iinfo(np.int64).min)
"""Stands in for an energy or a cost that is not known."""

MAX_DAYS_OF_HOURS: Final = 366
MAX_YEARS: Final = 40


class Resolution(Enum):
    """The length of a bucket."""

    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


_BOUNDARIES: Final = {
    Resolution.YEAR: YEAR_STARTS,
    Resolution.MONTH: MONTH_STARTS,
    Resolution.DAY: DAY_STARTS,
}


@dataclass(frozen=True)
class Period:
    """A range of local dates.

    Attributes:
        from_date: The first date.
        to_date: The date that it ends before.
    """

    from_date: date
    to_date: date

    @property
    def first_hour(self) -> int:
        """The first hour by number."""
        return first_hour(self.from_date)

    @property
    def end_hour(self) -> int:
        """The hour that it ends before."""
        return first_hour(self.to_date)


def parse_period(from_date: str, to_date: str, resolution: Resolution) -> Period:
    """Reads the range of a question.

    Raises:
        Invalid: If a date is none, the range is empty, or it is too long for the resolution.
    """
    problems: list[FieldError] = []
    dates: list[date] = []
    for field, text in (("from_date", from_date), ("to_date", to_date)):
        try:
            dates.append(parse_date(text))
        except Refused as refused:
            problems.append(refused.at(field))
    if problems:
        raise Invalid(*problems)
    period = Period(*dates)
    if period.to_date <= period.from_date:
        raise Invalid(FieldError("to_date", "NOT_AFTER_FROM", {"from": from_date}))
    if resolution is Resolution.HOUR:
        if (period.to_date - period.from_date).days > MAX_DAYS_OF_HOURS:
            raise Invalid(FieldError("to_date", "RANGE_OF_DAYS", {"days": MAX_DAYS_OF_HOURS}))
    elif _is_longer(period, MAX_YEARS):
        raise Invalid(FieldError("to_date", "RANGE_OF_YEARS", {"years": MAX_YEARS}))
    return period


def _is_longer(period: Period, years: int) -> bool:
    start, end = period.from_date, period.to_date
    return (end.year - years, end.month, end.day) > (start.year, start.month, start.day)


@dataclass(frozen=True, eq=False)
class Held:
    """What a customer may see of a metering point in a period.

    Attributes:
        holdings: When the customer holds it, and on what terms; at least one, in order of time.
        layout: The days of the period for which there are readings.
        wh: The energy of each of their hours in Wh, or MISSING.
        estimated: Which of these are estimates; means nothing where one is missing.
        prices: The spot prices of the period by price area.
    """

    holdings: Sequence[Holding]
    layout: Layout
    wh: WattHours
    estimated: Flags
    prices: Mapping[str, PriceDays]


@dataclass(frozen=True)
class Total:
    """The sum over all buckets; the columns of Usage say what each is."""

    wh: int
    cost: int
    hours: int
    missing_hours: int
    estimated_hours: int


@dataclass(frozen=True, eq=False)
class Usage:
    """Consumption and cost, in columns with one entry a bucket.

    Attributes:
        start_hours: The first hour of each bucket by number.
        wh: The energy of the hours that are known, in Wh; UNKNOWN when none is.
        cost: What it costs, VAT included, in 1e-8 kr; UNKNOWN when the price of
            any known hour is, or no hour is known.
        hours: How many hours the customer holds the point.
        missing_hours: How many of these have no value.
        estimated_hours: How many of these are estimates.
        total: The sum over all buckets.
    """

    start_hours: Whole
    wh: Whole
    cost: Whole
    hours: Counts
    missing_hours: Counts
    estimated_hours: Counts
    total: Total


def usage_of(held: Held, period: Period, resolution: Resolution, price_list: PriceList) -> Usage:
    """Adds up what a customer used and what it costs.

    A bucket is cut to the period and to the hours in which the customer holds the point; one with
    no such hour is left out. All arithmetic is on whole numbers, so that hours add up to days, days
    to months and months to years to the last digit.
    """
    hours = _HeldHours.of(held, period, price_list)
    each = hours.sums()
    total = each.over(np.zeros(1, np.int64))
    if resolution is Resolution.HOUR:
        buckets, start_hours = each, hours.numbers
    else:
        starts = _bucket_starts(hours.numbers, _BOUNDARIES[resolution])
        buckets, start_hours = each.over(starts), hours.numbers[starts]
    return Usage(
        start_hours=start_hours,
        wh=buckets.known_wh(),
        cost=buckets.known_cost(),
        hours=buckets.hours,
        missing_hours=buckets.missing,
        estimated_hours=buckets.estimated,
        total=Total(
            wh=int(total.known_wh()[0]),
            cost=int(total.known_cost()[0]),
            hours=int(total.hours[0]),
            missing_hours=int(total.missing[0]),
            estimated_hours=int(total.estimated[0]),
        ),
    )


def _bucket_starts(hours: Whole, boundaries: Whole) -> Whole:
    """Returns where in `hours` each bucket begins; a gap may swallow buckets whole."""
    inside = boundaries[slice(*np.searchsorted(boundaries, hours[[0, -1]], side="right"))]
    return np.unique(np.concatenate(([0], np.searchsorted(hours, inside))))


@dataclass(frozen=True, eq=False)
class _HeldHours:
    """The hours in which the customer holds the point, in columns of equal length."""

    numbers: Whole
    wh: WattHours
    estimated: Flags
    prices: RetailPrices

    @staticmethod
    def of(held: Held, period: Period, price_list: PriceList) -> "_HeldHours":
        first, end = period.first_hour, period.end_hour
        days = Layout(np.arange(day_of(period.from_date), day_of(period.to_date)))
        wh = days.spread(held.layout, held.wh, MISSING)
        estimated = days.spread(held.layout, held.estimated, fill=False)
        spot = {
            area: days.spread(known.layout, known.amounts, UNKNOWN_PRICE)
            for area, known in held.prices.items()
        }
        numbers = np.arange(first, end)

        holdings = [part for one in held.holdings if (part := one.within(first, end)) is not None]
        parts = [slice(part.first_hour - first, part.end_hour - first) for part in holdings]
        prices = [
            price_list.retail(
                spot[holding.price_area][part],
                holding.first_hour,
                holding.price_area,
                holding.product,
            )
            for holding, part in zip(holdings, parts, strict=True)
        ]
        return _HeldHours(
            np.concatenate([numbers[part] for part in parts]),
            np.concatenate([wh[part] for part in parts]),
            np.concatenate([estimated[part] for part in parts]),
            np.concatenate(prices),
        )

    def sums(self) -> "_Sums":
        """Returns each hour as a sum of its own."""
        missing = self.wh == MISSING
        unpriced = (self.prices == UNKNOWN_PRICE) & ~missing
        wh = self.wh.astype(np.int64)
        wh[missing] = 0
        cost = wh * self.prices
        cost[unpriced] = 0
        return _Sums(
            wh,
            cost,
            hours=np.ones(len(wh), np.int32),
            missing=missing.astype(np.int32),
            estimated=(self.estimated & ~missing).astype(np.int32),
            unpriced=unpriced.astype(np.int32),
        )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over stretches of hours, one entry a stretch; unknown hours count as nothing."""

    wh: Whole
    cost: Whole
    hours: Counts
    missing: Counts
    estimated: Counts
    unpriced: Counts

    def over(self, starts: Whole) -> "_Sums":
        """Adds up from each start to the next."""
        return _Sums(
            np.add.reduceat(self.wh, starts),
            np.add.reduceat(self.cost, starts),
            np.add.reduceat(self.hours, starts),
            np.add.reduceat(self.missing, starts),
            np.add.reduceat(self.estimated, starts),
            np.add.reduceat(self.unpriced, starts),
        )

    def known_wh(self) -> Whole:
        """The energy, UNKNOWN where no hour is known."""
        return np.where(self.missing == self.hours, UNKNOWN, self.wh)

    def known_cost(self) -> Whole:
        """The cost, UNKNOWN where no hour is known, or any known hour has no price."""
        return np.where((self.missing == self.hours) | (self.unpriced > 0), UNKNOWN, self.cost)
