"""The highest hours of a month, and the capacity step that they lead to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.metering.domain.calendar import DAY_STARTS, MONTH_STARTS, Whole, day_of, days_of
from services.metering.domain.pricing.book import RateBook
from services.metering.domain.pricing.clock import MONTH_OF_DAY
from services.metering.domain.pricing.parts import PricedPart, joined
from services.metering.domain.pricing.years import CapacityStep, capacity_steps, place_of_step
from services.metering.domain.readings import MISSING, WattHours

_USUAL_DAYS = 3
"""How many peaks are shown where the grid company's rate is unknown."""


@dataclass(frozen=True, eq=False)
class DayPeaks:
    """The highest known hour of each local day, month by month, each month's highest first.

    Attributes:
        months: The month of each day by number, rising.
        days: The day by number.
        wh: Its highest hour in Wh.
    """

    months: Whole
    days: Whole
    wh: Whole

    @staticmethod
    def of(hours: Whole, wh: WattHours) -> "DayPeaks":
        """Finds them among hours in order of time, at least one."""
        first, last = days_of(hours[[0, -1]]).tolist()
        starts = np.searchsorted(hours, DAY_STARTS[first + 1 : last + 1])
        starts = np.unique(np.concatenate(([0], starts)))
        highest = np.maximum.reduceat(wh, starts)
        days = days_of(hours[starts])[highest != MISSING]
        highest = highest[highest != MISSING].astype(np.int64)
        months = MONTH_OF_DAY[days]
        order = np.lexsort((days, -highest, months))
        return DayPeaks(months[order], days[order], highest[order])

    def highest(self, month: int, days: int) -> tuple[int, int]:
        """Returns the sum of the highest hours of so many days of a month, and how many there are.

        They are fewer where fewer have a value.
        """
        wh = self.wh[self.first(month, days)]
        return int(wh.sum()), len(wh)

    def first(self, month: int, days: int) -> slice:
        """Returns where the highest days of a month stand."""
        start, end = np.searchsorted(self.months, [month, month + 1]).tolist()
        return slice(start, min(end, start + days))


@dataclass(frozen=True)
class Peak:
    """A day's highest hour.

    Attributes:
        hour: The hour by number; the first of them if the day has several.
        wh: Its energy in Wh.
    """

    hour: int
    wh: int


@dataclass(frozen=True)
class CapacityStanding:
    """Where a customer stands on the capacity steps in a month.

    Attributes:
        month: The first date of the month.
        peaks: The highest hours of different days, the highest first; fewer than the rate counts
            where fewer days have a value.
        sum_wh: Their sum. The mean is this divided by how many there are, and is never rounded.
        step: The step that the mean lies in; None if there is no peak or no rate.
        next_step: The step above it; None on the highest one.
        lacking_w: How many W the mean lacks to the next step, rounded up; None if there is none.
    """

    month: date
    peaks: Sequence[Peak]
    sum_wh: int
    step: CapacityStep | None
    next_step: CapacityStep | None
    lacking_w: int | None


def capacity(book: RateBook, parts: Sequence[PricedPart], month: date) -> CapacityStanding | None:
    """Returns where a customer stands in a month, by the rate that holds at its last hour.

    Args:
        book: The rates.
        parts: Hours of one metering point in order of time, all that are known of the month. The
            customer is the one of the last part that reaches into it.
        month: A date in the month.

    Returns:
        The standing; None if no part reaches into the month.
    """
    number = int(MONTH_OF_DAY[day_of(month)])
    first_hour, end_hour = MONTH_STARTS[[number, number + 1]].tolist()
    inside = [cut for part in parts if (cut := part.within(first_hour, end_hour)) is not None]
    if not inside:
        return None
    last = inside[-1]
    hours, wh = joined([part for part in inside if part.customer == last.customer])
    conditions = book.conditions(last.terms, int(hours[-1]))
    rate, vat = conditions.grid_capacity, conditions.vat
    days = DayPeaks.of(hours, wh)
    chosen = days.first(number, rate.days if rate else _USUAL_DAYS)
    peaks = [
        Peak(_hour_of(hours, wh, day, highest), highest)
        for day, highest in zip(days.days[chosen].tolist(), days.wh[chosen].tolist(), strict=True)
    ]
    sum_wh = sum(peak.wh for peak in peaks)
    start = month.replace(day=1)
    if rate is None or vat is None or not peaks:
        return CapacityStanding(start, peaks, sum_wh, None, None, None)
    steps = capacity_steps(rate, vat)
    place = place_of_step(steps, sum_wh, len(peaks))
    above = steps[place + 1] if place + 1 < len(steps) else None
    lacking_w = None if above is None else -((sum_wh - above.from_w * len(peaks)) // len(peaks))
    return CapacityStanding(start, peaks, sum_wh, steps[place], above, lacking_w)


def _hour_of(hours: Whole, wh: WattHours, day: int, highest: int) -> int:
    start, end = np.searchsorted(hours, DAY_STARTS[[day, day + 1]])
    return int(hours[start + np.flatnonzero(wh[start:end] == highest)[0]])
