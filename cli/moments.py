"""Moments as staff write and read them: by Norwegian clocks."""

from datetime import MAXYEAR, MINYEAR, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")

_LOCAL = "%Y-%m-%d %H:%M"
_EXAMPLES = "`2026-12-05 19:00` in Norwegian time, or `2026-12-05T19:00:00+01:00`"


def parse(text: str) -> datetime:
    """Reads a moment: local Norwegian time, or RFC 3339.

    Raises:
        ValueError: It is neither, or Norwegian clocks show it never or twice; the error says so.
    """
    try:
        local = _in_calendar(datetime.strptime(text, _LOCAL).replace(tzinfo=OSLO))
    except ValueError:
        return _with_offset(text)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(f"Clocks are changed at {text}: write it with its offset, like +01:00.")
    return local


def show(moment: datetime) -> str:
    """Writes a moment as Norwegian clocks show it, to the minute."""
    return moment.astimezone(OSLO).strftime(_LOCAL)


def _with_offset(text: str) -> datetime:
    try:
        moment = _in_calendar(datetime.fromisoformat(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"Write it like {_EXAMPLES}.")
    return moment


def _in_calendar(moment: datetime) -> datetime:
    """Returns a moment, if other clocks can show it too.

    Raises:
        ValueError: If not: it lies in the first or the last year of all calendars.
    """
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError(moment)
    return moment
