"""Quiet hours: nobody is woken by what can wait until the morning."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_OSLO: Final = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when it is quiet, by the clock in Norway; never, if both are the same.

    Attributes:
        begin: The first hour, from 0 to 23.
        end: The first hour of the morning, from 0 to 23.
    """

    begin: int = 22
    end: int = 7

    def morning_after(self, moment: datetime) -> datetime | None:
        """Returns when the quiet hours of a moment end, in UTC; None if it is in none.

        The night of the change to summer time is an hour shorter and the one back an hour longer:
        the morning begins when the clock says so.
        """
        local = moment.astimezone(_OSLO)
        crosses_midnight = self.begin > self.end
        is_late, is_early = local.hour >= self.begin, local.hour < self.end
        if not (is_late or is_early if crosses_midnight else is_late and is_early):
            return None
        day = local.date() + timedelta(days=crosses_midnight and is_late)
        return datetime.combine(day, time(self.end), _OSLO).astimezone(UTC)
