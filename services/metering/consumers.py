"""NATS in: from another service's event to a use case."""

from collections.abc import Callable
from uuid import UUID

from kit.database import Transaction
from kit.inbox import Consumer
from kundeapp.identity.v1.identity_events_pb2 import (
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
)
from services.metering.domain.store import Store
from services.metering.handlers.customers import erase_customer, remember_customer


def customers(store_of: Callable[[Transaction], Store]) -> Consumer:
    """Returns who learns from identity which number a customer has."""

    async def remember(event: CustomerCreated | CustomerChanged, transaction: Transaction) -> None:
        await remember_customer(
            store_of(transaction),
            customer_id=UUID(event.customer_id),
            customer_number=event.customer_number,
        )

    async def erase(event: CustomerErased, transaction: Transaction) -> None:
        await erase_customer(store_of(transaction), customer_id=UUID(event.customer_id))

    return Consumer(
        name="metering-customers",
        subjects=("kundeapp.identity.customer.>",),
        handlers={CustomerCreated: remember, CustomerChanged: remember, CustomerErased: erase},
    )
