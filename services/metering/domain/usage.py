"""Consumption or production and its cost, by year, month, day or hour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import DAY_STARTS, MONTH_STARTS, YEAR_STARTS, Whole
from services.metering.domain.held import PricedUse
from services.metering.domain.layout import Flags
from services.metering.domain.period import Resolution
from services.metering.domain.pricing import UNKNOWN, Component
from services.metering.domain.readings import Qualities

Counts = NDArray[np.int32]

NO_QUALITIES: Final = np.zeros(0, np.uint8)

_BOUNDARIES: Final = {
    Resolution.YEAR: YEAR_STARTS,
    Resolution.MONTH: MONTH_STARTS,
    Resolution.DAY: DAY_STARTS,
}


@dataclass(frozen=True, eq=False)
class Columns:
    """Energy and cost, with one entry a bucket.

    Attributes:
        wh: The energy of the hours that are known, in Wh; UNKNOWN when none is.
        cost: What it costs, VAT included, in 1e-8 kr; UNKNOWN when the cost of any known hour is,
            or no hour is known.
        hours: How many hours the customer holds the point.
        missing_hours: How many of these are over and have no value.
        estimated_hours: How many of these are estimates.
        unpriced_hours: How many of these have a value, but no cost.
        components: The cost line by line, as `cost` is; empty unless they were asked for.
        qualities: How the value of each hour came to be, NO_QUALITY where there is none; empty
            where a bucket may hold more than one.
    """

    wh: Whole
    cost: Whole
    hours: Counts
    missing_hours: Counts
    estimated_hours: Counts
    unpriced_hours: Counts
    components: Mapping[Component, Whole]
    qualities: Qualities


@dataclass(frozen=True)
class Total:
    """The sum over all buckets; Columns says what each is."""

    wh: int
    cost: int
    hours: int
    missing_hours: int
    estimated_hours: int
    unpriced_hours: int
    components: Mapping[Component, int] = field(default_factory=dict[Component, int])


@dataclass(frozen=True, eq=False)
class Usage:
    """What a customer used, or fed into the grid, and what it costs.

    Attributes:
        start_hours: The first hour of each bucket by number.
        buckets: What each of them holds.
        total: The sum over all of them.
    """

    start_hours: Whole
    buckets: Columns
    total: Total


def usage_of(use: PricedUse, resolution: Resolution, *, by_component: bool = False) -> Usage:
    """Adds up hours, at least one.

    A bucket is cut to these hours; one with no such hour is left out. All arithmetic is on whole
    numbers, so that hours add up to days, days to months and months to years to the last digit.
    """
    total = total_of(use, by_component=by_component)
    if resolution is Resolution.HOUR:
        return Usage(use.numbers, _each_hour(use, by_component=by_component), total)
    starts = _bucket_starts(use.numbers, _BOUNDARIES[resolution])
    return Usage(use.numbers[starts], _sums(use, starts, by_component=by_component), total)


def total_of(use: PricedUse, *, by_component: bool = False) -> Total:
    """Adds up all of some hours, at least one."""
    columns = _sums(use, np.zeros(1, np.int64), by_component=by_component)
    return Total(
        wh=int(columns.wh[0]),
        cost=int(columns.cost[0]),
        hours=int(columns.hours[0]),
        missing_hours=int(columns.missing_hours[0]),
        estimated_hours=int(columns.estimated_hours[0]),
        unpriced_hours=int(columns.unpriced_hours[0]),
        components={each: int(costs[0]) for each, costs in columns.components.items()},
    )


def _bucket_starts(hours: Whole, boundaries: Whole) -> Whole:
    """Returns where in `hours` each bucket begins; a gap may swallow buckets whole."""
    inside = boundaries[slice(*np.searchsorted(boundaries, hours[[0, -1]], side="right"))]
    return np.unique(np.concatenate(([0], np.searchsorted(hours, inside))))


def _each_hour(use: PricedUse, *, by_component: bool) -> Columns:
    return Columns(
        wh=np.where(use.missing, UNKNOWN, use.wh),
        cost=use.cost,
        hours=np.ones(len(use.numbers), np.int32),
        missing_hours=(use.missing & ~use.to_come).astype(np.int32),
        estimated_hours=use.estimated.astype(np.int32),
        unpriced_hours=use.unpriced.astype(np.int32),
        components=use.lines if by_component else {},
        qualities=use.qualities,
    )


def _sums(use: PricedUse, starts: Whole, *, by_component: bool) -> Columns:
    """Adds up from each start to the next."""

    def counts(flags: Flags) -> Counts:
        return np.add.reduceat(flags.astype(np.int32), starts)

    hours = np.diff(starts, append=len(use.numbers)).astype(np.int32)
    nothing_known = counts(use.missing) == hours

    def costs(column: Whole) -> Whole:
        unknown = column == UNKNOWN
        if not unknown.any():
            return np.add.reduceat(column, starts)
        known = np.add.reduceat(np.where(unknown, 0, column), starts)
        return np.where(nothing_known | (counts(unknown & ~use.missing) > 0), UNKNOWN, known)

    return Columns(
        wh=np.where(nothing_known, UNKNOWN, np.add.reduceat(use.wh, starts)),
        cost=costs(use.cost),
        hours=hours,
        missing_hours=counts(use.missing & ~use.to_come),
        estimated_hours=counts(use.estimated),
        unpriced_hours=counts(use.unpriced),
        components={each: costs(column) for each, column in use.lines.items()}
        if by_component
        else {},
        qualities=NO_QUALITIES,
    )
