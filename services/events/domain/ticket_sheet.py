"""The tickets of a reservation, to be printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.events.domain.event import Event
from services.events.domain.tickets import Reservation, Ticket


@dataclass(frozen=True, slots=True)
class TicketSheet:
    """The tickets of a reservation that let a guest in, and what stands on them.

    Attributes:
        event: The event.
        reservation: The reservation.
        name: The customer's name; empty while it is not known here.
        tickets: The tickets, at least one, in the order of their codes.
    """

    event: Event
    reservation: Reservation
    name: str
    tickets: Sequence[Ticket]
