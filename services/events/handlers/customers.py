"""Who customers are, as far as the guest list needs to know."""

from uuid import UUID

from services.events.domain.store import Customers, Store, Stores

_ASKED_AT_ONCE = 500


async def remember_customer(store: Store, *, customer_id: UUID, customer_number: str) -> None:
    """Notes a customer's number; the name is asked for afterwards."""
    await store.remember_customer(customer_id, customer_number)


async def learn_names(stores: Stores, customers: Customers) -> bool:
    """Asks identity for the names that may be others than are known here.

    No transaction is open while identity is asked.

    Returns:
        Whether there may be more.

    Raises:
        Unavailable: If identity or the database is out of reach.
    """
    async with stores() as store:
        revisions = await store.unnamed_customers(_ASKED_AT_ONCE)
    if not revisions:
        return False
    names = await customers.names(revisions)
    async with stores() as store:
        await store.name_customers(names, revisions)
    return len(revisions) == _ASKED_AT_ONCE
