"""What identity writes to people: codes, and what has happened to their account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """How a letter reaches a person."""

    EMAIL = "EMAIL"
    SMS = "SMS"


@dataclass(frozen=True, slots=True)
class Address:
    """Where letters go.

    Attributes:
        channel: How.
        value: The e-mail address, or the mobile number in E.164.
    """

    channel: Channel
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person.

    Attributes:
        kind: What it says, a table of letters.toml.
        to: Where it goes.
        language: `nn`, `nb` or `en`.
        facts: What its placeholders stand for.
        not_after: From when on it is worthless, None for never.
    """

    kind: str
    to: Address
    language: str
    facts: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    not_after: datetime | None = None
