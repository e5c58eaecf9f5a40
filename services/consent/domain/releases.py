"""Links that give tickets back: they need nothing to be kept, and end when the event begins."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from kit import errors


@dataclass(frozen=True, slots=True)
class ReleaseLink:
    """What a link gives back.

    Attributes:
        reservation_id: Whose tickets.
        customer_id: Whom it was sent to, and whose the reservation must be.
        expires_at: When the event begins, to the second.
    """

    reservation_id: UUID
    customer_id: UUID
    expires_at: datetime


class ReleaseTokens(Protocol):
    """Makes and reads the secret part of such links."""

    def of(self, link: ReleaseLink) -> str:
        """Returns the token of a link."""
        ...

    def read(self, token: str) -> ReleaseLink | None:
        """Returns what a token is about, None if it was not made here."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation as events knows it.

    Attributes:
        event_title: What the event is called.
        event_venue: Where it is.
        event_starts_at: When it starts.
        is_cancelled: Whether the event was cancelled.
        tickets: How many are active.
        releasable: How many of them can be given back now.
    """

    event_title: str
    event_venue: str
    event_starts_at: datetime
    is_cancelled: bool
    tickets: int
    releasable: int


class State(StrEnum):
    """Whether tickets can be given back, named as in `kundeapp.consent.v1.Release.State`."""

    OPEN = "OPEN"
    NOTHING_LEFT = "NOTHING_LEFT"
    GUESTS_ADMITTED = "GUESTS_ADMITTED"
    EVENT_OVER = "EVENT_OVER"
    EVENT_CANCELLED = "EVENT_CANCELLED"


def state_of(reservation: Reservation, now: datetime) -> State:
    """Returns whether tickets of a reservation can be given back, and if not, why."""
    if reservation.is_cancelled:
        return State.EVENT_CANCELLED
    if now >= reservation.event_starts_at:
        return State.EVENT_OVER
    if reservation.releasable:
        return State.OPEN
    return State.GUESTS_ADMITTED if reservation.tickets else State.NOTHING_LEFT


class Reservations(Protocol):
    """The reservations of customers, which events keeps."""

    async def get(self, link: ReleaseLink) -> Reservation:
        """Returns a reservation.

        Raises:
            LinkUnknown: If the customer has none like that.
            Unavailable: If events is out of reach.
        """
        ...

    async def release(
        self, link: ReleaseLink, quantity: int | None, request_id: str
    ) -> Reservation:
        """Gives tickets back, and returns what is left.

        Args:
            link: Whose.
            quantity: How many, None for all.
            request_id: A retry with the same one returns the first answer.

        Raises:
            LinkUnknown: If the customer has no reservation like that.
            Problem: As events refuses it.
            Unavailable: If events is out of reach.
        """
        ...


class LinkUnknown(errors.NotFound):
    """The link was not made here, or there is no such reservation: both look the same."""

    reason = "RELEASE_LINK_UNKNOWN"


class LinkExpired(errors.FailedPrecondition):
    """The event has begun that the link was made for."""

    reason = "RELEASE_LINK_EXPIRED"


class EventOver(errors.FailedPrecondition):
    """The event has begun."""

    reason = "EVENT_OVER"


class EventIsCancelled(errors.FailedPrecondition):
    """The event was cancelled."""

    reason = "EVENT_CANCELLED"


class NotThatManyTickets(errors.FailedPrecondition):
    """There are fewer tickets; the fact `available` says how many."""

    reason = "NOT_THAT_MANY_TICKETS"


class GuestsAdmitted(errors.FailedPrecondition):
    """Guests with these tickets are in; the fact `available` says how many can be given back."""

    reason = "GUESTS_ADMITTED"


class KeyReused(errors.FailedPrecondition):
    """The Idempotency-Key was used before, with another request."""

    reason = "IDEMPOTENCY_KEY_REUSED"


REFUSALS = {
    refusal.reason: refusal
    for refusal in (EventOver, EventIsCancelled, NotThatManyTickets, GuestsAdmitted, KeyReused)
}
"""What events may refuse a release with, and customers are told as it is said."""
