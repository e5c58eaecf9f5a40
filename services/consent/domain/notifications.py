"""What is to be written to whom: taken down with what caused it, and written when it is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that somebody is to be told.

    Attributes:
        id: A UUID of version 7.
        cause: What caused it: `offer-made/<offer>`. A cause is told once, however often it is
            heard of.
        kind: What it is, a key of `kinds.KINDS`.
        customer_id: Whom it is for; None for staff.
        facts: What the letter says beside what is looked up when it is written, as JSON: ids,
            numbers, titles, moments in ISO 8601. Never an address.
        due_at: When it is to be told.
        not_after: From when on it is worthless, None for never.
        topic: What it is about: `offer/<id>`, `reservation/<id>`, `mailing/<id>`. All that is not
            told yet about a topic can be taken back together.
    """

    id: UUID
    cause: str
    kind: str
    customer_id: UUID | None
    facts: Mapping[str, Any]
    due_at: datetime
    not_after: datetime | None
    topic: str


class State(StrEnum):
    """What has become of a notification."""

    WAITING = "WAITING"
    WRITTEN = "WRITTEN"
    """Its messages are with the courier."""
    DROPPED = "DROPPED"
    """It is not told, for a reason."""


class Reason(StrEnum):
    """Why something is not told; further reasons are those of `permission.Permission`."""

    TAKEN_BACK = "TAKEN_BACK"
    """What it tells of holds no longer."""
    TOO_LATE = "TOO_LATE"
    """It would be worthless by now."""
    NOT_REACHABLE = "NOT_REACHABLE"
    """There is no address for any way that it goes."""
    DUPLICATE = "DUPLICATE"
    """The same address gets the same mailing by another customer."""
    STOPPED = "STOPPED"
    """Its mailing was stopped."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A notification that this process may write now.

    Attributes:
        notification: What it is.
        attempt: Which attempt this is, from 1. Whoever leases it next has another one.
    """

    notification: Notification
    attempt: int
