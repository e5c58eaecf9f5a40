"""Lists in pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from kit.errors import FieldError, Invalid

USUAL_SIZE = 50
LARGEST_SIZE = 200

_LARGEST_NUMBER = 2**63 - 1

Item = TypeVar("Item")
Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list.

    Attributes:
        items: What is in it.
        next_token: Where the next page begins, empty on the last one.
    """

    items: Sequence[Item]
    next_token: str = ""


def size_of(page_size: int) -> int:
    """Returns how many items a page has.

    Raises:
        Invalid: If fewer than none are asked for.
    """
    if page_size < 0:
        facts = {"minimum": 0, "maximum": LARGEST_SIZE}
        raise Invalid(FieldError("page_size", "OUT_OF_RANGE", facts))
    return min(page_size or USUAL_SIZE, LARGEST_SIZE)


def page_of(found: Sequence[Item], size: int, position: Callable[[Item], object]) -> Page[Item]:
    """Returns a page of what was found, which is one item more than the page where more follow.

    Args:
        found: What was found.
        size: How many items the page has.
        position: Says where an item stands in the list.
    """
    if len(found) <= size:
        return Page(found)
    items = found[:size]
    return Page(items, token_of(position(items[-1])))


def token_of(position: object) -> str:
    """Returns the token of a place in a list: after the item at this position."""
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def position_of(token: str, read: Callable[[str], Position]) -> Position | None:
    """Returns the position that a token names, None for the beginning.

    Args:
        token: What the last page said.
        read: Reads a position; raises ValueError where there is none.

    Raises:
        Invalid: If no page said this.
    """
    if not token:
        return None
    try:
        return read(base64.urlsafe_b64decode(token).decode())
    except (binascii.Error, ValueError):
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None


def read_number(text: str) -> int:
    """Reads a position that is a number.

    Raises:
        ValueError: If it is none, or one that no list has.
    """
    number = int(text)
    if not 0 <= number <= _LARGEST_NUMBER:
        raise ValueError(text)
    return number


def moment_and_id(moment: datetime, item_id: UUID) -> str:
    """Returns the position of an item in a list that is ordered by moments in UTC."""
    return f"{moment.isoformat()} {item_id}"


def read_moment_and_id(text: str) -> tuple[datetime, UUID]:
    """Reads a position that `moment_and_id` has written.

    Raises:
        ValueError: If it is none.
    """
    moment_text, item_id = text.split(" ")
    moment = datetime.fromisoformat(moment_text)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(text)
    return moment, UUID(item_id)
