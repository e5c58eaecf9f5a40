"""Which number a customer has, as identity tells."""

from uuid import UUID

from services.metering.domain.store import Store


async def remember_customer(store: Store, *, customer_id: UUID, customer_number: str) -> None:
    """Notes which number a customer has: contracts name the number, callers the customer."""
    await store.save_customer(customer_id, customer_number)


async def erase_customer(store: Store, *, customer_id: UUID) -> None:
    """Forgets who a customer was.

    Contracts and readings stay, under an id that names nobody: what was billed has to be shown for
    five years (Bokføringsloven § 13), and who moves in next must not see hours from before. The
    number goes, since it may be another customer's next, and so do the addresses. An erased
    customer stays erased, whatever comes later.
    """
    await store.erase_customer(customer_id)
