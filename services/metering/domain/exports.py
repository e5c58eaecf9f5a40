"""What customers take with them of a metering point: the columns that go into a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from kit.errors import FieldError, Invalid
from services.metering.domain.calendar import Whole
from services.metering.domain.usage import UNKNOWN, Counts, Period, Resolution, parse_period

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
        missing_hours: How many hours have no value.
        estimated_hours: How many hours are estimates.
    """

    start_hours: Whole
    wh: Whole
    cost: Whole
    power: Whole
    grid: Whole
    missing_hours: Counts
    estimated_hours: Counts

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
    period = parse_period(from_date, to_date, Resolution.DAY)
    start, end = period.from_date, period.to_date
    if (end.year - MAX_YEARS, end.month, end.day) > (start.year, start.month, start.day):
        raise Invalid(FieldError("to_date", "RANGE_OF_YEARS", {"years": MAX_YEARS}))
    return period


def added(parts: list[Whole]) -> Whole:
    """Adds columns up; a sum is UNKNOWN where one of its parts is."""
    columns = np.array(parts)
    return np.where((columns == UNKNOWN).any(axis=0), UNKNOWN, columns.sum(axis=0))
