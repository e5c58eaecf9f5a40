"""What clocks and calendars show at each hour of a year."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from kit.public_holidays import public_holidays
from services.metering.domain.calendar import (
    DAY_STARTS,
    MONTH_STARTS,
    YEAR_STARTS,
    Whole,
    date_of,
    local_moment_of,
)
from services.metering.domain.layout import Flags, Layout
from services.metering.domain.pricing.rates import WEEKDAYS, Band, GridEnergy

_HOURS_A_DAY = 24
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""

MONTH_OF_DAY = np.searchsorted(MONTH_STARTS, DAY_STARTS, side="right") - 1
"""The month of each day of the calendar, both by number."""


@dataclass(frozen=True, eq=False)
class ClockYear:
    """A local year.

    Attributes:
        year: The year.
        layout: Its days.
    """

    year: int
    layout: Layout

    @cached_property
    def clock_hours(self) -> Whole:
        """The hour that clocks show; in October it is two o'clock for two hours."""
        hours = self.layout.hours
        shown = hours - np.repeat(DAY_STARTS[self.layout.days], self.layout.lengths)
        changed = self.layout.hours_of(self.layout.lengths != _HOURS_A_DAY)
        shown[changed] = [local_moment_of(hour).hour for hour in hours[changed].tolist()]
        return shown

    @cached_property
    def _weekdays(self) -> Whole:
        return (self.layout.days + _FIRST_WEEKDAY) % len(WEEKDAYS)

    @cached_property
    def _months(self) -> Whole:
        return MONTH_OF_DAY[self.layout.days] % 12 + 1

    def bands(self, rate: GridEnergy) -> Whole:
        """Returns which band of a rate each hour has, by its place."""
        holidays = self._holidays(rate.holidays_too)
        place = np.full(self.layout.size, len(rate.bands) - 1)
        for at, band in reversed(list(enumerate(rate.bands[:-1]))):
            place[self._holds(band, holidays)] = at
        return place

    def _holidays(self, holidays_too: Collection[tuple[int, int]]) -> Flags:
        public = public_holidays(self.year)
        dates = [date_of(day) for day in self.layout.days.tolist()]
        return np.array([day in public or (day.month, day.day) in holidays_too for day in dates])

    def _holds(self, band: Band, holidays: Flags) -> Flags:
        days = np.ones(len(self.layout.days), np.bool_)
        if band.weekdays is not None:
            days = np.isin(self._weekdays, list(band.weekdays))
        if band.public_holidays is not None:
            days = np.where(holidays, band.public_holidays, days)
        if band.months is not None:
            days &= np.isin(self._months, list(band.months))
        holds = self.layout.hours_of(days)
        if band.hours is not None:
            first, end = band.hours
            after, before = self.clock_hours >= first, self.clock_hours < end
            holds &= (after & before) if first < end else (after | before)
        return holds


@cache
def clock_year(year: int) -> ClockYear:
    """Returns a year by its number, from 0 for 1970."""
    first, end = (int(day) for day in np.searchsorted(DAY_STARTS, YEAR_STARTS[[year, year + 1]]))
    return ClockYear(date_of(first).year, Layout(np.arange(first, end)))
