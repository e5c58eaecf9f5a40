"""Dates and times in Nynorsk, the language of the staff."""

from datetime import datetime

from services.events.domain.offer_clock import OSLO

_DAYS = ("måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "søndag")
_MONTHS = (
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


def date_and_time(moment: datetime) -> str:
    """Returns a moment as it is said: laurdag 5. desember 2026 kl. 19.00."""
    local = moment.astimezone(OSLO)
    day = f"{_DAYS[local.weekday()]} {local.day}. {_MONTHS[local.month - 1]} {local.year}"
    return f"{day} kl. {local:%H.%M}"


def short_time(moment: datetime) -> str:
    """Returns a moment as it is noted: 5.12. kl. 19.00."""
    local = moment.astimezone(OSLO)
    return f"{local.day}.{local.month}. kl. {local:%H.%M}"


def sortable_time(moment: datetime) -> str:
    """Returns a moment as a spreadsheet reads and sorts it: 2026-12-05 19:00."""
    return f"{moment.astimezone(OSLO):%Y-%m-%d %H:%M}"
