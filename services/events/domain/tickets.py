"""Tickets and reservations."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from kit.ids import Ids

TOKEN_BYTES = 16
CODE_LENGTH = 8

_CODE_BYTES = 5
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit or spells a word by chance."""
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_MISREAD = str.maketrans("ILO", "110", "- ")
_TOKEN_LENGTH = 22
_MOST_OF_A_TOKEN = 64


class Status(Enum):
    """Where a reservation or a ticket is in its life."""

    ACTIVE = "ACTIVE"
    RELEASED = "RELEASED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket for one guest.

    Attributes:
        id: The ticket; it follows from the token, so that a scanned token is looked up by it.
        reservation_id: The reservation that it is part of.
        token: What the QR code says, 128 random bits.
        code: What a person reads aloud, without its hyphen.
        status: Where it is in its life.
        used_at: When the customer marked it as used.
    """

    id: UUID
    reservation_id: UUID
    token: bytes = field(repr=False)
    code: str = field(repr=False)
    status: Status = Status.ACTIVE
    used_at: datetime | None = None

    @property
    def token_text(self) -> str:
        """The token as the QR code says it, 22 characters."""
        return text_of(self.token)

    @property
    def code_text(self) -> str:
        """The code as it is printed: K7QX-2M4P."""
        return f"{self.code[:4]}-{self.code[4:]}"

    @property
    def token_hash(self) -> str:
        """The SHA-256 of the token's text, 64 hexadecimal digits."""
        return hashlib.sha256(self.token_text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tickets of one customer to one event; there is at most one of a customer and an event.

    Attributes:
        id: The reservation.
        event_id: The event.
        customer_id: The customer.
        status: Where it is in its life.
        quantity: How many active tickets it has.
        reserved_at: When it was made, or made anew after all tickets were given back.
    """

    id: UUID
    event_id: UUID
    customer_id: UUID
    status: Status
    quantity: int
    reserved_at: datetime

    @property
    def is_active(self) -> bool:
        """Whether it has tickets."""
        return self.status is Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Booking:
    """A reservation with its tickets."""

    reservation: Reservation
    tickets: Sequence[Ticket]

    @property
    def active_tickets(self) -> Sequence[Ticket]:
        """The tickets that let a guest in."""
        return [ticket for ticket in self.tickets if ticket.status is Status.ACTIVE]


def new_tickets(reservation_id: UUID, quantity: int, ids: Ids) -> Sequence[Ticket]:
    """Returns new tickets of a reservation, in the order of their codes, as tickets always are."""
    tickets = [_new_ticket(reservation_id, ids) for _ in range(quantity)]
    return sorted(tickets, key=lambda ticket: ticket.code)


def _new_ticket(reservation_id: UUID, ids: Ids) -> Ticket:
    random = ids.random_bytes(TOKEN_BYTES + _CODE_BYTES)
    token = random[:TOKEN_BYTES]
    return Ticket(ticket_id_of(token), reservation_id, token, _code(random[TOKEN_BYTES:]))


def ticket_id_of(token: bytes) -> UUID:
    """Returns the id of the ticket with a token: a UUID of version 8 (RFC 9562) of its SHA-256."""
    number = int.from_bytes(hashlib.sha256(token).digest()[:16], "big")
    return UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 8 << 76 | 2 << 62)


def text_of(token: bytes) -> str:
    """Returns a token as text: base64 for URLs, without padding."""
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def token_of(text: str) -> bytes | None:
    """Returns the token that a text says, or None if no QR code says this."""
    if len(text) != _TOKEN_LENGTH:
        return None
    try:
        token = urlsafe_b64decode(text + "==")
    except ValueError:
        return None
    # Signs that are none of base64's, and bits after the last byte, are passed over by decoding.
    return token if text_of(token) == text else None


def code_of(text: str) -> str | None:
    """Returns the code that a person has typed, or None if it can be none."""
    code = text[:_MOST_OF_A_TOKEN].upper().translate(_MISREAD)
    known = len(code) == CODE_LENGTH and all(letter in _ALPHABET for letter in code)
    return code if known else None


def _code(random: bytes) -> str:
    number = int.from_bytes(random, "big")
    return (
        _PAIRS[number >> 30]
        + _PAIRS[number >> 20 & 1023]
        + _PAIRS[number >> 10 & 1023]
        + _PAIRS[number & 1023]
    )


def tickets_to_release(
    active: Sequence[Ticket], quantity: int, named: Sequence[UUID]
) -> Sequence[Ticket] | None:
    """Returns which tickets of a reservation are given back.

    Args:
        active: The tickets that it has.
        quantity: How many, 0 for all unless some are named.
        named: Which ones; the last that are not marked as used if none is named.

    Returns:
        The tickets, or None if the named ones are not all among the active ones.
    """
    if named:
        by_id = {ticket.id: ticket for ticket in active}
        known = len(set(named)) == len(named) and all(each in by_id for each in named)
        return [by_id[each] for each in named] if known else None
    unused_last = sorted(active, key=lambda ticket: ticket.used_at is None)
    return unused_last[len(active) - quantity :] if quantity else active
