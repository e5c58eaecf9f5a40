"""The programme: events, and what staff do to them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kit.clock import Clock
from kit.errors import Invalid, NotFound
from kit.ids import Ids
from services.events.domain.ballot import SEED_BYTES
from services.events.domain.event import (
    LONGEST_REASON,
    Changes,
    Mode,
    Status,
    changed,
    new_event,
    text_errors,
)
from services.events.domain.inventory import Inventory
from services.events.domain.paging import (
    Page,
    moment_and_id,
    page_of,
    position_of,
    read_moment_and_id,
    read_number,
    size_of,
    token_of,
)
from services.events.domain.people import Person
from services.events.domain.problems import EventOver
from services.events.domain.published import (
    EventCancelled,
    EventChanged,
    EventPublished,
    OfferRevoked,
    ReservationCancelled,
)
from services.events.domain.store import Actor, Audit, Change, Listing, Reader, Store
from services.events.domain.waiting_list import Status as EntryStatus
from services.events.handlers import waiting_list
from services.events.handlers.locking import Seats

_BEGINNING_OF_TIME = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def get_event(reader: Reader, person: Person, event_id: UUID) -> Listing:
    """Returns an event; one that was never published only to staff.

    Raises:
        NotFound: If there is none.
    """
    listing = await reader.listing(event_id)
    if listing is None or (listing.event.is_secret and not person.is_staff):
        raise NotFound
    return listing


async def list_events(
    reader: Reader, clock: Clock, person: Person, page_size: int, page_token: str, *, past: bool
) -> Page[Listing]:
    """Returns a page of events by their start.

    Raises:
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    found = await reader.listings(
        drafts=person.is_staff,
        since=_BEGINNING_OF_TIME if past else clock.now(),
        after=position_of(page_token, read_moment_and_id),
        limit=size + 1,
    )
    return page_of(
        found, size, lambda listing: moment_and_id(listing.event.starts_at, listing.event.id)
    )


async def create_event(store: Store, ids: Ids, clock: Clock, said: Changes, mode: Mode) -> Listing:
    """Makes an event, as a draft.

    Raises:
        Invalid: If something is missing or wrong; all of it is named.
    """
    seed = ids.random_bytes(SEED_BYTES) if mode is Mode.BALLOT else None
    event = new_event(ids.new_id(), said, seed, clock.now())
    inventory = Inventory(said.capacity or 0)
    await store.add_event(event, inventory)
    return Listing(event, inventory)


async def change_event(
    store: Store, ids: Ids, clock: Clock, event_id: UUID, said: Changes
) -> Listing:
    """Changes what is said of an event.

    Offers that would outlast the waiting list end with it. A larger capacity goes to the waiting
    list first; a smaller one cancels nobody.

    Raises:
        NotFound: If there is no such event.
        EventIsCancelled: If it was cancelled.
        BallotIsDrawn: If the closing of a ballot shall move that was drawn.
        Invalid: If something is wrong; all of it is named.
    """
    seats = await Seats.locked(store, ids, event_id)
    before = seats.event
    seats.event = changed(before, said, clock.now())
    await store.save_event(seats.event)
    if said.capacity is not None:
        seats.inventory = replace(seats.inventory, capacity=said.capacity)
    if seats.event.is_published:
        event = seats.event
        moved = (before.starts_at, before.venue) != (event.starts_at, event.venue)
        store.publish(
            EventChanged(
                event.id,
                event.title,
                event.venue,
                event.starts_at,
                moved,
                seats.inventory.capacity,
            )
        )
    await _cut_offers(store, seats)
    await waiting_list.tend_locked(store, seats, clock)
    await seats.settle(clock)
    return await _listing(store, event_id)


async def _cut_offers(store: Store, seats: Seats) -> None:
    closes_at = seats.event.waiting_list_closes_at
    for entry in await store.offered(seats.event.id):
        offer = entry.open_offer()
        if offer.expires_at > closes_at:
            cut = replace(offer, expires_at=closes_at, warn_at=min(offer.warn_at, closes_at))
            await store.save_offer(cut)
            store.publish(waiting_list.rescheduled(replace(entry, offer=cut)))


async def publish_event(store: Store, ids: Ids, clock: Clock, event_id: UUID) -> Listing:
    """Shows a draft to customers; a published event stays as it is.

    Raises:
        NotFound: If there is no such event.
        EventIsCancelled: If it was cancelled.
        EventOver: If it has begun.
    """
    seats = await Seats.locked(store, ids, event_id)
    seats.event.require_not_cancelled()
    if seats.event.status is Status.DRAFT:
        now = clock.now()
        if now >= seats.event.starts_at:
            raise EventOver
        event = replace(seats.event, status=Status.PUBLISHED, published_at=now)
        await store.save_event(event)
        store.publish(
            EventPublished(
                event.id,
                event.title,
                event.venue,
                event.starts_at,
                event.sales_open_at,
                seats.inventory.capacity,
            )
        )
    return await _listing(store, event_id)


async def cancel_event(
    store: Store, ids: Ids, clock: Clock, event_id: UUID, *, staff_account_id: UUID, reason: str
) -> Listing:
    """Cancels an event for good; everyone who has a part in it is told.

    Raises:
        NotFound: If there is no such event.
        Invalid: If no reason is given.
    """
    errors = list(text_errors("reason", reason, LONGEST_REASON))
    if errors:
        raise Invalid(*errors)
    reason = reason.strip()
    seats = await Seats.locked(store, ids, event_id)
    if seats.event.status is Status.CANCELLED:
        return await _listing(store, event_id)
    now = clock.now()
    seats.event = replace(seats.event, status=Status.CANCELLED, cancel_reason=reason)
    seats.inventory = seats.inventory.next_version()
    await store.save_event(seats.event)
    actor = Actor(staff_account_id, reason)
    ended = await store.cancel_reservations(event_id, seats.inventory.version, actor, now)
    offered = await store.offered(event_id)
    await store.end_offers([entry.open_offer() for entry in offered], EntryStatus.REVOKED, now)
    await store.save_entries([entry.ended(EntryStatus.REVOKED) for entry in offered])
    seats.inventory = seats.inventory.with_held(-sum(entry.held for entry in offered))
    await waiting_list.close(store, seats)
    seats.inventory = seats.inventory.with_reserved(-sum(each.quantity for each in ended))
    if not seats.event.is_secret:
        store.publish(EventCancelled(event_id, reason))
    store.publish(
        *(ReservationCancelled(each.id, event_id, each.customer_id) for each in ended),
        *(
            OfferRevoked(entry.open_offer().id, entry.id, event_id, entry.customer_id)
            for entry in offered
        ),
    )
    await seats.settle(clock)
    return await _listing(store, event_id)


async def list_changes(
    reader: Reader, event_id: UUID, page_size: int, page_token: str
) -> Page[Change]:
    """Returns what was reserved and released, the oldest first; one can go on from its end later.

    Raises:
        NotFound: If there is no such event.
        Invalid: If the page makes no sense.
    """
    size = size_of(page_size)
    after = position_of(page_token, read_number) or 0
    await _listing(reader, event_id)
    changes = await reader.changes(event_id, after, size)
    return Page(changes, token_of(changes[-1].sequence if changes else after))


async def audit(reader: Reader, event_id: UUID) -> Audit:
    """Compares the counters of an event with the rows that they count.

    Raises:
        NotFound: If there is no such event.
    """
    found = await reader.audit(event_id)
    if found is None:
        raise NotFound
    return found


async def _listing(reader: Reader, event_id: UUID) -> Listing:
    listing = await reader.listing(event_id)
    if listing is None:
        raise NotFound
    return listing
