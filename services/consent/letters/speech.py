"""Moments, numbers and titles as people say and read them."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kit import texts
from kit.texts import Language

_OSLO: Final = ZoneInfo("Europe/Oslo")
_DAYS: Final = {
    "nn": "måndag tysdag onsdag torsdag fredag laurdag søndag",
    "nb": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_HOURS_A_DAY: Final = 24
_BEFORE_A_TIME: Final = re.compile(r"\b(kl\.|at) (?=\d\d[.:]\d\d\b)")


def moment(at: datetime, language: Language) -> str:
    """Returns a moment by the clock in Norway: laurdag 5. desember 2026 kl. 19.00.

    Raises:
        ValueError: If it has no time zone.
    """
    return f"{weekday(_local(at).weekday(), language)} {texts.said(at.isoformat(), language)}"


def weekday(day: int, language: Language) -> str:
    """Returns a day of the week, 0 for Monday: måndag."""
    return _DAYS[language].split()[day]


def noted(at: datetime, language: Language) -> str:
    """Returns a moment as it is noted: 5.12. kl. 19.00.

    Raises:
        ValueError: If it has no time zone.
    """
    local = _local(at)
    if language == "en":
        return f"{local.day} {local:%b} at {local:%H:%M}"
    return f"{local.day}.{local.month}. kl. {local:%H.%M}"


def clock(at: datetime, language: Language) -> str:
    """Returns the time of a day alone: 19.00.

    Raises:
        ValueError: If it has no time zone.
    """
    return f"{_local(at):%H:%M}" if language == "en" else f"{_local(at):%H.%M}"


def is_one_day(since: datetime, until: datetime) -> bool:
    """Tells whether two moments are of the same day in Norway.

    Raises:
        ValueError: If one has no time zone.
    """
    return _local(since).date() == _local(until).date()


def counted(number: int, one: str, many: str) -> str:
    """Returns a number with its noun: 1 billett, 2 billettar."""
    return f"{number} {noun(number, one, many)}"


def noun(number: int, one: str, many: str) -> str:
    """Returns the noun for a number, without the number."""
    return one if number == 1 else many


def span(hours: int, hour: tuple[str, str], day: tuple[str, str]) -> str:
    """Returns hours as days where people would: 24 timar, 3 dagar."""
    days, rest = divmod(hours, _HOURS_A_DAY)
    return counted(hours, *hour) if rest or days <= 1 else counted(days, *day)


def brief(text: str, longest: int = 60) -> str:
    """Returns a text that leaves room for others in an SMS.

    Three full stops, since an ellipsis is not in the alphabet of SMS (GSM 03.38), and one letter
    outside of it makes the whole message dearer.
    """
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


def unbroken(text: str) -> str:
    """Returns a text in which no line ends between kl. and the time."""
    return _BEFORE_A_TIME.sub("\\1\u00a0", text)


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(_OSLO)
