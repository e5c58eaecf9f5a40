"""The waiting list: who is served next, with how many seats.

    WAITING -> OFFERED -> ACCEPTED | DECLINED | EXPIRED | REVOKED
    WAITING -> LEFT | CLOSED

The first in line whose least fits into the free seats is offered as many as it wants of them. A
party that is too large to be served one seat at a time is passed over by smaller ones; after three
times, or 48 hours, free seats are pooled for it instead, until 24 hours before the start.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from services.events.domain.event import Event
from services.events.domain.inventory import Inventory
from services.events.domain.problems import NoOffer

SKIPS_BEFORE_POOLING = 3
WAIT_BEFORE_POOLING = timedelta(hours=48)


class Status(Enum):
    """Where a party is on its way to tickets."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    LEFT = "LEFT"
    CLOSED = "CLOSED"


LIVE = frozenset({Status.WAITING, Status.OFFERED})


@dataclass(frozen=True, slots=True)
class Offer:
    """Tickets that a party can have until a moment.

    Attributes:
        id: The offer.
        tickets: How many.
        made_at: When it was made.
        warn_at: When it is brought to mind.
        expires_at: When it ends.
        told_at: When the news of it was delivered; its clock does not run before.
    """

    id: UUID
    tickets: int
    made_at: datetime
    warn_at: datetime
    expires_at: datetime
    told_at: datetime | None = None

    def is_over(self, event: Event, now: datetime) -> bool:
        """Whether it is too late to accept.

        An offer that was not told of yet lasts until the waiting list closes.
        """
        ends_at = event.waiting_list_closes_at if self.told_at is None else self.expires_at
        return now >= ends_at


@dataclass(frozen=True, slots=True)
class Wish:
    """A customer wants to wait for tickets.

    Attributes:
        customer_id: The customer.
        wanted: How many tickets.
        least: The least that is accepted.
    """

    customer_id: UUID
    wanted: int
    least: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A party on the waiting list of an event.

    Attributes:
        id: The entry.
        event_id: The event.
        customer_id: The customer.
        status: Where the party is on its way.
        wanted: How many tickets it wants.
        least: The least that it accepts.
        place: Its place; a lower one is served first.
        joined_at: When it joined.
        skips: How often a smaller party behind it was served first.
        pooled: Seats that are put aside for it.
        offer: The open offer that it has.
    """

    id: UUID
    event_id: UUID
    customer_id: UUID
    status: Status
    wanted: int
    least: int
    place: int
    joined_at: datetime
    skips: int = 0
    pooled: int = 0
    offer: Offer | None = None

    @property
    def is_live(self) -> bool:
        """Whether it waits, or has an offer."""
        return self.status in LIVE

    @property
    def held(self) -> int:
        """Seats that are held for it."""
        return self.pooled + (self.offer.tickets if self.offer else 0)

    def open_offer(self) -> Offer:
        """Returns its offer.

        Raises:
            NoOffer: If it has none.
        """
        if self.offer is None:
            raise NoOffer
        return self.offer

    def ended(self, status: Status) -> "Entry":
        """Returns it as it is when it is over: without an offer, and with no seat put aside."""
        return replace(self, status=status, pooled=0, offer=None)

    def is_entitled_to_pool(self, now: datetime) -> bool:
        """Whether seats are put aside for it, since it has waited or been passed over enough."""
        waits_long = now >= self.joined_at + WAIT_BEFORE_POOLING
        return self.skips >= SKIPS_BEFORE_POOLING or waits_long


@dataclass
class Allocation:
    """Hands out the free seats of an event; parties are considered in the order of their places.

    Attributes:
        event: The event.
        inventory: The counters with what was handed out.
        now: The present moment.
        offered: Who is offered how many seats.
        pooled: For whom more seats were put aside, as it is now.
        skipped: Who was passed over by one that was served, as it is now, by entry.
    """

    event: Event
    inventory: Inventory
    now: datetime
    offered: list[tuple[Entry, int]] = field(default_factory=list[tuple[Entry, int]])
    pooled: list[Entry] = field(default_factory=list[Entry])
    skipped: dict[UUID, Entry] = field(default_factory=dict[UUID, Entry])
    _passed: list[Entry] = field(default_factory=list[Entry])

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to hand out."""
        return self.inventory.free <= 0

    def consider(self, entry: Entry) -> None:
        """Hands a waiting party what it can get."""
        if self.inventory.free + entry.pooled >= entry.least:
            self._offer(entry)
        elif self._pools_for(entry):
            self._pool(entry)
        else:
            self._passed.append(entry)

    def _offer(self, entry: Entry) -> None:
        seats = min(entry.wanted, self.inventory.free + entry.pooled)
        self.inventory = self.inventory.with_held(seats - entry.pooled)
        self.offered.append((replace(entry, pooled=0), seats))
        self._passed = [replace(each, skips=each.skips + 1) for each in self._passed]
        self.skipped |= {each.id: each for each in self._passed}
        # Who was passed over often enough by now comes before all who were not considered yet.
        entitled = next(filter(self._pools_for, self._passed), None)
        if entitled is not None:
            del self.skipped[entitled.id]
            self._pool(entitled)

    def _pool(self, entry: Entry) -> None:
        self.pooled.append(replace(entry, pooled=entry.pooled + self.inventory.free))
        self.inventory = self.inventory.with_held(self.inventory.free)

    def _pools_for(self, entry: Entry) -> bool:
        return (
            self.inventory.free > 0
            and self.now < self.event.pools_dissolve_at
            and entry.is_entitled_to_pool(self.now)
        )
