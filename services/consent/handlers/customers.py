"""What becomes of customers."""

from uuid import UUID

from services.consent.domain.customers import Status
from services.consent.domain.store import Store


async def remember_customer(store: Store, *, customer_id: UUID, status: Status) -> None:
    """Learns of a customer."""
    await store.put_customer(customer_id, status)


async def erase_customer(store: Store, *, customer_id: UUID) -> None:
    """Sends nothing to a customer any longer who was erased."""
    await store.put_customer(customer_id, Status.ERASED)
