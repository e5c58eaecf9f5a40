"""What the use cases need of a database and of the neighbours."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from services.events.domain import waiting_list
from services.events.domain.door import Found, Guest, Presence, Record
from services.events.domain.event import Event
from services.events.domain.guest_list import GuestParty
from services.events.domain.inventory import Inventory
from services.events.domain.published import DomainEvent
from services.events.domain.tickets import Booking, Reservation, Ticket
from services.events.domain.waiting_list import Entry, Offer


@dataclass(frozen=True, slots=True)
class Listing:
    """An event as it is shown.

    Attributes:
        event: The event.
        inventory: Its counters.
        waiting_parties: Parties on the waiting list, those with an open offer included.
    """

    event: Event
    inventory: Inventory
    waiting_parties: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A party on the waiting list, and how far it has come.

    Attributes:
        entry: The party.
        ahead: How many parties wait ahead of it, None unless it is waiting in a known order.
        customer_number: The customer's number.
        customer_name: The customer's name.
    """

    entry: Entry
    ahead: int | None
    customer_number: str = ""
    customer_name: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """How a ballot was drawn."""

    event: Event
    entry_ids: Sequence[UUID]


class ChangeKind(Enum):
    """What happened to a reservation."""

    RESERVED = "RESERVED"
    ACCEPTED = "ACCEPTED"
    RELEASED = "RELEASED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes a reservation.

    Attributes:
        staff_account_id: The member of staff, None if the customer does.
        reason: Why staff do.
        by_link: Whether the customer does, by a link in a letter and without logging in.
    """

    staff_account_id: UUID | None = None
    reason: str = ""
    by_link: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """Tickets that a customer gets.

    Attributes:
        reservation: The reservation as it is with them.
        tickets: The new tickets.
        kind: How they came.
        actor: Who did it.
    """

    reservation: Reservation
    tickets: Sequence[Ticket]
    kind: ChangeKind
    actor: Actor = field(default_factory=Actor)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a reservation, for the feed of staff."""

    sequence: int
    happened_at: datetime
    kind: ChangeKind
    reservation_id: UUID
    customer_number: str
    name: str
    tickets: int
    actor: Actor


@dataclass(frozen=True, slots=True)
class PastOffer:
    """An offer that a party has or had, and what came of it."""

    entry_id: UUID
    status: str
    tickets: int
    made_at: datetime
    told_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Something that happened at the door, in the log of all events."""

    id: int
    event_id: UUID
    reservation_id: UUID
    kind: str
    guests: int
    device: str
    happened_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Audit:
    """Counters beside the rows that they count."""

    inventory: Inventory
    reserved_by_reservations: int
    active_tickets: int
    offered: int
    pooled: int

    @property
    def is_consistent(self) -> bool:
        """Whether all of them are right."""
        return (
            self.inventory.reserved == self.reserved_by_reservations == self.active_tickets
            and self.inventory.held == self.offered + self.pooled
        )


class Reader(Protocol):
    """Reads."""

    async def listing(self, event_id: UUID) -> Listing | None:
        """Returns an event, a draft too."""
        ...

    async def counted(self, event_id: UUID) -> tuple[Event, Inventory] | None:
        """Returns an event with its counters, without looking at the waiting list."""
        ...

    async def listings(
        self, *, drafts: bool, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Listing]:
        """Returns events by their start, those that started before a moment left out."""
        ...

    async def events(self, event_ids: Collection[UUID]) -> Mapping[UUID, Event]:
        """Returns events by their id."""
        ...

    async def draw(self, event_id: UUID) -> Draw | None:
        """Returns an event with the order in which the entries of its ballot were drawn."""
        ...

    async def reservations_of(
        self, event_id: UUID, customers: Collection[UUID]
    ) -> Mapping[UUID, Reservation]:
        """Returns the reservations that customers have to an event, by customer."""
        ...

    async def booking(self, reservation_id: UUID) -> Booking | None:
        """Returns a reservation with its tickets."""
        ...

    async def bookings(
        self, customers: Collection[UUID], after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Booking]:
        """Returns reservations of customers, the newest first."""
        ...

    async def ticket(self, ticket_id: UUID) -> tuple[Ticket, Reservation] | None:
        """Returns a ticket and its reservation."""
        ...

    async def places_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Place]:
        """Returns entries and how far they have come, by their ids."""
        ...

    async def places(
        self, customers: Collection[UUID], before: UUID | None, limit: int
    ) -> Sequence[Place]:
        """Returns entries of customers, the newest first."""
        ...

    async def line(self, event_id: UUID, after_place: int, limit: int) -> Sequence[Place]:
        """Returns who waits for an event or has an offer, in the order of their places."""
        ...

    async def guests(self, event_id: UUID) -> Sequence[GuestParty]:
        """Returns all who have or had tickets, in no order."""
        ...

    async def guest(self, reservation_id: UUID) -> GuestParty:
        """Returns a party as the guest list shows it."""
        ...

    async def presences(self, reservation_ids: Collection[UUID]) -> Mapping[UUID, Presence]:
        """Returns how many of parties are in, by reservation."""
        ...

    async def unknown_tickets(self, event_id: UUID) -> int:
        """Returns how many admissions were recorded with a ticket that nobody knows."""
        ...

    async def changes(self, event_id: UUID, after: int, limit: int) -> Sequence[Change]:
        """Returns what happened to the reservations of an event, the oldest first."""
        ...

    async def changes_of(
        self, customers: Collection[UUID], *, by_staff: bool, after: int, limit: int
    ) -> Sequence[Change]:
        """Returns what happened to reservations of customers, the oldest first.

        Args:
            customers: The customers.
            by_staff: Whether what staff did is meant, or what customers did themselves.
            after: The last change that is known, 0 to begin.
            limit: How many at most.
        """
        ...

    async def offers_of(self, entry_ids: Collection[UUID]) -> Sequence[PastOffer]:
        """Returns all offers that entries have had, the oldest first."""
        ...

    async def admissions_of(
        self, customers: Collection[UUID], after: int, limit: int
    ) -> Sequence[Admission]:
        """Returns what happened at the door to guests of customers, in the order of recording."""
        ...

    async def events_to_leave(self, customer_id: UUID, now: datetime) -> Sequence[UUID]:
        """Returns the events that a customer waits for, or has tickets to that are to come."""
        ...

    async def audit(self, event_id: UUID) -> Audit | None:
        """Counts what the counters of an event should say."""
        ...

    async def customer_by_number(self, number: str) -> UUID | None:
        """Returns the customer with a number."""
        ...

    async def events_to_tend(self, now: datetime) -> Sequence[UUID]:
        """Returns the events for which something is due: see `handlers.waiting_list.tend`."""
        ...


class Store(Reader, Protocol):
    """Reads and writes in one transaction.

    Whoever writes locks the event first. What is read afterwards cannot change until the commit.
    """

    def publish(self, *events: DomainEvent) -> None:
        """Publishes events, if and when the transaction commits."""
        ...

    async def add_event(self, event: Event, inventory: Inventory) -> None:
        """Stores a new event."""
        ...

    async def lock_event(self, event_id: UUID) -> Listing | None:
        """Returns an event that nobody else changes until this transaction is over."""
        ...

    async def save_event(self, event: Event) -> None:
        """Stores an event as it is now."""
        ...

    async def save_inventory(self, event_id: UUID, inventory: Inventory) -> None:
        """Stores the counters of a locked event."""
        ...

    async def add_tickets(
        self, event_id: UUID, inventory: Inventory, additions: Sequence[Addition], now: datetime
    ) -> None:
        """Stores tickets that customers get, with the counters after all of them."""
        ...

    async def release_tickets(
        self,
        reservation: Reservation,
        released: Collection[Ticket],
        version: int,
        actor: Actor,
        now: datetime,
    ) -> None:
        """Stores that tickets were given back, and the reservation as it is then."""
        ...

    async def cancel_reservations(
        self, event_id: UUID, version: int, actor: Actor, now: datetime
    ) -> Sequence[Reservation]:
        """Ends all reservations of an event, and returns those that had tickets."""
        ...

    async def mark_ticket(self, ticket_id: UUID, used_at: datetime | None, version: int) -> None:
        """Stores the customer's own mark on a ticket."""
        ...

    async def live_entries(
        self, event_id: UUID, customers: Collection[UUID]
    ) -> Mapping[UUID, Entry]:
        """Returns the entries with which customers wait for an event, by customer."""
        ...

    async def waiting(self, event_id: UUID, after_place: int, limit: int) -> Sequence[Entry]:
        """Returns who waits for an event without an offer, in the order of their places."""
        ...

    async def add_entries(self, entries: Sequence[Entry]) -> None:
        """Stores new entries."""
        ...

    async def save_entries(self, entries: Collection[Entry]) -> None:
        """Stores entries as they are now, but not their offers."""
        ...

    async def save_draw(self, event_id: UUID, order: Sequence[UUID]) -> None:
        """Stores the drawn order of entries, which is the order of their places, from 1."""
        ...

    async def add_offers(self, entries: Collection[Entry]) -> None:
        """Stores the new offers of entries."""
        ...

    async def save_offer(self, offer: Offer) -> None:
        """Stores when an offer ends, and when it was told."""
        ...

    async def end_offers(
        self, offers: Collection[Offer], status: waiting_list.Status, now: datetime
    ) -> None:
        """Stores how offers ended."""
        ...

    async def offered(self, event_id: UUID) -> Sequence[Entry]:
        """Returns the entries of an event that have an open offer, by their places."""
        ...

    async def unwarned(self, event_id: UUID, now: datetime) -> Sequence[Entry]:
        """Returns those whose offer shall be brought to mind, and marks that it was."""
        ...

    async def find_guest(self, event_id: UUID, guest: Guest) -> Found | None:
        """Returns whose ticket or reservation it is."""
        ...

    async def known_records(
        self, event_id: UUID, device: str, nonces: Collection[str]
    ) -> Mapping[str, Record]:
        """Returns what a device has recorded before, by nonce."""
        ...

    async def add_records(
        self, event_id: UUID, records: Sequence[Record], version: int, now: datetime
    ) -> None:
        """Stores what happened at the door."""
        ...

    async def remember_customer(self, customer_id: UUID, number: str) -> None:
        """Stores a customer's number, and that the name may be another now, unless erased."""
        ...

    async def erase_customer(self, customer_id: UUID) -> None:
        """Forgets a customer's number and name, for good."""
        ...

    async def unnamed_customers(self, limit: int) -> Mapping[UUID, int]:
        """Returns customers whose name may be another now, each with its revision."""
        ...

    async def name_customers(
        self, names: Mapping[UUID, str], revisions: Mapping[UUID, int]
    ) -> None:
        """Stores names as they were at the revisions; who has none has no name.

        A new name is a change of the guest lists on which it stands.
        """
        ...


class Customers(Protocol):
    """Knows who customers are."""

    async def names(self, customer_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Returns the names of those that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        ...


class Stores(Protocol):
    """Opens transactions: committed at the end, rolled back by an exception."""

    def __call__(self) -> AbstractAsyncContextManager[Store]:
        """Opens one."""
        ...
