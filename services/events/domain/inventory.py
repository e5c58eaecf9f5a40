"""The seats of an event, and who gets them among those who ask at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kit.errors import Problem
from services.events.domain.event import Event
from services.events.domain.problems import AlreadyReserved, NotEnoughTickets, TooManyTickets
from services.events.domain.tickets import Reservation


@dataclass(frozen=True, slots=True)
class Inventory:
    """The counters of an event; whoever changes any seat has its row locked.

    Attributes:
        capacity: Room for how many guests.
        reserved: Tickets of active reservations.
        held: Tickets in open offers, and seats put aside for large parties.
        next_place: The place on the waiting list of whoever joins next.
        version: The version of the guest list.
    """

    capacity: int
    reserved: int = 0
    held: int = 0
    next_place: int = 1
    version: int = 0

    @property
    def available(self) -> int:
        """Seats that anyone can have; none while more are taken than there is room for."""
        return max(self.free, 0)

    @property
    def free(self) -> int:
        """Seats that are neither reserved nor held; negative where the capacity was cut below."""
        return self.capacity - self.reserved - self.held

    def with_reserved(self, more: int) -> "Inventory":
        """Returns it with more seats reserved, or fewer."""
        return replace(self, reserved=self.reserved + more)

    def with_held(self, more: int) -> "Inventory":
        """Returns it with more seats held, or fewer."""
        return replace(self, held=self.held + more)

    def next_version(self) -> "Inventory":
        """Returns it with the next version of the guest list."""
        return replace(self, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Ask:
    """A customer asks for tickets.

    Attributes:
        customer_id: The customer.
        quantity: How many tickets.
        staff_account_id: The member of staff who asks for the customer, None for the customer.
        reason: Why staff do so.
    """

    customer_id: UUID
    quantity: int
    staff_account_id: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """The tickets are the customer's.

    Attributes:
        known: The reservation of which all tickets were given back, None for a new one.
    """

    known: Reservation | None


@dataclass(frozen=True, slots=True)
class Held:
    """The customer has these tickets already; nothing is done."""

    known: Reservation


@dataclass(frozen=True, slots=True)
class GrantedBefore:
    """The same was granted to the same customer by an earlier ask; nothing more is done.

    Attributes:
        index: Of the earlier ask.
    """

    index: int


Decision = Granted | Held | GrantedBefore | Problem


def decide(
    event: Event,
    inventory: Inventory,
    asks: Sequence[Ask],
    reservations: Mapping[UUID, Reservation],
    now: datetime,
) -> tuple[Sequence[Decision], Inventory]:
    """Decides on asks in the order of their arrival, each all or nothing.

    Args:
        event: The event.
        inventory: Its counters.
        asks: Who asks for how many.
        reservations: The reservations that these customers have, by customer.
        now: The present moment.

    Returns:
        A decision for each ask, and the counters after them.
    """
    try:
        event.require_sales(now)
        closed = None
    except Problem as problem:
        closed = problem
    decisions: list[Decision] = []
    granted: dict[UUID, int] = {}
    free = inventory.free
    for index, ask in enumerate(asks):
        decision: Decision
        earlier = granted.get(ask.customer_id)
        known = reservations.get(ask.customer_id)
        if earlier is not None:
            same = asks[earlier].quantity == ask.quantity
            decision = (
                GrantedBefore(earlier) if same else AlreadyReserved(reserved=asks[earlier].quantity)
            )
        elif known is not None and known.is_active:
            same = known.quantity == ask.quantity
            decision = Held(known) if same else AlreadyReserved(reserved=known.quantity)
        elif closed is not None:
            decision = closed
        elif ask.quantity > event.max_per_customer:
            decision = TooManyTickets(limit=event.max_per_customer)
        elif ask.quantity > free:
            decision = NotEnoughTickets(available=max(free, 0))
        else:
            decision = Granted(known)
            granted[ask.customer_id] = index
            free -= ask.quantity
        decisions.append(decision)
    return decisions, inventory.with_reserved(inventory.free - free)
