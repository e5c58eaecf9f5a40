"""What a month will probably cost, from the days that are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kit.errors import FailedPrecondition
from kit.public_holidays import public_holidays
from services.metering.domain.calendar import (
    DAY_STARTS,
    FIRST_DATE,
    Whole,
    date_of,
    days_of,
    local_moment_of,
)
from services.metering.domain.held import HeldHours
from services.metering.domain.layout import Flags
from services.metering.domain.period import Period
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.pricing.money import rounded
from services.metering.domain.readings import MISSING, Quality

LEAST_DAYS: Final = 7
"""So many days with values there must be: each day of the week once."""
MOST_DAYS: Final = 28
"""The last days with values that count: four of each day of the week."""
MONTHS_BEFORE: Final = 3
"""How far back they are looked for."""

_HOURS_A_DAY = 24
_SATURDAY = 5


class TooFewDays(FailedPrecondition):
    """There are too few days with values to learn from; the facts say how many, and the least."""

    reason = "TOO_FEW_DAYS"


@dataclass(frozen=True, eq=False)
class FilledMonth:
    """Held hours in which nothing of a month is missing that could be estimated.

    Attributes:
        hours: The hours; those that were filled in count as estimates.
        filled_hours: How many hours of the month have an estimated value.
        filled_prices: How many hours of the month have an estimated price.
    """

    hours: HeldHours
    filled_hours: int
    filled_prices: int

    @property
    def is_estimate(self) -> bool:
        """Whether anything was filled in."""
        return self.filled_hours + self.filled_prices > 0


def months_before(month: Period) -> Period:
    """Returns the months before one that are learnt from, and the month."""
    start = month.from_date
    for _ in range(MONTHS_BEFORE):
        if start > FIRST_DATE:
            start = Period.month_of(start - timedelta(days=1)).from_date
    return Period(start, month.to_date)


def known_days(hours: HeldHours) -> int:
    """Returns on how many local days there are values."""
    return len(np.unique(days_of(hours.numbers[hours.wh != MISSING])))


def filled(hours: HeldHours, month: Period) -> FilledMonth:
    """Fills in what is not known of a month.

    An hour without a value takes the mean of the same clock hour on the same kind of day, a weekday
    or else a weekend or public holiday, over the last 28 days with values; of that clock hour on
    any such day, or of all their hours, where there is none. An hour without a price takes the mean
    of this month's known prices at the same clock hour, or of all of them. Means are rounded to
    whole Wh and 1e-5 kr/kWh.

    Args:
        hours: The month and the months before it, as far as they are held.
        month: The month.

    Raises:
        TooFewDays: If fewer than 7 days have values.
    """
    numbers, wh, spot = hours.numbers, hours.wh, hours.spot
    clock, free = _clock_hours(numbers), _are_free(numbers)
    inside = (numbers >= month.first_hour) & (numbers < month.end_hour)
    known = wh != MISSING
    lacking = inside & ~known
    if lacking.any():
        learnt = known & (numbers >= DAY_STARTS[_first_day_learnt(numbers[known])])
        kinds = [clock, free]
        wh[lacking] = _means(
            wh[learnt], [kind[learnt] for kind in kinds], [kind[lacking] for kind in kinds]
        )
    unpriced = inside & (spot == UNKNOWN_PRICE)
    for area in {part.terms.price_area for part in hours.parts}:
        here = inside & (_areas(hours) == area)
        priced, wanted = here & ~unpriced, here & unpriced
        if priced.any():
            spot[wanted] = _means(spot[priced], [clock[priced]], [clock[wanted]])
    return FilledMonth(
        hours=hours.with_values(
            wh, spot, np.where(lacking, np.uint8(Quality.ESTIMATED), hours.qualities)
        ),
        filled_hours=int(lacking.sum()),
        filled_prices=int((unpriced & (spot != UNKNOWN_PRICE)).sum()),
    )


def _first_day_learnt(known: Whole) -> int:
    """Returns the first of the last days that have values."""
    days = np.unique(days_of(known))[-MOST_DAYS:]
    if len(days) < LEAST_DAYS:
        raise TooFewDays(days=len(days), least=LEAST_DAYS)
    return int(days[0])


def _means(
    values: NDArray[np.int32], kinds: Sequence[Whole | Flags], wanted: Sequence[Whole | Flags]
) -> Whole:
    """Returns the mean value of each wanted kind.

    Args:
        values: What is known, at least one.
        kinds: What kind each of them is, in columns that say more and more.
        wanted: What kinds are wanted, in the same columns.

    Returns:
        The mean of what is alike in all columns; where nothing is, in all but the last; and so on.
    """
    means = np.full(len(wanted[0]), _rounded_mean(values))
    for depth in range(1, len(kinds) + 1):
        alike = _numbered(kinds[:depth])
        asked = _numbered(wanted[:depth])
        for kind in np.unique(asked):
            found = values[alike == kind]
            if len(found):
                means[asked == kind] = _rounded_mean(found)
    return means


def _numbered(kinds: Sequence[Whole | Flags]) -> Whole:
    """Gives each combination of kinds a number of its own; there are fewer than 24 of each."""
    numbers = np.zeros(len(kinds[0]), np.int64)
    for kind in kinds:
        numbers = numbers * _HOURS_A_DAY + kind
    return numbers


def _rounded_mean(values: NDArray[np.int32]) -> int:
    return rounded(int(values.sum(dtype=np.int64)), len(values))


def _areas(hours: HeldHours) -> NDArray[np.str_]:
    return np.concatenate([np.full(len(part.wh), part.terms.price_area) for part in hours.parts])


def _clock_hours(numbers: Whole) -> Whole:
    """Returns the hour that clocks show; on days of 23 and 25 hours each is looked up."""
    days = days_of(numbers)
    shown = numbers - DAY_STARTS[days]
    changed = DAY_STARTS[days + 1] - DAY_STARTS[days] != _HOURS_A_DAY
    shown[changed] = [local_moment_of(hour).hour for hour in numbers[changed].tolist()]
    return shown


def _are_free(numbers: Whole) -> Flags:
    """Tells of each hour whether it lies on a weekend or a public holiday."""
    days = days_of(numbers)
    free: dict[int, bool] = {}
    for day in np.unique(days).tolist():
        date = date_of(day)
        free[day] = date.weekday() >= _SATURDAY or date in public_holidays(date.year)
    return np.array([free[day] for day in days.tolist()])
