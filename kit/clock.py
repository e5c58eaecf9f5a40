"""The only source of the present moment, so that a test can hold it still, and moments as text."""

from datetime import UTC, datetime
from typing import Protocol


def parse_moment(text: str) -> datetime:
    """Reads a moment in RFC 3339, and returns it in UTC.

    Raises:
        ValueError: If it is none, or says no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is a moment without an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is no moment in UTC") from None


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Returns the present moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Returns the present moment, aware and in UTC."""
        return datetime.now(UTC)
