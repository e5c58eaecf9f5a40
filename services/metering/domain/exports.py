"""What customers take with them of a metering point: the columns that go into a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from services.metering.domain.bill import PART_OF, Part
from services.metering.domain.calendar import Whole
from services.metering.domain.held import PricedUse
from services.metering.domain.period import Period, Resolution, parse_period
from services.metering.domain.pricing import UNKNOWN
from services.metering.domain.readings import Qualities
from services.metering.domain.usage import NO_QUALITIES, Columns, Counts, usage_of

MAX_YEARS: Final = 3
"""The most that one file holds: some 26,300 hours, which can be written while somebody waits."""

RESOLUTIONS: Final = (Resolution.HOUR, Resolution.DAY, Resolution.MONTH)
"""The lengths of bucket that a file may show."""


class FileFormat(Enum):
    """A kind of file."""

    CSV = "CSV"
    XLSX = "XLSX"
    GREEN_BUTTON = "GREEN_BUTTON"


@dataclass(frozen=True, eq=False)
class Rows:
    """Energy and cost in columns with one entry a bucket, in order of time.

    Attributes:
        start_hours: The first hour of each bucket by number.
        wh: The energy in Wh; UNKNOWN where no hour of the bucket has a value.
        cost: The cost in 1e-8 kr with VAT, below zero where the customer is paid; or UNKNOWN.
        power: The part of it that stands on the bill of the power; or UNKNOWN.
        grid: The part that stands on the bill of the grid; or UNKNOWN.
        missing_hours: How many hours are over and have no value.
        estimated_hours: How many hours are estimates.
        qualities: How the value of each hour came to be, NO_QUALITY where there is none; empty
            where a bucket may hold more than one.
    """

    start_hours: Whole
    wh: Whole
    cost: Whole
    power: Whole
    grid: Whole
    missing_hours: Counts
    estimated_hours: Counts
    qualities: Qualities

    def part(self, rows: slice) -> "Rows":
        """Returns some of the rows."""
        return Rows(
            self.start_hours[rows],
            self.wh[rows],
            self.cost[rows],
            self.power[rows],
            self.grid[rows],
            self.missing_hours[rows],
            self.estimated_hours[rows],
            self.qualities[rows],
        )


@dataclass(frozen=True, eq=False)
class Flow:
    """What went one way through a metering point.

    Attributes:
        rows: The buckets by their length.
        total: The sum over all of them, in a single row.
    """

    rows: Mapping[Resolution, Rows]
    total: Rows

    @property
    def is_known(self) -> bool:
        """Tells whether any hour has a value."""
        return int(self.total.wh[0]) != UNKNOWN


@dataclass(frozen=True, eq=False)
class UsageExport:
    """The hours of a metering point that a customer holds in a period; never netted.

    Attributes:
        gsrn: The metering point.
        address: Where it is, as the customer's last contract in the period says.
        consumption: What was used.
        production: What was fed into the grid, in the same buckets; None if nothing ever was.
    """

    gsrn: str
    address: str
    consumption: Flow
    production: Flow | None


def parse_export_period(from_date: str, to_date: str) -> Period:
    """Reads the range of a file.

    Raises:
        Invalid: If a date is none, the range is empty, or longer than a file may be.
    """
    return parse_period(from_date, to_date, Resolution.DAY, most_years=MAX_YEARS)


def flow_of(use: PricedUse) -> Flow:
    """Adds hours up, at least one, as usage is shown, so that a file says the same as the app."""
    usages = {each: usage_of(use, each, by_component=True) for each in RESOLUTIONS}
    rows = {each: _rows(usage.start_hours, usage.buckets) for each, usage in usages.items()}
    total = usages[Resolution.MONTH].total
    columns = Columns(
        wh=np.array([total.wh]),
        cost=np.array([total.cost]),
        hours=np.array([total.hours], np.int32),
        missing_hours=np.array([total.missing_hours], np.int32),
        estimated_hours=np.array([total.estimated_hours], np.int32),
        unpriced_hours=np.array([total.unpriced_hours], np.int32),
        components={each: np.array([cost]) for each, cost in total.components.items()},
        qualities=NO_QUALITIES,
    )
    return Flow(rows, _rows(use.numbers[:1], columns))


def _rows(start_hours: Whole, columns: Columns) -> Rows:
    return Rows(
        start_hours=start_hours,
        wh=columns.wh,
        cost=columns.cost,
        power=_part(columns, Part.POWER),
        grid=_part(columns, Part.GRID),
        missing_hours=columns.missing_hours,
        estimated_hours=columns.estimated_hours,
        qualities=columns.qualities,
    )


def _part(columns: Columns, part: Part) -> Whole:
    """Adds up the lines of a bill; a sum is UNKNOWN where one of them is."""
    unknown = columns.wh == UNKNOWN
    amounts = np.zeros(len(columns.wh), np.int64)
    for component, line in columns.components.items():
        if PART_OF[component] is part:
            unknown = unknown | (line == UNKNOWN)
            amounts = amounts + line
    return np.where(unknown, UNKNOWN, amounts)
