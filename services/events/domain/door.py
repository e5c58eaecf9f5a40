"""The door: guests come in parts, devices lose the network, and nobody is turned away by a counter.

What happens at the door is a log that only grows. How many of a party are in is the sum of it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.events.domain.tickets import Reservation

LONGEST_NAME = 64
MOST_RECORDS = 1000
MOST_GUESTS = 100


class Kind(Enum):
    """What happened."""

    ADMIT = "ADMIT"
    UNDO = "UNDO"


class Outcome(Enum):
    """What came of an admission."""

    ADMITTED = "ADMITTED"
    ALREADY_ADMITTED = "ALREADY_ADMITTED"
    RELEASED = "RELEASED"


class Recorded(Enum):
    """What came of a record that a device hands over."""

    RECORDED = "RECORDED"
    REPEATED = "REPEATED"
    CONFLICT = "CONFLICT"
    UNKNOWN_TICKET = "UNKNOWN_TICKET"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who stands at the door: a reservation, or a ticket as it was scanned or typed.

    Attributes:
        reservation_id: The reservation, None if a ticket was shown.
        ticket: What its QR code says, or its code; empty if the reservation is known.
    """

    reservation_id: UUID | None
    ticket: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whose ticket or reservation it is.

    Attributes:
        reservation: The reservation.
        is_released: Whether a ticket was shown that was given back.
    """

    reservation: Reservation
    is_released: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened at the door.

    Attributes:
        kind: What happened.
        reservation_id: To whom, None if nobody knows the ticket.
        ticket: What was scanned or typed, empty if the reservation was chosen.
        guests: For how many.
        device: The device that recorded it.
        nonce: The name of the record, unique on the device.
        happened_at: When it happened, by our clock.
        staff_account_id: Who recorded it.
        conflict: Whether it does not add up.
    """

    kind: Kind
    reservation_id: UUID | None
    ticket: str
    guests: int
    device: str
    nonce: str
    happened_at: datetime
    staff_account_id: UUID
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """How many of a party are in.

    Attributes:
        tickets: The tickets that the party has.
        admitted: How many of it are in.
    """

    tickets: int
    admitted: int

    def admitting(self, guests: int, *, override: bool) -> Outcome:
        """Tells what comes of letting guests in.

        Args:
            guests: How many.
            override: Whether staff have decided already.
        """
        if override or self.admitted + guests <= self.tickets:
            return Outcome.ADMITTED
        return Outcome.ALREADY_ADMITTED if self.tickets else Outcome.RELEASED

    def conflicts(self, kind: Kind, guests: int) -> bool:
        """Tells whether something that has happened does not add up."""
        if kind is Kind.ADMIT:
            return self.admitted + guests > self.tickets
        return guests > self.admitted

    def after(self, kind: Kind, guests: int) -> "Presence":
        """Returns how many are in after something has happened."""
        change = guests if kind is Kind.ADMIT else -guests
        return Presence(self.tickets, self.admitted + change)


def by_our_clock(happened_at: datetime, device_time: datetime, now: datetime) -> datetime:
    """Returns when something happened, told by a device whose clock may be wrong.

    Args:
        happened_at: When it happened, by the device's clock.
        device_time: What that clock says now.
        now: What ours says now; nothing can have happened later.
    """
    return min(happened_at + (now - device_time), now)
