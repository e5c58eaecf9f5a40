"""What events publishes: one class for each message of `kundeapp.events.v1`, which explains it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EventPublished:
    """Customers can see an event from now on."""

    event_id: UUID
    title: str
    venue: str
    starts_at: datetime
    sales_open_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True)
class EventChanged:
    """A published event was changed by staff."""

    event_id: UUID
    title: str
    venue: str
    starts_at: datetime
    moved: bool
    capacity: int


@dataclass(frozen=True, slots=True)
class EventCancelled:
    """An event will not take place."""

    event_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ReservationCancelled:
    """A reservation ended because its event was cancelled."""

    reservation_id: UUID
    event_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class AvailabilityChanged:
    """How many tickets are left has changed."""

    event_id: UUID
    available: int


@dataclass(frozen=True, slots=True)
class ReservationConfirmed:
    """A customer got tickets."""

    reservation_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    total: int


@dataclass(frozen=True, slots=True)
class TicketsReleased:
    """A customer gave tickets back."""

    reservation_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    total: int


@dataclass(frozen=True, slots=True)
class WaitlistJoined:
    """A party joined the waiting list."""

    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    wanted: int
    least: int


@dataclass(frozen=True, slots=True)
class WaitlistChanged:
    """A waiting party wants another number of tickets."""

    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    wanted: int
    least: int


@dataclass(frozen=True, slots=True)
class WaitlistPooled:
    """Seats are put aside for a large party, or no longer."""

    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    seats: int


@dataclass(frozen=True, slots=True)
class WaitlistLeft:
    """A party left the waiting list, or the list was closed."""

    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    closed: bool


@dataclass(frozen=True, slots=True)
class OfferMade:
    """A waiting party was offered tickets."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferRescheduled:
    """An offer ends at another time than was told."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferExpiring:
    """An offer will end soon."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferAccepted:
    """An offer was accepted, all or in part."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int


@dataclass(frozen=True, slots=True)
class OfferDeclined:
    """An offer was declined, or its party left."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class OfferExpired:
    """An offer was not answered in time."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class OfferRevoked:
    """An offer was taken back."""

    offer_id: UUID
    entry_id: UUID
    event_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class BallotDrawn:
    """A ballot was drawn."""

    event_id: UUID
    seed: str
    parties: int


@dataclass(frozen=True, slots=True)
class GuestAdmitted:
    """Guests were let in."""

    reservation_id: UUID
    event_id: UUID
    customer_id: UUID
    guests: int
    admitted: int


@dataclass(frozen=True, slots=True)
class GuestUndone:
    """An admission was taken back."""

    reservation_id: UUID
    event_id: UUID
    customer_id: UUID
    guests: int
    admitted: int


DomainEvent = (
    EventPublished
    | EventChanged
    | EventCancelled
    | ReservationCancelled
    | AvailabilityChanged
    | ReservationConfirmed
    | TicketsReleased
    | WaitlistJoined
    | WaitlistChanged
    | WaitlistPooled
    | WaitlistLeft
    | OfferMade
    | OfferRescheduled
    | OfferExpiring
    | OfferAccepted
    | OfferDeclined
    | OfferExpired
    | OfferRevoked
    | BallotDrawn
    | GuestAdmitted
    | GuestUndone
)
