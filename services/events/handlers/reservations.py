"""Reserving tickets, giving them back, and marking them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid, NotFound, Problem
from kit.ids import Ids
from services.events.domain.event import Event
from services.events.domain.inventory import (
    Ask,
    Decision,
    Granted,
    GrantedBefore,
    Inventory,
    decide,
)
from services.events.domain.paging import (
    Page,
    moment_and_id,
    page_of,
    position_of,
    read_moment_and_id,
    size_of,
)
from services.events.domain.people import Person
from services.events.domain.problems import (
    GuestsAdmitted,
    NoCustomer,
    NotThatManyTickets,
    TicketReleased,
)
from services.events.domain.published import ReservationConfirmed, TicketsReleased
from services.events.domain.store import Actor, Addition, ChangeKind, Reader, Store
from services.events.domain.ticket_sheet import TicketSheet
from services.events.domain.tickets import (
    Booking,
    Reservation,
    Ticket,
    new_tickets,
    tickets_to_release,
)
from services.events.domain.tickets import Status as TicketStatus
from services.events.handlers.locking import Seats

Answer = Booking | Problem


async def customer_meant(reader: Reader, person: Person, customer_number: str) -> UUID:
    """Returns the customer that a request is about.

    Args:
        reader: What is known.
        person: Who asks.
        customer_number: The customer by number, empty for the only one that the person stands for.

    Raises:
        Invalid: If the number is needed and missing, unknown, or none of the person's.
        NoCustomer: If the person stands for none.
    """
    if customer_number:
        customer_id = await reader.customer_by_number(customer_number)
        if customer_id is None or not (person.is_staff or customer_id in person.customer_ids):
            raise Invalid(FieldError("customer_number", "UNKNOWN_CUSTOMER_NUMBER"))
        return customer_id
    match person.customer_ids:
        case ():
            raise NoCustomer
        case (customer_id,):
            return customer_id
        case _:
            raise Invalid(FieldError("customer_number", "REQUIRED_FIELD"))


def ask(person: Person, customer_id: UUID, quantity: int, reason: str) -> Ask:
    """Returns what is asked for.

    Raises:
        Invalid: If it makes no sense.
        NotFound: If the customer is none of the person's.
    """
    if quantity < 1:
        raise Invalid(FieldError("quantity", "OUT_OF_RANGE", {"minimum": 1, "maximum": 50}))
    actor = person.acting_for(customer_id, reason)
    return Ask(customer_id, quantity, actor.staff_account_id, actor.reason)


async def reserve(
    store: Store, ids: Ids, clock: Clock, seats: Seats, asks: Sequence[Ask]
) -> Sequence[Answer]:
    """Reserves tickets for all who asked meanwhile, in the order of arrival, each all or nothing.

    Args:
        store: The store.
        ids: Makes identifiers and tokens.
        clock: Tells the time.
        seats: The seats of the event, which is locked; they are as many as are left afterwards.
        asks: Who asks for how many.

    Returns:
        For each a reservation or a refusal.
    """
    event = seats.event
    if event.is_secret:
        return [NotFound()] * len(asks)
    now = clock.now()
    known = await store.reservations_of(event.id, [each.customer_id for each in asks])
    decisions, inventory = decide(event, seats.inventory, asks, known, now)
    additions = {
        index: _addition(event.id, asks[index], decision, ids, now)
        for index, decision in enumerate(decisions)
        if isinstance(decision, Granted)
    }
    if additions:
        seats.inventory = inventory.next_version()
        await store.add_tickets(event.id, seats.inventory, list(additions.values()), now)
        store.publish(*(_confirmed(addition) for addition in additions.values()))
        seats.tell_availability()
    return await _answers(store, decisions, additions)


async def answer_without_reserving(
    reader: Reader, clock: Clock, event: Event, inventory: Inventory, asks: Sequence[Ask]
) -> Sequence[Answer] | None:
    """Answers those who ask while no ticket could be given to any of them; takes no lock.

    Returns:
        For each a refusal or the reservation that is there; None if somebody can have tickets.
    """
    if event.is_secret:
        return [NotFound()] * len(asks)
    customers = [each.customer_id for each in asks]
    known = await reader.reservations_of(event.id, customers)
    decisions, _ = decide(event, inventory, asks, known, clock.now())
    if any(isinstance(decision, Granted) for decision in decisions):
        return None
    return await _answers(reader, decisions, {})


async def _answers(
    reader: Reader, decisions: Sequence[Decision], additions: dict[int, Addition]
) -> Sequence[Answer]:
    answers: list[Answer] = []
    for index, decision in enumerate(decisions):
        if isinstance(decision, Problem):
            answers.append(decision)
        elif isinstance(decision, GrantedBefore):
            answers.append(answers[decision.index])
        elif isinstance(decision, Granted) and decision.known is None:
            addition = additions[index]
            answers.append(Booking(addition.reservation, addition.tickets))
        elif decision.known is not None:
            answers.append(await get_booking(reader, decision.known.id))
    return answers


async def get_booking(reader: Reader, reservation_id: UUID) -> Booking:
    """Returns a reservation with its tickets, whoever's it is.

    Raises:
        NotFound: If there is none.
    """
    booking = await reader.booking(reservation_id)
    if booking is None:
        raise NotFound
    return booking


def _addition(event_id: UUID, asked: Ask, granted: Granted, ids: Ids, now: datetime) -> Addition:
    known = granted.known
    reservation = Reservation(
        id=known.id if known else ids.new_id(),
        event_id=event_id,
        customer_id=asked.customer_id,
        status=TicketStatus.ACTIVE,
        quantity=asked.quantity,
        reserved_at=now,
    )
    return Addition(
        reservation,
        new_tickets(reservation.id, asked.quantity, ids),
        ChangeKind.RESERVED,
        Actor(asked.staff_account_id, asked.reason),
    )


def _confirmed(addition: Addition) -> ReservationConfirmed:
    reservation = addition.reservation
    return ReservationConfirmed(
        reservation.id,
        reservation.event_id,
        reservation.customer_id,
        len(addition.tickets),
        reservation.quantity,
    )


async def get_reservation(reader: Reader, person: Person, reservation_id: UUID) -> Booking:
    """Returns a reservation.

    Raises:
        NotFound: If there is none, or it is another customer's.
    """
    booking = await get_booking(reader, reservation_id)
    person.require_sight(booking.reservation.customer_id)
    return booking


async def list_reservations(
    reader: Reader, person: Person, page_size: int, page_token: str
) -> Page[Booking]:
    """Returns a page of a person's reservations, the newest first.

    Raises:
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    after = position_of(page_token, read_moment_and_id)
    found = await reader.bookings(person.customer_ids, after, size + 1)
    return page_of(found, size, _position)


def _position(booking: Booking) -> str:
    return moment_and_id(booking.reservation.reserved_at, booking.reservation.id)


async def release(
    store: Store,
    ids: Ids,
    clock: Clock,
    person: Person,
    reservation_id: UUID,
    *,
    quantity: int,
    named: Sequence[UUID],
    reason: str,
) -> Booking:
    """Gives tickets back, which go to the next in line.

    Args:
        store: The store.
        ids: Makes identifiers.
        clock: Tells the time.
        person: Who gives them back.
        reservation_id: The reservation.
        quantity: How many; all if 0 and none is named.
        named: Which ones.
        reason: Why staff do so for a customer.

    Raises:
        NotFound: If there is no such reservation of the person's.
        Invalid: If the request makes no sense.
        NotThatManyTickets: If it has fewer.
        GuestsAdmitted: If guests with these tickets are in.
        EventOver: If the event has begun.
        EventIsCancelled: If it was cancelled.
    """
    found = (await get_booking(store, reservation_id)).reservation
    actor = person.acting_for(found.customer_id, reason)
    if quantity < 0 or (named and quantity and quantity != len(named)):
        raise Invalid(FieldError("quantity", "OUT_OF_RANGE", {"minimum": 0, "maximum": 50}))
    return await release_as(actor, store, ids, clock, found, quantity=quantity, named=named)


async def release_as(
    actor: Actor,
    store: Store,
    ids: Ids,
    clock: Clock,
    found: Reservation,
    *,
    quantity: int,
    named: Sequence[UUID] = (),
) -> Booking:
    """Gives tickets back for whoever may do so: see `release`.

    Raises:
        Invalid: If the named tickets are not all there.
        NotThatManyTickets: If the reservation has fewer.
        GuestsAdmitted: If guests with these tickets are in.
        EventOver: If the event has begun.
        EventIsCancelled: If it was cancelled.
    """
    seats = await Seats.locked(store, ids, found.event_id)
    now = clock.now()
    seats.event.require_releases(now)
    booking = await get_booking(store, found.id)
    active = booking.active_tickets
    released = tickets_to_release(active, quantity, named)
    if released is None:
        raise Invalid(FieldError("ticket_ids", "TICKET_NAMED_TWICE"))
    if not released or len(released) < quantity:
        raise NotThatManyTickets(available=len(active))
    presence = (await store.presences([found.id]))[found.id]
    if len(released) > presence.releasable:
        raise GuestsAdmitted(available=presence.releasable)
    await give_back(store, seats, booking, released, actor, now)
    await seats.settle(clock)
    return await get_booking(store, found.id)


async def give_back(  # noqa: PLR0917 - as they are said
    store: Store,
    seats: Seats,
    booking: Booking,
    released: Sequence[Ticket],
    actor: Actor,
    now: datetime,
) -> None:
    """Takes tickets out of a reservation to a locked event, whose seats are to be settled then."""
    left = len(booking.active_tickets) - len(released)
    reservation = replace(
        booking.reservation,
        quantity=left,
        status=TicketStatus.ACTIVE if left else TicketStatus.RELEASED,
    )
    seats.inventory = seats.inventory.with_reserved(-len(released)).next_version()
    await store.release_tickets(reservation, released, seats.inventory.version, actor, now)
    store.publish(
        TicketsReleased(
            reservation.id, reservation.event_id, reservation.customer_id, len(released), left
        )
    )


async def get_own_tickets(reader: Reader, person: Person, reservation_id: UUID) -> TicketSheet:
    """Returns the tickets of a reservation that let a guest in, to be printed.

    Raises:
        NotFound: If there is no such reservation, or it is another customer's.
        TicketReleased: If none of its tickets lets anybody in any longer.
    """
    booking = await get_reservation(reader, person, reservation_id)
    if not booking.active_tickets:
        raise TicketReleased
    return await _ticket_sheet(reader, booking)


async def get_tickets(reader: Reader, reservation_id: UUID) -> TicketSheet:
    """Returns the tickets of whoever's reservation that let a guest in, to be printed.

    Raises:
        NotFound: If there are none.
    """
    booking = await get_booking(reader, reservation_id)
    if not booking.active_tickets:
        raise NotFound
    return await _ticket_sheet(reader, booking)


async def _ticket_sheet(reader: Reader, booking: Booking) -> TicketSheet:
    reservation = booking.reservation
    event = (await reader.events([reservation.event_id]))[reservation.event_id]
    name = (await reader.guest(reservation.id)).name
    return TicketSheet(event, reservation, name, booking.active_tickets)


async def get_ticket(reader: Reader, person: Person, ticket_id: UUID) -> Ticket:
    """Returns a ticket that lets a guest in.

    Raises:
        NotFound: If there is none, or it is another customer's.
        TicketReleased: If it lets nobody in any longer.
    """
    found = await reader.ticket(ticket_id)
    if found is None:
        raise NotFound
    ticket, reservation = found
    person.require_own(reservation.customer_id)
    if ticket.status is not TicketStatus.ACTIVE:
        raise TicketReleased
    return ticket


async def mark_ticket(
    store: Store, ids: Ids, clock: Clock, person: Person, ticket_id: UUID, *, used: bool
) -> Ticket:
    """Marks a ticket as used, or takes the mark off: the customer's own, which keeps nobody out.

    Raises:
        NotFound: If there is none, or it is another customer's.
        TicketReleased: If it lets nobody in any longer.
    """
    found = await store.ticket(ticket_id)
    if found is None:
        raise NotFound
    _, reservation = found
    person.require_own(reservation.customer_id)
    seats = await Seats.locked(store, ids, reservation.event_id)
    ticket = await get_ticket(store, person, ticket_id)
    if (ticket.used_at is not None) == used:
        return ticket
    used_at = clock.now() if used else None
    seats.inventory = seats.inventory.next_version()
    await store.mark_ticket(ticket_id, used_at, seats.inventory.version)
    await store.save_inventory(seats.event.id, seats.inventory)
    return replace(ticket, used_at=used_at)
