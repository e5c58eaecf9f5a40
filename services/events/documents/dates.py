"""Dates and times by Norwegian clocks, in Nynorsk unless something else is asked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kit.texts import Language
from services.events.domain.offer_clock import OSLO

_DAYS: Mapping[Language, Sequence[str]] = {
    "nn": ("måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "søndag"),
    "nb": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_NORWEGIAN_MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)
_ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def date_and_time(moment: datetime, language: Language = "nn") -> str:
    """Returns a moment as it is said: laurdag 5. desember 2026 kl. 19.00."""
    local = moment.astimezone(OSLO)
    day = _DAYS[language][local.weekday()]
    if language == "en":
        month = _ENGLISH_MONTHS[local.month - 1]
        return f"{day} {local.day} {month} {local.year} at {local:%H:%M}"
    month = _NORWEGIAN_MONTHS[local.month - 1]
    return f"{day} {local.day}. {month} {local.year} kl. {local:%H.%M}"


def short_time(moment: datetime) -> str:
    """Returns a moment as it is noted: 5.12. kl. 19.00."""
    local = moment.astimezone(OSLO)
    return f"{local.day}.{local.month}. kl. {local:%H.%M}"


def sortable_time(moment: datetime) -> str:
    """Returns a moment as a spreadsheet reads and sorts it: 2026-12-05 19:00."""
    return f"{moment.astimezone(OSLO):%Y-%m-%d %H:%M}"


def sortable_date(moment: datetime) -> str:
    """Returns the day of a moment as files are named: 2026-12-05."""
    return f"{moment.astimezone(OSLO):%Y-%m-%d}"
