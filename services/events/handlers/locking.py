"""How every change of an event's seats begins and ends."""

from dataclasses import replace
from uuid import UUID

from kit.clock import Clock
from kit.errors import NotFound
from kit.ids import Ids
from services.events.domain.event import Event
from services.events.domain.inventory import Inventory
from services.events.domain.offer_clock import term_of
from services.events.domain.published import AvailabilityChanged, OfferMade, WaitlistPooled
from services.events.domain.store import Store
from services.events.domain.waiting_list import Allocation, Entry, Offer
from services.events.domain.waiting_list import Status as EntryStatus

_CONSIDERED_AT_ONCE = 200


class Seats:
    """The seats of an event that is locked.

    Attributes:
        event: The event.
        inventory: Its counters, as they shall be stored.
    """

    def __init__(self, store: Store, ids: Ids, event: Event, inventory: Inventory) -> None:
        self._store = store
        self._ids = ids
        self._available_before = inventory.available
        self.event = event
        self.inventory = inventory

    @staticmethod
    async def locked(store: Store, ids: Ids, event_id: UUID) -> "Seats":
        """Locks an event.

        Raises:
            NotFound: If there is none.
        """
        listing = await store.lock_event(event_id)
        if listing is None:
            raise NotFound
        return Seats(store, ids, listing.event, listing.inventory)

    async def settle(self, clock: Clock) -> None:
        """Hands free seats to the waiting list, stores the counters, and tells what is left."""
        await self._serve(clock)
        await self._store.save_inventory(self.event.id, self.inventory)
        self.tell_availability()

    def tell_availability(self) -> None:
        """Publishes how many tickets are left, if that is another number than before."""
        available = self.inventory.available if self.event.is_published else 0
        if available != self._available_before and not self.event.is_secret:
            self._store.publish(AvailabilityChanged(self.event.id, available))

    async def _serve(self, clock: Clock) -> None:
        now = clock.now()
        if not self.event.serves_waiting_list(now):
            return
        allocation = Allocation(self.event, self.inventory, now)
        await self._consider_all(allocation)
        offered = [
            self._with_offer(entry, seats, allocation) for entry, seats in allocation.offered
        ]
        await self._store.save_entries([*allocation.skipped.values(), *allocation.pooled, *offered])
        await self._store.add_offers(offered)
        self._store.publish(*map(_offer_made, offered), *map(pooled_event, allocation.pooled))
        self.inventory = allocation.inventory

    async def _consider_all(self, allocation: Allocation) -> None:
        place = 0
        while not allocation.is_done:
            entries = await self._store.waiting(self.event.id, place, _CONSIDERED_AT_ONCE)
            for entry in entries:
                if not allocation.is_done:
                    allocation.consider(entry)
            if len(entries) < _CONSIDERED_AT_ONCE:
                return
            place = entries[-1].place

    def _with_offer(self, entry: Entry, seats: int, allocation: Allocation) -> Entry:
        event, now = self.event, allocation.now
        term = term_of(now, event.starts_at, event.waiting_list_closes_at)
        offer = Offer(self._ids.new_id(), seats, now, term.warn_at, term.expires_at)
        return replace(entry, status=EntryStatus.OFFERED, offer=offer)


def _offer_made(entry: Entry) -> OfferMade:
    offer = entry.open_offer()
    return OfferMade(
        offer.id, entry.id, entry.event_id, entry.customer_id, offer.tickets, offer.expires_at
    )


def pooled_event(entry: Entry) -> WaitlistPooled:
    """Returns what is published of the seats that are put aside for a party."""
    return WaitlistPooled(entry.id, entry.event_id, entry.customer_id, entry.pooled)
