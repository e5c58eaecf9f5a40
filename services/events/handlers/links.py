"""What a customer does by a link in a letter; whoever calls has verified the link."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid, NotFound
from kit.ids import Ids
from services.events.domain.event import MOST_PER_CUSTOMER, Event
from services.events.domain.problems import EventIsCancelled, EventOver
from services.events.domain.store import Actor, Reader, Store
from services.events.domain.tickets import Booking
from services.events.handlers import reservations


@dataclass(frozen=True, slots=True)
class LinkedReservation:
    """A reservation as the page behind a link shows it.

    Attributes:
        booking: The reservation.
        event: Its event.
        releasable: How many of its tickets can be given back now.
    """

    booking: Booking
    event: Event
    releasable: int


async def get_reservation(
    reader: Reader, clock: Clock, customer_id: UUID, reservation_id: UUID
) -> LinkedReservation:
    """Returns a reservation.

    Raises:
        NotFound: If the customer has no such reservation.
    """
    return await _shown(reader, clock, await _booking(reader, customer_id, reservation_id))


async def release(
    store: Store,
    ids: Ids,
    clock: Clock,
    customer_id: UUID,
    reservation_id: UUID,
    *,
    quantity: int | None,
) -> LinkedReservation:
    """Gives tickets back, which go to the next in line; it is written down that it was by a link.

    Args:
        store: The store.
        ids: Makes identifiers.
        clock: Tells the time.
        customer_id: Whom the link was sent to.
        reservation_id: The reservation.
        quantity: How many, None for all.

    Raises:
        NotFound: If the customer has no such reservation.
        Invalid: If the request makes no sense.
        NotThatManyTickets: If it has fewer.
        GuestsAdmitted: If guests with these tickets are in.
        EventOver: If the event has begun.
        EventIsCancelled: If it was cancelled.
    """
    found = (await _booking(store, customer_id, reservation_id)).reservation
    if quantity is not None and quantity < 1:
        facts = {"minimum": 1, "maximum": MOST_PER_CUSTOMER}
        raise Invalid(FieldError("tickets", "OUT_OF_RANGE", facts))
    booking = await reservations.release_as(
        Actor(by_link=True), store, ids, clock, found, quantity=quantity or 0
    )
    return await _shown(store, clock, booking)


async def _booking(reader: Reader, customer_id: UUID, reservation_id: UUID) -> Booking:
    booking = await reservations.get_booking(reader, reservation_id)
    if booking.reservation.customer_id != customer_id:
        raise NotFound
    return booking


async def _shown(reader: Reader, clock: Clock, booking: Booking) -> LinkedReservation:
    reservation = booking.reservation
    event = (await reader.events([reservation.event_id]))[reservation.event_id]
    releasable = 0
    with suppress(EventIsCancelled, EventOver):
        event.require_releases(clock.now())
        releasable = (await reader.presences([reservation.id]))[reservation.id].releasable
    return LinkedReservation(booking, event, releasable)
