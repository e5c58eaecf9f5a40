"""How moments and numbers are written in the files."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from services.metering.domain.calendar import DAY_STARTS, OSLO, hour_of
from services.metering.domain.prices import MAX_PRICE, PRICE_DECIMALS
from services.metering.domain.problems import Refused
from services.metering.domain.readings import MAX_HOUR_WH

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_COMMA = re.compile(r"(-?)([0-9]{1,12}),([0-9]{1,9})")
_POINT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?")
_NO_COMMA = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WH_DECIMALS = 3
_MOST_DIGITS = 12
_NO_OFFSET = timedelta(0)

QUARTERS: Final = 4
"""In an hour."""

LENGTHS: Final = {"PT1H": QUARTERS, "PT60M": QUARTERS, "PT15M": 1}
"""The durations of a value (ISO 8601), in quarters."""

SECONDS_PER_QUARTER: Final = 900


@lru_cache(maxsize=1024)  # a row begins where the last one ended, and a day is registered at once
def parse_moment(text: str) -> datetime:
    """Reads a moment in RFC 3339, with the offset of Norwegian clocks or in UTC.

    The offset is what tells the two hours apart that October's clocks show twice. Any other offset
    than these is a mistake of whoever made the file, and would move the hours of half a year.

    Raises:
        Refused: If it is none, or its offset is missing or wrong.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Refused("NOT_A_TIMESTAMP")
    if match[3] is None:
        raise Refused("OFFSET_MISSING")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("NOT_A_TIMESTAMP") from None
    if not DAY_STARTS[0] <= hour_of(moment) < DAY_STARTS[-1]:
        raise Refused("OUTSIDE_CALENDAR")
    if moment.utcoffset() not in (_NO_OFFSET, moment.astimezone(OSLO).utcoffset()):
        raise Refused("OFFSET_NOT_NORWEGIAN")
    return moment


def parse_hour(text: str) -> int:
    """Reads the moment at which an hour starts, and returns the hour's number.

    Raises:
        Refused: If it is no moment, or not at the full hour.
    """
    moment = parse_moment(text)
    if moment.minute or moment.second or moment.microsecond:
        raise Refused("NOT_A_FULL_HOUR")
    return hour_of(moment)


def parse_quarter(text: str) -> int:
    """Reads the moment at which a quarter of an hour starts, and returns the quarter's number.

    Quarters are numbered as hours are: four times the hour's number and on.

    Raises:
        Refused: If it is no moment, or not at a full quarter.
    """
    return quarter_of(parse_moment(text))


def quarter_of(moment: datetime) -> int:
    """Returns the number of the quarter that starts at a moment.

    Raises:
        Refused: If none starts then.
    """
    seconds = moment.timestamp()
    if seconds % SECONDS_PER_QUARTER:
        raise Refused("NOT_A_FULL_QUARTER")
    return int(seconds) // SECONDS_PER_QUARTER


def parse_comma_wh(text: str) -> int:
    """Reads kWh with a decimal comma, and returns Wh.

    Raises:
        Refused: If it is no such number, or no whole number of Wh between 0 and MAX_HOUR_WH.
    """
    match = _COMMA.fullmatch(text)
    if match is None:
        raise Refused("COMMA_MISSING" if _NO_COMMA.fullmatch(text) else "NOT_A_NUMBER")
    return _wh(match)


def parse_point_wh(text: str) -> int:
    """Reads kWh with a decimal point or none, and returns Wh.

    Raises:
        Refused: If it is no such number, or no whole number of Wh between 0 and MAX_HOUR_WH.
    """
    return _wh(_point(text))


def parse_decimal_wh(kwh: Decimal) -> int:
    """Takes kWh as a decimal number, and returns Wh.

    Raises:
        Refused: If it is no whole number of Wh between 0 and MAX_HOUR_WH.
    """
    if kwh.adjusted() > _MOST_DIGITS:  # which could not even be written down
        raise Refused("ENERGY_TOO_LARGE", limit=MAX_HOUR_WH // 10**_WH_DECIMALS)
    if kwh.adjusted() < -_MOST_DIGITS:
        raise Refused("NOT_A_DECIMAL", decimals=_WH_DECIMALS)
    return parse_point_wh(f"{kwh:f}")


def parse_price(text: str, decimals: int, limit: int) -> int:
    """Reads a price with a decimal point or none; see `parse_scaled`.

    Args:
        text: The price.
        decimals: How many are kept.
        limit: The highest amount, and with the other sign the lowest.

    Raises:
        Refused: If it is no number, or beyond the limit.
    """
    amount = parse_scaled(text, decimals)
    if abs(amount) > limit:
        raise Refused("PRICE_TOO_LARGE", limit=MAX_PRICE // 10**PRICE_DECIMALS)
    return amount


def parse_scaled(text: str, decimals: int) -> int:
    """Reads a number with a decimal point or none.

    Further decimals than are kept are rounded half away from zero.

    Args:
        text: The number.
        decimals: How many are kept.

    Returns:
        The number as a whole one of the last decimal that is kept.

    Raises:
        Refused: If it is no number.
    """
    match = _point(text)
    shown = match[3] or ""
    scaled = int(match[2] + shown.ljust(decimals + 1, "0")[: decimals + 1])
    amount = (scaled + 5) // 10
    return -amount if match[1] else amount


def _point(text: str) -> re.Match[str]:
    match = _POINT.fullmatch(text)
    if match is None:
        raise Refused("NOT_A_NUMBER")
    return match


def _wh(match: re.Match[str]) -> int:
    decimals = (match[3] or "").rstrip("0")
    if len(decimals) > _WH_DECIMALS:
        raise Refused("NOT_A_DECIMAL", decimals=_WH_DECIMALS)
    wh = int(match[2] + decimals.ljust(_WH_DECIMALS, "0"))
    if match[1] and wh:
        raise Refused("NEGATIVE_ENERGY")
    if wh > MAX_HOUR_WH:
        raise Refused("ENERGY_TOO_LARGE", limit=MAX_HOUR_WH // 10**_WH_DECIMALS)
    return wh
