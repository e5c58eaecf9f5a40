"""Events and reservations as the service of events tells of them, and what follows by the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """An event that customers know of.

    Attributes:
        id: The event.
        title: What it is called.
        venue: Where it is.
        starts_at: When it starts.
        capacity: How many guests there is room for, 0 if unknown.
        moves: How often it was moved.
        cancelled_because: What staff say to those who had tickets, None while it takes place.
    """

    id: UUID
    title: str
    venue: str
    starts_at: datetime
    capacity: int
    moves: int = 0
    cancelled_because: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The tickets of a customer to an event.

    Attributes:
        id: The reservation.
        event_id: The event.
        customer_id: The customer.
        tickets: How many there are.
        changes: How often their number has changed.
        since: When the number last grew.
    """

    id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    changes: int
    since: datetime


class Change(StrEnum):
    """What staff are told of, as the digest calls it."""

    RESERVED = "reserved"
    RELEASED = "released"
    CANCELLED = "cancelled"
    WAITING = "waiting"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """Something that staff are to be told.

    Attributes:
        id: A UUID of version 7.
        at: When it happened.
        event_id: The event.
        customer_id: Who did it, or to whom it was done.
        what: What happened.
        tickets: How many tickets it is about.
        total: How many the customer has after it, None for who waits.
    """

    id: UUID
    at: datetime
    event_id: UUID
    customer_id: UUID
    what: Change
    tickets: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A moment before the start at which something is told.

    Attributes:
        rank: The how-manieth it is, from 1.
        before: How long before the start it is told.
        until: How long before the start it is too late for it: the next stage, or the start, is
            near.
    """

    rank: int
    before: timedelta
    until: timedelta

    @property
    def hours(self) -> int:
        """How many hours before the start."""
        return int(self.before / timedelta(hours=1))


REMINDERS: Final = (
    Stage(1, timedelta(hours=72), timedelta(hours=24)),
    Stage(2, timedelta(hours=24), timedelta(hours=3)),
)
"""When those with tickets are asked whether they are still coming. Who reserved after such a moment
is not asked then."""

GUEST_LISTS: Final = (
    Stage(1, timedelta(hours=24), timedelta(hours=2)),
    Stage(2, timedelta(hours=2), timedelta(0)),
)
"""When staff get the guest list."""
