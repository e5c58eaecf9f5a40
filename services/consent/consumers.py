"""NATS in: from an event to a use case."""

from collections.abc import Callable
from datetime import UTC
from uuid import UUID

from kit.clock import Clock
from kit.database import Transaction
from kit.ids import Ids
from kit.inbox import Consumer
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.identity.v1.identity_events_pb2 import (
    CustomerChanged,
    CustomerContactChanged,
    CustomerCreated,
    CustomerErased,
)
from kundeapp.identity.v1.identity_service_pb2 import Customer
from services.consent.domain.customers import Status
from services.consent.domain.programme import Event
from services.consent.domain.store import Store
from services.consent.handlers import contacts, programme
from services.consent.handlers import customers as handlers
from services.consent.handlers.programme import Desk, Offer, Told


def customers(store_of: Callable[[Transaction], Store], clock: Clock) -> Consumer:
    """Returns who learns from identity which customers there are, and who no longer is one."""

    async def remember(event: CustomerCreated | CustomerChanged, transaction: Transaction) -> None:
        await handlers.remember_customer(
            store_of(transaction),
            customer_id=UUID(event.customer_id),
            number=event.customer_number,
            status=Status(Customer.Status.Name(event.status)),
        )

    async def erase(event: CustomerErased, transaction: Transaction) -> None:
        await handlers.erase_customer(
            store_of(transaction), clock, customer_id=UUID(event.customer_id)
        )

    async def mark(event: CustomerContactChanged, transaction: Transaction) -> None:
        await contacts.contact_changed(store_of(transaction), customer_id=UUID(event.customer_id))

    return Consumer(
        name="consent-customers",
        subjects=("kundeapp.identity.customer.>",),
        handlers={
            CustomerCreated: remember,
            CustomerChanged: remember,
            CustomerContactChanged: mark,
            CustomerErased: erase,
        },
    )


def events(store_of: Callable[[Transaction], Store], ids: Ids, clock: Clock) -> Consumer:
    """Returns who hears of events and reservations, and tells those whom it concerns."""

    def desk_of(transaction: Transaction) -> Desk:
        return Desk(store_of(transaction), ids, clock)

    async def published(event: told.EventPublished, transaction: Transaction) -> None:
        await programme.publish_event(
            desk_of(transaction),
            _event(event),
            sales_open_at=event.sales_open_at.ToDatetime(UTC),
        )

    async def changed(event: told.EventChanged, transaction: Transaction) -> None:
        await programme.change_event(desk_of(transaction), _event(event), moved=event.moved)

    async def cancelled(event: told.EventCancelled, transaction: Transaction) -> None:
        await programme.cancel_event(desk_of(transaction), UUID(event.event_id), event.reason)

    async def confirmed(event: told.ReservationConfirmed, transaction: Transaction) -> None:
        await programme.confirm_reservation(
            desk_of(transaction), _reservation(event, event.total), added=event.tickets
        )

    async def released(event: told.TicketsReleased, transaction: Transaction) -> None:
        await programme.release_tickets(
            desk_of(transaction), _reservation(event, event.total), released=event.tickets
        )

    async def voided(event: told.ReservationCancelled, transaction: Transaction) -> None:
        await programme.cancel_reservation(desk_of(transaction), _reservation(event, 0))

    return Consumer(
        name="consent-events",
        subjects=(
            "kundeapp.events.event.>",
            "kundeapp.events.reservation.>",
            "kundeapp.events.tickets.>",
        ),
        handlers={
            told.EventPublished: published,
            told.EventChanged: changed,
            told.EventCancelled: cancelled,
            told.ReservationConfirmed: confirmed,
            told.TicketsReleased: released,
            told.ReservationCancelled: voided,
        },
    )


def waiting_list(store_of: Callable[[Transaction], Store], ids: Ids, clock: Clock) -> Consumer:
    """Returns who hears of the waiting list and its offers, and tells those whom it concerns."""

    def desk_of(transaction: Transaction) -> Desk:
        return Desk(store_of(transaction), ids, clock)

    async def joined(event: told.WaitlistJoined, transaction: Transaction) -> None:
        await programme.join_waiting_list(
            desk_of(transaction),
            UUID(event.event_id),
            UUID(event.customer_id),
            wanted=event.wanted,
        )

    async def left(event: told.WaitlistLeft, transaction: Transaction) -> None:
        await programme.leave_waiting_list(
            desk_of(transaction),
            UUID(event.entry_id),
            UUID(event.event_id),
            UUID(event.customer_id),
            closed=event.closed,
        )

    async def offered(event: told.OfferMade, transaction: Transaction) -> None:
        await programme.make_offer(desk_of(transaction), _offer(event))

    async def rescheduled(event: told.OfferRescheduled, transaction: Transaction) -> None:
        await programme.reschedule_offer(desk_of(transaction), _offer(event))

    async def expiring(event: told.OfferExpiring, transaction: Transaction) -> None:
        await programme.warn_of_offer(desk_of(transaction), _offer(event))

    async def expired(event: told.OfferExpired, transaction: Transaction) -> None:
        await programme.expire_offer(
            desk_of(transaction),
            UUID(event.offer_id),
            UUID(event.event_id),
            UUID(event.customer_id),
        )

    async def ended(
        event: told.OfferAccepted | told.OfferDeclined | told.OfferRevoked,
        transaction: Transaction,
    ) -> None:
        await programme.end_offer(desk_of(transaction), UUID(event.offer_id))

    return Consumer(
        name="consent-waiting-list",
        subjects=("kundeapp.events.waitlist.>", "kundeapp.events.offer.>"),
        handlers={
            told.WaitlistJoined: joined,
            told.WaitlistLeft: left,
            told.OfferMade: offered,
            told.OfferRescheduled: rescheduled,
            told.OfferExpiring: expiring,
            told.OfferExpired: expired,
            told.OfferAccepted: ended,
            told.OfferDeclined: ended,
            told.OfferRevoked: ended,
        },
    )


def _event(event: told.EventPublished | told.EventChanged) -> Event:
    return Event(
        id=UUID(event.event_id),
        title=event.title,
        venue=event.venue,
        starts_at=event.starts_at.ToDatetime(UTC),
        capacity=event.capacity,
    )


def _reservation(
    event: told.ReservationConfirmed | told.TicketsReleased | told.ReservationCancelled,
    tickets: int,
) -> Told:
    return Told(UUID(event.reservation_id), UUID(event.event_id), UUID(event.customer_id), tickets)


def _offer(event: told.OfferMade | told.OfferRescheduled | told.OfferExpiring) -> Offer:
    return Offer(
        id=UUID(event.offer_id),
        event_id=UUID(event.event_id),
        customer_id=UUID(event.customer_id),
        tickets=event.tickets,
        expires_at=event.expires_at.ToDatetime(UTC),
    )
