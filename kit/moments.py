"""The moments that requests name."""

from datetime import UTC, datetime
from typing import Final

from google.protobuf.message import Message

from kit.errors import FieldError, Invalid

_YEARS: Final = range(1970, 2100)
"""What the suite keeps, and clocks of devices can show."""


def moment_of(message: Message, field: str) -> datetime | None:
    """Returns a moment that a request names, None if it names none.

    Raises:
        Invalid: If no calendar holds it.
    """
    if not message.HasField(field):
        return None
    try:
        moment: datetime = getattr(message, field).ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise Invalid(FieldError(field, "OUTSIDE_CALENDAR")) from None
    if moment.year not in _YEARS:
        raise Invalid(FieldError(field, "OUTSIDE_CALENDAR"))
    return moment
