"""The waiting list: joining and leaving it, answering its offers, and what time does to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid, NotFound, Problem
from kit.ids import Ids
from services.events.domain.ballot import drawn_order
from services.events.domain.event import MOST_PER_CUSTOMER, Event
from services.events.domain.offer_clock import term_of
from services.events.domain.paging import Page, page_of, position_of, read_number, size_of
from services.events.domain.people import Person
from services.events.domain.problems import (
    AlreadyWaiting,
    BallotOpen,
    NoBallot,
    NoOffer,
    NotThatManyTickets,
    NotWaiting,
    OfferOpen,
    TooManyTickets,
)
from services.events.domain.published import (
    BallotDrawn,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferExpiring,
    OfferRescheduled,
    ReservationConfirmed,
    WaitlistChanged,
    WaitlistJoined,
    WaitlistLeft,
)
from services.events.domain.store import Addition, ChangeKind, Draw, Place, Reader, Store
from services.events.domain.tickets import Booking, Reservation, new_tickets
from services.events.domain.tickets import Status as TicketStatus
from services.events.domain.waiting_list import Entry, Wish
from services.events.domain.waiting_list import Status as EntryStatus
from services.events.handlers.locking import Seats, pooled_event

_READ_AT_ONCE = 1000
_TOLD_AT_ONCE = timedelta(minutes=1)
"""An offer that is told of within this time is told of at once; later, its clock starts anew."""


def wish(customer_id: UUID, *, wanted: int, least: int) -> Wish:
    """Returns what is asked for; the least is as many as are wanted if it is 0.

    Raises:
        Invalid: If the numbers make no sense.
    """
    least = least or wanted
    _require_numbers(wanted, least)
    return Wish(customer_id, wanted, least)


async def join(
    store: Store, ids: Ids, clock: Clock, seats: Seats, wishes: Sequence[Wish]
) -> Sequence[Place | Problem]:
    """Lets all who asked meanwhile wait, or register for the ballot, in the order of arrival.

    Args:
        store: The store.
        ids: Makes identifiers.
        clock: Tells the time.
        seats: The seats of the event, which is locked.
        wishes: Who wants to wait for how many.

    Returns:
        For each a place or a refusal.
    """
    event, now = seats.event, clock.now()
    if event.is_secret:
        return [NotFound()] * len(wishes)
    try:
        event.require_waiting_list(now)
    except Problem as problem:
        return [problem] * len(wishes)
    customers = [each.customer_id for each in wishes]
    live = {**await store.live_entries(event.id, customers)}
    known = await store.reservations_of(event.id, customers)
    answers: list[Entry | Problem] = []
    new: list[Entry] = []
    for each in wishes:
        entry = live.get(each.customer_id)
        if entry is not None:
            is_same = (entry.wanted, entry.least) == (each.wanted, each.least)
            answers.append(entry if is_same else AlreadyWaiting())
            continue
        if not _has_room(event, known.get(each.customer_id), each.wanted):
            answers.append(TooManyTickets(limit=event.max_per_customer))
            continue
        entry = Entry(
            id=ids.new_id(),
            event_id=event.id,
            customer_id=each.customer_id,
            status=EntryStatus.WAITING,
            wanted=each.wanted,
            least=each.least,
            place=seats.inventory.next_place + len(new),
            joined_at=now,
        )
        live[each.customer_id] = entry
        new.append(entry)
        answers.append(entry)
    if new:
        seats.inventory = replace(seats.inventory, next_place=seats.inventory.next_place + len(new))
        await store.add_entries(new)
        store.publish(*map(_joined, new))
        await seats.settle(clock)
    places = await store.places_of([each.id for each in answers if isinstance(each, Entry)])
    return [each if isinstance(each, Problem) else places[each.id] for each in answers]


async def change(
    store: Store, ids: Ids, clock: Clock, person: Person, entry_id: UUID, *, wanted: int, least: int
) -> Place:
    """Changes how many tickets a party waits for; 0 leaves a number as it is.

    Raises:
        NotFound: If there is no such entry of the person's.
        Invalid: If the numbers make no sense.
        OfferOpen: If an offer must be answered first.
        NotWaiting: If the entry is over.
        TooManyTickets: If that is more than one customer can have.
    """
    seats, entry = await _locked_entry(store, ids, person, entry_id)
    if entry.status is EntryStatus.OFFERED:
        raise OfferOpen
    if not entry.is_live:
        raise NotWaiting
    wanted = wanted or entry.wanted
    least = least or min(entry.least, wanted)
    _require_numbers(wanted, least)
    if (wanted, least) == (entry.wanted, entry.least):
        return await get_place(store, entry_id)
    seats.inventory = seats.inventory.with_held(-entry.pooled)
    changed = replace(entry, wanted=wanted, least=least, pooled=0)
    if wanted > entry.wanted:
        await _require_room_for(store, seats.event, entry.customer_id, wanted)
        changed = replace(changed, place=seats.inventory.next_place, skips=0)
        seats.inventory = replace(seats.inventory, next_place=changed.place + 1)
        if entry.pooled:
            store.publish(pooled_event(changed))
    await store.save_entries([changed])
    store.publish(WaitlistChanged(entry.id, entry.event_id, entry.customer_id, wanted, least))
    await seats.settle(clock)
    return await get_place(store, entry_id)


async def leave(store: Store, ids: Ids, clock: Clock, person: Person, entry_id: UUID) -> Place:
    """Leaves a waiting list; an open offer is declined with it.

    Raises:
        NotFound: If there is no such entry of the person's.
    """
    seats, entry = await _locked_entry(store, ids, person, entry_id)
    if entry.is_live:
        await withdraw(store, seats, entry, clock)
        await seats.settle(clock)
    return await get_place(store, entry_id)


async def withdraw(store: Store, seats: Seats, entry: Entry, clock: Clock) -> None:
    """Takes a live entry off the list of a locked event, whose seats are to be settled then."""
    if entry.offer is not None:
        await _decline(store, seats, entry, clock)
        return
    seats.inventory = seats.inventory.with_held(-entry.held)
    await store.save_entries([entry.ended(EntryStatus.LEFT)])
    store.publish(_left(entry, closed=False))


async def decline(store: Store, ids: Ids, clock: Clock, person: Person, entry_id: UUID) -> Place:
    """Declines an offer, which goes to the next in line.

    Raises:
        NotFound: If there is no such entry of the person's.
        NoOffer: If it has no offer, or its time is up.
    """
    seats, entry = await _locked_entry(store, ids, person, entry_id)
    if entry.open_offer().is_over(seats.event, clock.now()):
        raise NoOffer
    await _decline(store, seats, entry, clock)
    await seats.settle(clock)
    return await get_place(store, entry_id)


async def _decline(store: Store, seats: Seats, entry: Entry, clock: Clock) -> None:
    offer = entry.open_offer()
    await _end_offers(store, seats, [entry], EntryStatus.DECLINED, clock)
    store.publish(OfferDeclined(offer.id, entry.id, entry.event_id, entry.customer_id))


async def accept(
    store: Store,
    ids: Ids,
    clock: Clock,
    person: Person,
    entry_id: UUID,
    *,
    quantity: int,
    keep_waiting: bool,
) -> tuple[Booking, Place]:
    """Accepts an offer, all of it or a part; the rest goes to the next in line.

    Args:
        store: The store.
        ids: Makes identifiers.
        clock: Tells the time.
        person: Who accepts.
        entry_id: The entry.
        quantity: How many of the offered tickets; all if 0.
        keep_waiting: Whether to wait on for what was wanted and not offered.

    Raises:
        NotFound: If there is no such entry of the person's.
        NoOffer: If it has no offer, or its time is up.
        NotThatManyTickets: If fewer were offered.
        TooManyTickets: If that is more than one customer can have, with those reserved meanwhile.
    """
    seats, entry = await _locked_entry(store, ids, person, entry_id)
    now = clock.now()
    offer = entry.open_offer()
    if offer.is_over(seats.event, now):
        raise NoOffer
    quantity = quantity or offer.tickets
    if not 1 <= quantity <= offer.tickets:
        raise NotThatManyTickets(available=offer.tickets)
    await _require_room_for(store, seats.event, entry.customer_id, quantity)
    rest = entry.wanted - offer.tickets
    await _end_offers(store, seats, [entry], EntryStatus.ACCEPTED, clock)
    if keep_waiting and rest > 0:
        waits_on = entry.ended(EntryStatus.WAITING)
        await store.save_entries(
            [replace(waits_on, wanted=rest, least=min(entry.least, rest), skips=0)]
        )
    known = (await store.reservations_of(entry.event_id, [entry.customer_id])).get(
        entry.customer_id
    )
    reservation = Reservation(
        id=known.id if known else ids.new_id(),
        event_id=entry.event_id,
        customer_id=entry.customer_id,
        status=TicketStatus.ACTIVE,
        quantity=quantity + (known.quantity if known else 0),
        reserved_at=known.reserved_at if known and known.is_active else now,
    )
    tickets = new_tickets(reservation.id, quantity, ids)
    seats.inventory = seats.inventory.with_reserved(quantity).next_version()
    addition = Addition(reservation, tickets, ChangeKind.ACCEPTED)
    await store.add_tickets(entry.event_id, seats.inventory, [addition], now)
    store.publish(
        OfferAccepted(offer.id, entry.id, entry.event_id, entry.customer_id, quantity),
        ReservationConfirmed(
            reservation.id,
            entry.event_id,
            entry.customer_id,
            quantity,
            reservation.quantity,
        ),
    )
    await seats.settle(clock)
    booking = await store.booking(reservation.id)
    if booking is None:
        raise NotFound
    return booking, await get_place(store, entry_id)


async def get_place(reader: Reader, entry_id: UUID) -> Place:
    """Returns an entry and how far it has come.

    Raises:
        NotFound: If there is none.
    """
    place = (await reader.places_of([entry_id])).get(entry_id)
    if place is None:
        raise NotFound
    return place


async def list_places(
    reader: Reader, person: Person, page_size: int, page_token: str
) -> Page[Place]:
    """Returns a page of a person's entries, the newest first.

    Raises:
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    before = position_of(page_token, UUID)
    found = await reader.places(person.customer_ids, before, size + 1)
    return page_of(found, size, lambda place: place.entry.id)


async def list_line(reader: Reader, event_id: UUID, page_size: int, page_token: str) -> Page[Place]:
    """Returns a page of who waits for an event, in the order in which they are served.

    Raises:
        NotFound: If there is no such event.
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    after = position_of(page_token, read_number) or 0
    if await reader.listing(event_id) is None:
        raise NotFound
    found = await reader.line(event_id, after, size + 1)
    return page_of(found, size, lambda place: place.entry.place)


async def note_told(
    store: Store, ids: Ids, clock: Clock, event_id: UUID, *, entry_id: UUID, offer_id: UUID
) -> None:
    """Starts the clock of an offer, of which everyone who listens has been told now.

    An offer that was told of late gets the time that was lost.
    """
    seats = await Seats.locked(store, ids, event_id)
    entry = (await get_place(store, entry_id)).entry
    offer = entry.offer
    if offer is None or offer.id != offer_id or offer.told_at is not None:
        return
    now = clock.now()
    told = replace(offer, told_at=now)
    if now - offer.made_at > _TOLD_AT_ONCE:
        term = term_of(now, seats.event.starts_at, seats.event.waiting_list_closes_at)
        told = replace(told, warn_at=term.warn_at, expires_at=term.expires_at)
        store.publish(rescheduled(replace(entry, offer=told)))
    await store.save_offer(told)


async def tend(store: Store, ids: Ids, clock: Clock, event_id: UUID) -> None:
    """Does what is due for an event; nothing if nothing is, so that any replica may.

    A ballot whose registration has closed is drawn; offers whose time is up expire; the list is
    closed at its end; seats that are put aside are given free a day before the start; offers that
    end soon are brought to mind.
    """
    seats = await Seats.locked(store, ids, event_id)
    await tend_locked(store, seats, clock)
    await seats.settle(clock)


async def tend_locked(store: Store, seats: Seats, clock: Clock) -> None:
    """Does what is due for an event that is locked, except handing out what is free then."""
    event, now = seats.event, clock.now()
    if not event.is_published:
        return
    if event.ballot is not None and event.awaits_draw and now >= event.ballot.closes_at:
        await _draw(store, seats, clock)
    over = [
        entry for entry in await store.offered(event.id) if entry.open_offer().is_over(event, now)
    ]
    await _end_offers(store, seats, over, EntryStatus.EXPIRED, clock)
    store.publish(
        *(
            OfferExpired(entry.open_offer().id, entry.id, entry.event_id, entry.customer_id)
            for entry in over
        )
    )
    if now >= event.waiting_list_closes_at:
        await close(store, seats)
    elif now >= event.pools_dissolve_at:
        await _dissolve_pools(store, seats)
    store.publish(*map(_expiring, await store.unwarned(event.id, now)))


async def close(store: Store, seats: Seats) -> None:
    """Ends the waiting of all who have no offer."""
    entries = await _all_waiting(store, seats.event.id)
    seats.inventory = seats.inventory.with_held(-sum(entry.held for entry in entries))
    await store.save_entries([entry.ended(EntryStatus.CLOSED) for entry in entries])
    store.publish(*(_left(entry, closed=True) for entry in entries))


async def _dissolve_pools(store: Store, seats: Seats) -> None:
    entries = await _all_waiting(store, seats.event.id)
    dissolved = [replace(entry, pooled=0) for entry in entries if entry.pooled]
    seats.inventory = seats.inventory.with_held(-sum(entry.pooled for entry in entries))
    await store.save_entries(dissolved)
    store.publish(*map(pooled_event, dissolved))


async def _all_waiting(store: Store, event_id: UUID) -> Sequence[Entry]:
    entries: list[Entry] = []
    while True:
        place = entries[-1].place if entries else 0
        more = await store.waiting(event_id, place, _READ_AT_ONCE)
        entries += more
        if len(more) < _READ_AT_ONCE:
            return entries


async def draw(store: Store, ids: Ids, clock: Clock, event_id: UUID) -> Draw:
    """Draws a ballot whose registration has closed, unless that was done.

    Raises:
        NotFound: If there is no such event.
        NoBallot: If it has no ballot.
        BallotOpen: If one can still register.
        EventIsCancelled: If it was cancelled.
    """
    seats = await Seats.locked(store, ids, event_id)
    seats.event.require_not_cancelled()
    ballot = seats.event.ballot
    if ballot is None:
        raise NoBallot
    if ballot.drawn_at is None:
        if clock.now() < ballot.closes_at or not seats.event.is_published:
            raise BallotOpen(closesAt=ballot.closes_at.isoformat())
        await tend_locked(store, seats, clock)
        await seats.settle(clock)
    return await get_draw(store, event_id)


async def get_draw(reader: Reader, event_id: UUID) -> Draw:
    """Returns how a ballot was drawn.

    Raises:
        NotFound: If there is no such event.
        NoBallot: If it has no ballot.
        BallotOpen: If it was not drawn yet.
    """
    drawn = await reader.draw(event_id)
    if drawn is None or drawn.event.is_secret:
        raise NotFound
    ballot = drawn.event.ballot
    if ballot is None:
        raise NoBallot
    if ballot.drawn_at is None:
        raise BallotOpen(closesAt=ballot.closes_at.isoformat())
    return drawn


async def _draw(store: Store, seats: Seats, clock: Clock) -> None:
    ballot = seats.event.ballot
    if ballot is None:
        raise NoBallot
    entries = await _all_waiting(store, seats.event.id)
    order = drawn_order(ballot.seed, [entry.id for entry in entries])
    await store.save_draw(seats.event.id, order)
    seats.event = replace(seats.event, ballot=replace(ballot, drawn_at=clock.now()))
    await store.save_event(seats.event)
    store.publish(BallotDrawn(seats.event.id, ballot.seed.hex(), len(order)))


async def _locked_entry(
    store: Store, ids: Ids, person: Person, entry_id: UUID
) -> tuple[Seats, Entry]:
    """Locks the event of a person's entry, and returns the entry as it is then.

    Raises:
        NotFound: If there is no such entry of the person's.
    """
    entry = (await get_place(store, entry_id)).entry
    person.require_own(entry.customer_id)
    seats = await Seats.locked(store, ids, entry.event_id)
    return seats, (await get_place(store, entry_id)).entry


async def _end_offers(
    store: Store,
    seats: Seats,
    entries: Sequence[Entry],
    status: EntryStatus,
    clock: Clock,
) -> None:
    """Ends offers and their entries, and frees the seats that were held for them."""
    seats.inventory = seats.inventory.with_held(-sum(entry.held for entry in entries))
    offers = [entry.open_offer() for entry in entries]
    await store.end_offers(offers, status, clock.now())
    await store.save_entries([entry.ended(status) for entry in entries])


async def _require_room_for(store: Store, event: Event, customer_id: UUID, wanted: int) -> None:
    known = (await store.reservations_of(event.id, [customer_id])).get(customer_id)
    if not _has_room(event, known, wanted):
        raise TooManyTickets(limit=event.max_per_customer)


def _has_room(event: Event, known: Reservation | None, wanted: int) -> bool:
    """Tells whether a customer can have so many tickets beside those that are reserved."""
    return wanted + (known.quantity if known else 0) <= event.max_per_customer


def _require_numbers(wanted: int, least: int) -> None:
    errors: list[FieldError] = []
    if not 1 <= wanted <= MOST_PER_CUSTOMER:
        facts = {"minimum": 1, "maximum": MOST_PER_CUSTOMER}
        errors.append(FieldError("wanted", "OUT_OF_RANGE", facts))
    elif not 1 <= least <= wanted:
        errors.append(FieldError("least", "OUT_OF_RANGE", {"minimum": 1, "maximum": wanted}))
    if errors:
        raise Invalid(*errors)


def rescheduled(entry: Entry) -> OfferRescheduled:
    """Returns what is published when an offer ends at another time than was told."""
    offer = entry.open_offer()
    return OfferRescheduled(
        offer.id, entry.id, entry.event_id, entry.customer_id, offer.tickets, offer.expires_at
    )


def _expiring(entry: Entry) -> OfferExpiring:
    offer = entry.open_offer()
    return OfferExpiring(
        offer.id, entry.id, entry.event_id, entry.customer_id, offer.tickets, offer.expires_at
    )


def _joined(entry: Entry) -> WaitlistJoined:
    return WaitlistJoined(entry.id, entry.event_id, entry.customer_id, entry.wanted, entry.least)


def _left(entry: Entry, *, closed: bool) -> WaitlistLeft:
    return WaitlistLeft(entry.id, entry.event_id, entry.customer_id, closed)
