"""Where the hours of some days stand when the days are laid end to end in one array."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import DAY_STARTS, Whole, days_of

_DAYS: Final = len(DAY_STARTS)

Flags = NDArray[np.bool_]
Value = TypeVar("Value", np.uint8, np.int32)


@dataclass(frozen=True, eq=False)
class Layout:
    """Days in rising order, each with its 23, 24 or 25 hours.

    Attributes:
        days: The days by number, rising and without repetition in each series.
        series: The number of the series that each day belongs to, rising; None where all are of
            one.
    """

    days: Whole
    series: Whole | None = None

    @staticmethod
    def of(hours: Whole, series: Whole | None = None) -> "Layout":
        """Lays out the days that hours lie in, which are of one series if none are told."""
        keys = _keys(days_of(hours), series)
        # Hours of a day follow each other as a rule: what is sorted is the days, and not the hours.
        keys = np.unique(keys[np.diff(keys, prepend=-1) != 0])
        return Layout(keys) if series is None else Layout(keys % _DAYS, keys // _DAYS)

    @cached_property
    def lengths(self) -> Whole:
        """How many hours each day has."""
        return DAY_STARTS[self.days + 1] - DAY_STARTS[self.days]

    @cached_property
    def offsets(self) -> Whole:
        """Where each day begins, and where the last one ends."""
        return np.concatenate(([0], np.cumsum(self.lengths)))

    @property
    def size(self) -> int:
        """How many hours there are in all."""
        return int(self.offsets[-1])

    @cached_property
    def hours(self) -> Whole:
        """All hours by number, in order."""
        return np.repeat(DAY_STARTS[self.days] - self.offsets[:-1], self.lengths) + np.arange(
            self.size
        )

    @cached_property
    def rows(self) -> Whole:
        """Which day each hour lies in, from 0."""
        return np.repeat(np.arange(len(self.days)), self.lengths)

    def positions(self, hours: Whole, series: Whole | None = None) -> Whole:
        """Returns where hours, of the series they are told for, stand; each in one of the days."""
        keys = _keys(days_of(hours), series)
        # Hours of a day follow each other as a rule: what is looked for is the days.
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        rows = np.searchsorted(_keys(self.days, self.series), keys[firsts])
        shifts = self.offsets[rows] - DAY_STARTS[self.days[rows]]
        return hours + np.repeat(shifts, np.diff(firsts, append=len(keys)))

    def of_days(self, chosen: Flags | Whole) -> "Layout":
        """Returns the chosen days; if they are numbered from 0, in the order of the numbers."""
        series = None if self.series is None else self.series[chosen]
        return Layout(self.days[chosen], series)

    def days_with(self, positions: Whole) -> Flags:
        """Tells of each day whether one of the positions lies in it."""
        chosen = np.zeros(len(self.days), np.bool_)
        chosen[self.rows[positions]] = True
        return chosen

    def places_of(self, rows: Whole) -> Whole:
        """Returns where the hours of days stand, which are numbered from 0."""
        part = self.of_days(rows)
        shifts: Whole = self.offsets[rows] - part.offsets[:-1]
        return np.repeat(shifts, part.lengths) + np.arange(part.size)

    def hours_of(self, chosen: Flags) -> Flags:
        """Tells of each hour whether it belongs to a chosen day."""
        return np.repeat(chosen, self.lengths)

    def spread(self, part: "Layout", values: NDArray[Value], fill: float) -> NDArray[Value]:
        """Returns the values of some of these days among all of them.

        Args:
            part: Some of these days, which themselves follow each other without a gap.
            values: One for each hour of the part.
            fill: What stands in for the hours of the other days.
        """
        if len(part.days) == len(self.days):
            return values
        present = np.zeros(len(self.days), np.bool_)
        present[part.days - self.days[0]] = True
        spread = np.full(self.size, fill, values.dtype)
        spread[self.hours_of(present)] = values
        return spread

    def slices(self) -> Sequence[slice]:
        """Returns the part of the array that each day takes up."""
        edges = self.offsets.tolist()
        return [slice(start, end) for start, end in itertools.pairwise(edges)]


def _keys(days: Whole, series: Whole | None) -> Whole:
    """Returns numbers in the order of series and then of days."""
    return days if series is None else series * _DAYS + days
