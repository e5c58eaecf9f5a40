"""When somebody answers: a week, its public holidays and its odd days, by the clock in Norway.

A clock is set forward from 02:00 to 03:00 and back from 03:00 to 02:00, so no hours begin or end
between the two: then every moment of every day is told by its clock alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from services.consent.domain.public_holidays import public_holiday

OSLO: Final = ZoneInfo("Europe/Oslo")
DAYS_AHEAD: Final = 60
"""How far ahead the next change is looked for."""

MIDNIGHT: Final = 24 * 60
_CHANGE_FROM, _CHANGE_TO = 2 * 60, 3 * 60

Words = Mapping[str, str]
"""A text by language: `nn`, `nb`, `en`."""


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """From one time of a day to another, half-open.

    Attributes:
        opens: The minute of the day, as the clock tells it.
        closes: The minute, at most 24:00.
    """

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= MIDNIGHT:
            raise ValueError(f"{self} do not end after they begin, on the same day")
        for minute in (self.opens, self.closes):
            if _CHANGE_FROM < minute < _CHANGE_TO:
                raise ValueError(
                    f"{self} begin or end between 02:00 and 03:00, which one day a year does not "
                    "have and another has twice"
                )

    def __str__(self) -> str:
        return f"{told(self.opens)}-{told(self.closes)}"


def told(minute: int) -> str:
    """Returns a minute of the day as a clock tells it: `08:30`, and `24:00` at its end."""
    return f"{minute // 60:02}:{minute % 60:02}"


def in_order(several: Sequence[Hours]) -> tuple[Hours, ...]:
    """Returns the hours of a day in order.

    Raises:
        ValueError: If two of them overlap.
    """
    ordered = tuple(sorted(several))
    for earlier, later in pairwise(ordered):
        if later.opens < earlier.closes:
            raise ValueError(f"{earlier} and {later} overlap")
    return ordered


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of a day.

    Attributes:
        hours: In order; none if it is closed.
        because: What makes the day another than its weekday; None for an ordinary one.
        is_public_holiday: Whether that is a public holiday.
    """

    hours: tuple[Hours, ...]
    because: Words | None = None
    is_public_holiday: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How things stand at a moment.

    Attributes:
        date: The day that it is, in Norway.
        today: Its hours.
        open_now: Whether somebody answers.
        opens_at: When somebody does again; None while open, and if not in the next `DAYS_AHEAD`.
        closes_at: When nobody does any longer; None while closed, and if not in the next
            `DAYS_AHEAD`.
    """

    date: date
    today: Day
    open_now: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When somebody answers.

    Attributes:
        week: The hours of each weekday in order, Monday first.
        open_on_public_holidays: Whether a public holiday is a day like any other.
        odd_days: What holds on single dates, whatever the week and the holidays say.
    """

    week: tuple[tuple[Hours, ...], ...]
    open_on_public_holidays: bool = False
    odd_days: Mapping[date, Day] = field(default_factory=dict[date, Day])

    def on(self, day: date) -> Day:
        """Returns the hours of a date."""
        odd = self.odd_days.get(day)
        if odd is not None:
            return odd
        holiday = None if self.open_on_public_holidays else public_holiday(day)
        if holiday is not None:
            return Day((), holiday, is_public_holiday=True)
        return Day(self.week[day.weekday()])

    def at(self, now: datetime) -> Opening:
        """Returns how things stand at a moment.

        Args:
            now: The moment, aware.
        """
        date_now = now.astimezone(OSLO).date()
        today = self.on(date_now)
        last = _moment(date_now + timedelta(days=DAYS_AHEAD), 0)
        for opens, closes in self._spans(date_now, last):
            if now < opens:
                return Opening(date_now, today, open_now=False, opens_at=opens)
            if now < closes:
                ends = closes if closes < last else None
                return Opening(date_now, today, open_now=True, closes_at=ends)
        return Opening(date_now, today, open_now=False)

    def _spans(self, day: date, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yields from when to when somebody answers, from a day on; midnight parts no span."""
        begun: tuple[datetime, datetime] | None = None
        while _moment(day, 0) < last:
            for hours in self.on(day).hours:
                opens, closes = _moment(day, hours.opens), _moment(day, hours.closes)
                if opens == closes:  # the hour that a day in spring does not have
                    continue
                if begun is not None and begun[1] == opens:
                    begun = begun[0], closes
                    continue
                if begun is not None:
                    yield begun
                begun = opens, closes
            day += timedelta(days=1)
        if begun is not None:
            yield begun


def _moment(day: date, minute: int) -> datetime:
    """Returns the first moment at which the clock tells a minute of a day, or has passed it."""
    told_by_clock = datetime.combine(day, time(), OSLO) + timedelta(minutes=minute)
    return told_by_clock.astimezone(UTC)
