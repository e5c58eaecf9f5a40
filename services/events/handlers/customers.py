"""Who customers are, what is held about them, and how they are forgotten."""

from collections.abc import Sequence
from uuid import UUID

from kit.clock import Clock
from kit.ids import Ids
from services.events.domain.paging import Page, page_of, position_of, read_number, size_of
from services.events.domain.people import Person
from services.events.domain.store import (
    Actor,
    Admission,
    Change,
    Customers,
    PastOffer,
    Place,
    Reader,
    Store,
    Stores,
)
from services.events.domain.tickets import tickets_to_release
from services.events.handlers import reservations, waiting_list
from services.events.handlers.locking import Seats

_ASKED_AT_ONCE = 500


async def remember_customer(store: Store, *, customer_id: UUID, customer_number: str) -> None:
    """Notes a customer's number; the name is asked for afterwards."""
    await store.remember_customer(customer_id, customer_number)


async def erase_customer(store: Store, ids: Ids, clock: Clock, *, customer_id: UUID) -> None:
    """Forgets a customer, who leaves every waiting list and all events that are to come.

    The seats go to the next in line. Tickets of guests who are in stay, and so does what is over,
    under an id that names nobody. An erased customer stays erased, whatever comes later.
    """
    await store.erase_customer(customer_id)
    for event_id in await store.events_to_leave(customer_id, clock.now()):
        seats = await Seats.locked(store, ids, event_id)
        # First off the list, or the customer's own seats could be offered to the customer.
        entry = (await store.live_entries(event_id, [customer_id])).get(customer_id)
        if entry is not None:
            await waiting_list.withdraw(store, seats, entry, clock)
        await _give_back_all(store, seats, customer_id, clock)
        await seats.settle(clock)


async def _give_back_all(store: Store, seats: Seats, customer_id: UUID, clock: Clock) -> None:
    known = (await store.reservations_of(seats.event.id, [customer_id])).get(customer_id)
    now = clock.now()
    if known is None or not known.is_active or now >= seats.event.starts_at:
        return
    booking = await reservations.get_booking(store, known.id)
    quantity = (await store.presences([known.id]))[known.id].releasable
    if quantity:
        released = tickets_to_release(booking.active_tickets, quantity, ()) or ()
        await reservations.give_back(store, seats, booking, released, Actor(), now)


async def list_changes(
    reader: Reader, person: Person, page_size: int, page_token: str, *, by_staff: bool
) -> Page[Change]:
    """Returns a page of what a person did to own reservations, or staff did, the oldest first.

    Raises:
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    after = position_of(page_token, read_number) or 0
    found = await reader.changes_of(
        person.customer_ids, by_staff=by_staff, after=after, limit=size + 1
    )
    return page_of(found, size, lambda change: change.sequence)


async def list_entries(
    reader: Reader, person: Person, page_size: int, page_token: str
) -> tuple[Page[Place], Sequence[PastOffer]]:
    """Returns a page of a person's entries, the newest first, and all offers that they have had.

    Raises:
        Invalid: If the page makes no sense.
    """
    page = await waiting_list.list_places(reader, person, page_size, page_token)
    return page, await reader.offers_of([place.entry.id for place in page.items])


async def list_admissions(
    reader: Reader, person: Person, page_size: int, page_token: str
) -> Page[Admission]:
    """Returns a page of what happened at the door to a person's guests, the oldest first.

    Raises:
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    after = position_of(page_token, read_number) or 0
    found = await reader.admissions_of(person.customer_ids, after, size + 1)
    return page_of(found, size, lambda admission: admission.id)


async def learn_names(stores: Stores, customers: Customers) -> bool:
    """Asks identity for the names that may be others than are known here.

    No transaction is open while identity is asked.

    Returns:
        Whether there may be more.

    Raises:
        Unavailable: If identity or the database is out of reach.
    """
    async with stores() as store:
        revisions = await store.unnamed_customers(_ASKED_AT_ONCE)
    if not revisions:
        return False
    names = await customers.names(revisions)
    async with stores() as store:
        await store.name_customers(names, revisions)
    return len(revisions) == _ASKED_AT_ONCE
