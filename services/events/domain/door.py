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
    UNREADABLE = "UNREADABLE"


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
class OfflineRecord:
    """What a device recorded while it had no network, as it tells it.

    Attributes:
        kind: What happened, None if it does not say.
        guest: To whom, None if it does not say.
        guests: For how many.
        nonce: The name of the record, unique on the device.
        happened_at: When, by the device's clock; None if it does not say.
    """

    kind: Kind | None
    guest: Guest | None
    guests: int
    nonce: str
    happened_at: datetime | None

    @property
    def is_readable(self) -> bool:
        """Whether it says something that can be recorded."""
        is_named = 1 <= len(self.nonce) <= LONGEST_NAME and self.nonce.isprintable()
        says_what = self.kind is not None and self.guest is not None
        return is_named and says_what and 1 <= self.guests <= MOST_GUESTS


@dataclass(frozen=True, slots=True)
class Found:
    """Whose ticket or reservation it is.

    Attributes:
        reservation: The reservation.
        ticket_id: The ticket that was shown, None if the reservation was chosen.
        is_released: Whether that ticket was given back.
        was_shown: Whether somebody was let in with that ticket before.
    """

    reservation: Reservation
    ticket_id: UUID | None = None
    is_released: bool = False
    was_shown: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened at the door.

    Attributes:
        kind: What happened.
        reservation_id: To whom, None if nobody knows the ticket.
        ticket_id: The ticket that was shown, None if nobody knows it or the reservation was chosen.
        shown: What was scanned or typed, empty if the reservation was chosen.
        guests: For how many.
        device: The device that recorded it.
        nonce: The name of the record, unique on the device.
        happened_at: When it happened, by our clock.
        staff_account_id: Who recorded it.
        conflict: Whether it does not add up.
    """

    kind: Kind
    reservation_id: UUID | None
    ticket_id: UUID | None
    shown: str
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

    @property
    def releasable(self) -> int:
        """How many of its tickets can be given back: those of guests who are in cannot."""
        return max(self.tickets - max(self.admitted, 0), 0)

    def admitting(self, found: Found, guests: int) -> Outcome:
        """Tells what comes of letting guests in.

        Args:
            found: Whose they are.
            guests: How many.
        """
        if found.is_released or not self.tickets:
            return Outcome.RELEASED
        conflicts = self.conflicts(Kind.ADMIT, found, guests)
        return Outcome.ALREADY_ADMITTED if conflicts else Outcome.ADMITTED

    def conflicts(self, kind: Kind, found: Found, guests: int) -> bool:
        """Tells whether something that has happened does not add up.

        More are in than have tickets, or fewer than none; or a ticket was shown that was given
        back, or that somebody who is in has shown before.
        """
        if kind is Kind.UNDO:
            return guests > self.admitted
        is_shown_again = found.was_shown and self.admitted > 0
        return found.is_released or is_shown_again or self.admitted + guests > self.tickets

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
