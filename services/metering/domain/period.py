"""What a customer asks about: ranges of local dates, and months."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from kit.errors import FieldError, Invalid
from services.metering.domain.calendar import END_DATE, first_hour, parse_date
from services.metering.domain.problems import Refused

MAX_DAYS_OF_HOURS: Final = 366
MAX_YEARS: Final = 40

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Resolution(Enum):
    """The length of a bucket."""

    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


@dataclass(frozen=True)
class Period:
    """A range of local dates.

    Attributes:
        from_date: The first date.
        to_date: The date that it ends before.
    """

    from_date: date
    to_date: date

    @staticmethod
    def month_of(day: date) -> "Period":
        """Returns the calendar month that a date lies in; one after the calendar is empty."""
        return Period(day.replace(day=1), _next_month(day))

    @property
    def first_hour(self) -> int:
        """The first hour by number."""
        return first_hour(self.from_date)

    @property
    def end_hour(self) -> int:
        """The hour that it ends before."""
        return first_hour(self.to_date)

    @property
    def months(self) -> "Period":
        """The calendar months that it lies in: monthly amounts, peaks and caps need all of them."""
        last = self.to_date - timedelta(days=1)
        return Period(self.from_date.replace(day=1), _next_month(last))

    @property
    def year_before(self) -> "Period":
        """The same dates of the year before; 29 February is 28 February there."""
        last = self.to_date - timedelta(days=1)
        return Period(_year_before(self.from_date), _year_before(last) + timedelta(days=1))


def parse_period(
    from_date: str, to_date: str, resolution: Resolution, *, most_years: int = MAX_YEARS
) -> Period:
    """Reads the range of a question.

    Args:
        from_date: The first date.
        to_date: The date that it ends before.
        resolution: The length of a bucket: hours are asked for of one year at most.
        most_years: How long it may be with another resolution.

    Raises:
        Invalid: If a date is none, the range is empty, or it is too long for the resolution.
    """
    problems: list[FieldError] = []
    dates: list[date] = []
    for field, text in (("from_date", from_date), ("to_date", to_date)):
        try:
            dates.append(parse_date(text))
        except Refused as refused:
            problems.append(refused.at(field))
    if problems:
        raise Invalid(*problems)
    period = Period(*dates)
    if period.to_date <= period.from_date:
        raise Invalid(FieldError("to_date", "NOT_AFTER_FROM", {"from": from_date}))
    if resolution is Resolution.HOUR:
        if (period.to_date - period.from_date).days > MAX_DAYS_OF_HOURS:
            raise Invalid(FieldError("to_date", "RANGE_OF_DAYS", {"days": MAX_DAYS_OF_HOURS}))
    elif _is_longer(period, most_years):
        raise Invalid(FieldError("to_date", "RANGE_OF_YEARS", {"years": most_years}))
    return period


def parse_month(text: str) -> Period:
    """Reads a calendar month, YYYY-MM.

    Raises:
        Invalid: If it has another form or there is no such month.
    """
    if _MONTH.fullmatch(text) is None or text.startswith("0000"):
        raise Invalid(FieldError("month", "NOT_A_MONTH"))
    return Period.month_of(date.fromisoformat(f"{text}-01"))


def _is_longer(period: Period, years: int) -> bool:
    start, end = period.from_date, period.to_date
    return (end.year - years, end.month, end.day) > (start.year, start.month, start.day)


def _next_month(day: date) -> date:
    if day >= END_DATE:
        return END_DATE
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=max(day.year - 1, 1), day=28 if is_leap_day else day.day)
