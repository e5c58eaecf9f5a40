"""Hourly energy, kept as blocks of one local day."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import Whole, moment_of
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


_ESTIMATES = np.array([Quality.ESTIMATED, Quality.FINAL_ESTIMATED, Quality.TEMPORARY], np.uint8)


def are_estimates(qualities: Qualities) -> Flags:
    """Tells of each value whether it is an estimate: a temporary one must be estimated too."""
    return np.isin(qualities, _ESTIMATES)


@dataclass(frozen=True, eq=False)
class Readings:
    """Values of one metering point and direction, in columns of equal length.

    Attributes:
        hours: The hour of each value by number, rising and without repetition.
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


@dataclass(frozen=True, eq=False)
class DayBlocks:
    """Whole days of one metering point and direction; all columns follow the layout.

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
            Layout(self.layout.days[chosen]),
            self.wh[hours],
            self.qualities[hours],
            self.registered[hours],
        )

    def _per_day(self, values: Whole) -> Whole:
        return np.add.reduceat(values, self.layout.offsets[:-1])


@dataclass(frozen=True, eq=False)
class Merge:
    """What readings do to the days that they lie in.

    Attributes:
        written: The days that have to be stored again, as they are now.
        replaced: Those of them in which a known value became another, as they were.
        created: How many values were not known before.
        changed: How many values replaced others.
        unchanged: How many values were known already, or older than what is known.
        first_hour: The first hour that is new or changed; None if there is none.
        last_hour: The last one.
    """

    written: DayBlocks
    replaced: DayBlocks
    created: int
    changed: int
    unchanged: int
    first_hour: int | None
    last_hour: int | None


def merge(blocks: DayBlocks, readings: Readings) -> Merge:
    """Puts readings into the days that they lie in; all of these must be in `blocks`.

    For each hour the newest registration time wins, so that a file that is late or comes twice
    changes nothing. Of two values that were registered at the same time the one that is merged
    last wins: neither is newer, and whoever imports a file means it.
    """
    at = blocks.layout.positions(readings.hours)
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

    news = readings.hours[created | changed]
    return Merge(
        written=merged.of_days(blocks.layout.days_with(at[stored])),
        replaced=blocks.of_days(blocks.layout.days_with(at[changed])),
        created=int(created.sum()),
        changed=int(changed.sum()),
        unchanged=len(readings.hours) - len(news),
        first_hour=int(news[0]) if len(news) else None,
        last_hour=int(news[-1]) if len(news) else None,
    )


@dataclass(frozen=True)
class ReadingsImported:
    """Readings of a metering point were imported, and at least one was new or changed.

    Attributes:
        gsrn: The metering point.
        from_time: The start of the first value that was new or changed.
        to_time: The end of the last one.
        new_values: Values that were not known before.
        changed_values: Values that replaced others.
    """

    gsrn: str
    from_time: datetime
    to_time: datetime
    new_values: int
    changed_values: int

    @staticmethod
    def of(gsrn: str, merged: Merge) -> "ReadingsImported | None":
        """Returns the event of a merge, or None if nothing was new or changed."""
        if merged.first_hour is None or merged.last_hour is None:
            return None
        return ReadingsImported(
            gsrn=gsrn,
            from_time=moment_of(merged.first_hour),
            to_time=moment_of(merged.last_hour + 1),
            new_values=merged.created,
            changed_values=merged.changed,
        )
