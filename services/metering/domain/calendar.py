"""Days, months and years as Norwegian clocks tell them, on a line of hours in UTC.

An hour is numbered from 1970-01-01T00:00Z and a day from 1970-01-01: whole numbers, so that a
series is an array and a range is a slice. Every offset that Norway has had since 1970 is a whole
number of hours, so each local hour is one hour of UTC. The boundaries are computed once and then
looked up.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.problems import Refused

Whole = NDArray[np.int64]
"""Numbers of hours or days."""

TIME_ZONE: Final = "Europe/Oslo"
OSLO: Final = ZoneInfo(TIME_ZONE)
FIRST_DATE: Final = date(1970, 1, 1)
END_DATE: Final = date(2100, 1, 1)
"""The calendar ends before this date."""

SECONDS_PER_HOUR: Final = 3600
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = FIRST_DATE.toordinal()


def _starts(dates: list[date]) -> Whole:
    midnights = (datetime(day.year, day.month, day.day, tzinfo=OSLO) for day in dates)
    return np.array([int(moment.timestamp()) // SECONDS_PER_HOUR for moment in midnights])


_YEARS = range(FIRST_DATE.year, END_DATE.year + 1)
_MONTHS = [date(year, month, 1) for year in _YEARS[:-1] for month in range(1, 13)]

DAY_STARTS: Final = _starts(
    [FIRST_DATE + timedelta(days=day) for day in range(END_DATE.toordinal() - _EPOCH + 1)]
)
"""The hour at which each day starts, and the calendar's end."""
_DAYS_OF_HOURS = np.repeat(np.arange(len(DAY_STARTS) - 1, dtype=np.int32), np.diff(DAY_STARTS))
"""The day of each hour of the calendar: looked up ten times as fast as searched for."""
END_HOUR: Final = int(DAY_STARTS[-1])
"""The calendar ends before this hour."""
MONTH_STARTS: Final = _starts([*_MONTHS, END_DATE])
"""The hour at which each month starts, and the calendar's end."""
YEAR_STARTS: Final = _starts([date(year, 1, 1) for year in _YEARS])
"""The hour at which each year starts, and the calendar's end."""


def parse_date(text: str) -> date:
    """Reads a local date, YYYY-MM-DD.

    Raises:
        Refused: If it has another form or there is no such date.
    """
    if _ISO_DATE.fullmatch(text) is None:
        raise Refused("NOT_A_DATE")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("NOT_A_DATE") from None


def day_of(day: date) -> int:
    """Returns the number of a day; one outside of the calendar becomes its nearest end."""
    return min(max(day.toordinal() - _EPOCH, 0), len(DAY_STARTS) - 1)


def date_of(day: int) -> date:
    """Returns the date of a day by its number."""
    return date.fromordinal(day + _EPOCH)


def first_hour(day: date) -> int:
    """Returns the hour at which a day starts; see `day_of` for days outside of the calendar."""
    return int(DAY_STARTS[day_of(day)])


def days_of(hours: Whole) -> Whole:
    """Returns the local day of each hour, which must lie in the calendar."""
    return _DAYS_OF_HOURS[hours - DAY_STARTS[0]].astype(np.int64)


def hour_of(moment: datetime) -> int:
    """Returns the hour that a moment lies in."""
    return int(moment.timestamp()) // SECONDS_PER_HOUR


def seconds_of(hours: Whole) -> Whole:
    """Returns when hours start, in seconds since 1970-01-01T00:00Z."""
    return hours * SECONDS_PER_HOUR


def moment_of(hour: int) -> datetime:
    """Returns the moment at which an hour starts, in UTC."""
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)


def local_moment_of(hour: int) -> datetime:
    """Returns the moment at which an hour starts, with the offset of Norwegian clocks."""
    return datetime.fromtimestamp(hour * SECONDS_PER_HOUR, OSLO)


def local_date_of(moment: datetime) -> date:
    """Returns the date that Norwegian calendars show at a moment."""
    return moment.astimezone(OSLO).date()
