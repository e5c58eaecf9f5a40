"""The fields of requests, as the domain understands them."""

from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from kit.errors import FieldError, Invalid

_Word = TypeVar("_Word", bound=StrEnum)


class Words(Protocol):
    """An enum of the protos."""

    def Name(self, number: Any, /) -> str:
        """Returns the name of a value."""
        ...


def word_of(field: str, kind: type[_Word], words: Words, number: int) -> _Word:
    """Returns the word that a request chooses, which has the same name in protos and domain.

    Raises:
        Invalid: If it chooses none.
    """
    try:
        return kind(words.Name(number))
    except ValueError:
        raise Invalid(FieldError(field, "REQUIRED_FIELD")) from None


def uuid_of(field: str, text: str) -> UUID:
    """Returns a UUID that a request names.

    Raises:
        Invalid: If it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(FieldError(field, "NOT_A_UUID")) from None
