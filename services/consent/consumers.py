"""NATS in: from an event to a use case."""

from collections.abc import Callable
from uuid import UUID

from kit.clock import Clock
from kit.database import Transaction
from kit.inbox import Consumer
from kundeapp.identity.v1.identity_events_pb2 import (
    CustomerChanged,
    CustomerContactChanged,
    CustomerCreated,
    CustomerErased,
)
from kundeapp.identity.v1.identity_service_pb2 import Customer
from services.consent.domain.customers import Status
from services.consent.domain.store import Store
from services.consent.handlers import contacts
from services.consent.handlers import customers as handlers


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
