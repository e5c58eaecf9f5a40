"""NATS in: from an event to a use case."""

from collections.abc import Callable
from uuid import UUID

from kit.clock import Clock
from kit.database import Transaction
from kit.ids import Ids
from kit.inbox import Consumer
from kundeapp.events.v1.events_events_pb2 import OfferMade
from kundeapp.identity.v1.identity_events_pb2 import (
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
)
from services.events.domain.store import Store
from services.events.handlers import waiting_list
from services.events.handlers.customers import erase_customer, remember_customer


def customers(store_of: Callable[[Transaction], Store], ids: Ids, clock: Clock) -> Consumer:
    """Returns who learns from identity which customers there are, and who no longer is one."""

    async def remember(event: CustomerCreated | CustomerChanged, transaction: Transaction) -> None:
        await remember_customer(
            store_of(transaction),
            customer_id=UUID(event.customer_id),
            customer_number=event.customer_number,
        )

    async def erase(event: CustomerErased, transaction: Transaction) -> None:
        await erase_customer(store_of(transaction), ids, clock, customer_id=UUID(event.customer_id))

    return Consumer(
        name="events-customers",
        subjects=("kundeapp.identity.customer.>",),
        handlers={CustomerCreated: remember, CustomerChanged: remember, CustomerErased: erase},
    )


def offers(store_of: Callable[[Transaction], Store], ids: Ids, clock: Clock) -> Consumer:
    """Returns who hears of our own offers: once they are on the bus, everyone is told of them."""

    async def told(event: OfferMade, transaction: Transaction) -> None:
        await waiting_list.note_told(
            store_of(transaction),
            ids,
            clock,
            event_id=UUID(event.event_id),
            entry_id=UUID(event.entry_id),
            offer_id=UUID(event.offer_id),
        )

    return Consumer(
        name="events-offers", subjects=("kundeapp.events.offer.*.made",), handlers={OfferMade: told}
    )
