"""Hourly energy, kept as blocks of one local day."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import Whole
from services.metering.domain.layout import Flags, Layout

WattHours = NDArray[np.int32]
Qualities = NDArray[np.uint8]

MISSING: Final = int(np.iinfo(np.int32).min)
"""Stands in for the Wh of an hour without a value; never zero, never a neighbour's value."""

MAX_HOUR_WH: Final = 1_000_000
"""The most that one hour may hold, 1 MWh: twenty times what a 63 A main fuse at 400 V lets
through, and little enough that the cost of 40 such years fits in 64 bits."""

NEVER_REGISTERED: Final = 0
"""The registration time of a value whose source tells none: older than any that is told."""


class Direction(IntEnum):
    """Which way the energy went."""

    CONSUMPTION = 1
    PRODUCTION = 2


class Quality(IntEnum):
    """How a value came to be (Elhub's standard for validation, section 4.1)."""

    MEASURED = 1
    ESTIMATED = 2
    FINAL_ESTIMATED = 3
    TEMPORARY = 4
    CALCULATED = 5


NO_QUALITY: Final = 0
"""Stands in for the quality of an hour without a value."""

_ESTIMATES = (Quality.ESTIMATED, Quality.FINAL_ESTIMATED, Quality.TEMPORARY)
_IS_ESTIMATE = np.isin(np.arange(256), _ESTIMATES)


def are_estimates(qualities: Qualities) -> Flags:
    """Tells of each value whether it is an estimate: a temporary one must be estimated too."""
    return _IS_ESTIMATE[qualities]


@dataclass(frozen=True, eq=False)
class Readings:
    """Values in columns of equal length; where nothing else is said, of one series.

    Attributes:
        hours: The hour of each value by number, in each series rising and without repetition.
        wh: Its energy in Wh.
        qualities: How it came to be, a `Quality` each.
        registered: When it was registered, in seconds since 1970-01-01T00:00Z.
    """

    hours: Whole
    wh: WattHours
    qualities: Qualities
    registered: Whole

    @property
    def total_wh(self) -> int:
        """The energy of all values in Wh."""
        return int(self.wh.sum(dtype=np.int64))

    def chosen(self, flags: Flags | slice) -> "Readings":
        """Returns the chosen values only."""
        return Readings(
            self.hours[flags], self.wh[flags], self.qualities[flags], self.registered[flags]
        )


@dataclass(frozen=True, eq=False)
class DayBlocks:
    """Whole days of one series or of several; all columns follow the layout.

    Attributes:
        layout: The days.
        wh: The energy of each hour in Wh, or MISSING.
        qualities: How each value came to be; means nothing where it is missing.
        registered: When, in seconds since the epoch; means nothing where it is missing.
    """

    layout: Layout
    wh: WattHours
    qualities: Qualities
    registered: Whole

    @staticmethod
    def empty(layout: Layout) -> "DayBlocks":
        """Returns days without any value."""
        return DayBlocks(
            layout,
            np.full(layout.size, MISSING, np.int32),
            np.zeros(layout.size, np.uint8),
            np.zeros(layout.size, np.int64),
        )

    @cached_property
    def known(self) -> Flags:
        """Tells of each hour whether it has a value."""
        return self.wh != MISSING

    def sums_wh(self) -> Whole:
        """Returns the energy of each day in Wh."""
        return self._per_day(np.where(self.known, self.wh, 0).astype(np.int64))

    def highest_wh(self) -> WattHours:
        """Returns each day's highest hour in Wh, or MISSING for a day without values."""
        return np.maximum.reduceat(self.wh, self.layout.offsets[:-1])

    def missing(self) -> Whole:
        """Returns how many hours of each day have no value."""
        return self._per_day((~self.known).astype(np.int64))

    def estimated(self) -> Whole:
        """Returns how many hours of each day are estimates."""
        return self._per_day((are_estimates(self.qualities) & self.known).astype(np.int64))

    def of_days(self, chosen: Flags) -> "DayBlocks":
        """Returns the chosen days only."""
        hours = self.layout.hours_of(chosen)
        return DayBlocks(
            self.layout.of_days(chosen),
            self.wh[hours],
            self.qualities[hours],
            self.registered[hours],
        )

    def of_rows(self, rows: Whole) -> "DayBlocks":
        """Returns days, numbered from 0, in the order of the numbers."""
        places = self.layout.places_of(rows)
        return DayBlocks(
            self.layout.of_days(rows),
            self.wh[places],
            self.qualities[places],
            self.registered[places],
        )

    def within(self, first_hour: int, end_hour: int) -> "DayBlocks":
        """Returns the same days with no value before the first hour or from the end on."""
        hours = self.layout.hours
        inside = (hours >= first_hour) & (hours < end_hour)
        wh = np.where(inside, self.wh, np.int32(MISSING))
        return DayBlocks(self.layout, wh, self.qualities, self.registered)

    def _per_day(self, values: Whole) -> Whole:
        return np.add.reduceat(values, self.layout.offsets[:-1])


@dataclass(frozen=True, eq=False)
class Merge:
    """What readings do to the days that they lie in.

    Attributes:
        written: The days that have to be stored, as they are now, in the order in which they came,
            which keeps the index dense for days of many series and for series of many days.
        is_new: Which of them were not stored before.
        replaced: Those of them in which a known value became another, as they were.
        created: Which of the readings were not known before.
        changed: Which of them replaced others. All else was known already, or is older than what
            is known.
    """

    written: DayBlocks
    is_new: Flags
    replaced: DayBlocks
    created: Flags
    changed: Flags


def merge(blocks: DayBlocks, readings: Readings, series: Whole | None = None) -> Merge:
    """Puts readings into the days that they lie in; all of these must be in `blocks`.

    For each hour the newest registration time wins, so that a file that is late or comes twice
    changes nothing. Of two values that were registered at the same time the one that is merged
    last wins: neither is newer, and whoever imports a file means it.

    Args:
        blocks: The days as they are.
        readings: What comes, no hour of a series twice.
        series: The number of each value's series, if the days are of several.
    """
    at = blocks.layout.positions(readings.hours, series)
    known = blocks.known[at]
    wins = ~known | (readings.registered >= blocks.registered[at])
    differs = (readings.wh != blocks.wh[at]) | (readings.qualities != blocks.qualities[at])
    created, changed = ~known, known & wins & differs
    stored = created | changed | (wins & (readings.registered != blocks.registered[at]))

    merged = DayBlocks(
        blocks.layout, blocks.wh.copy(), blocks.qualities.copy(), blocks.registered.copy()
    )
    merged.wh[at[stored]] = readings.wh[stored]
    merged.qualities[at[stored]] = readings.qualities[stored]
    merged.registered[at[stored]] = readings.registered[stored]
    written = _each_once(blocks.layout.rows[at[stored]])
    is_stored = blocks.layout.days_with(np.flatnonzero(blocks.known))
    return Merge(
        written=merged.of_rows(written),
        is_new=~is_stored[written],
        replaced=blocks.of_days(blocks.layout.days_with(at[changed])),
        created=created,
        changed=changed,
    )


def _each_once(rows: Whole) -> Whole:
    """Returns each number once, in the order in which they first come."""
    changes = rows[np.diff(rows, prepend=-1) != 0]
    _, firsts = np.unique(changes, return_index=True)
    return changes[np.sort(firsts)]
