"""What becomes of customers."""

from uuid import UUID

from kit.clock import Clock
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Actor, By, Change, Decision, Source
from services.consent.domain.store import Store
from services.consent.handlers.ledger import record


async def remember_customer(
    store: Store, *, customer_id: UUID, number: str, status: Status
) -> None:
    """Learns of a customer; how one is reached is asked for afterwards."""
    await store.put_customer(customer_id, number, status)
    await store.mark_contact(customer_id)


async def erase_customer(store: Store, clock: Clock, *, customer_id: UUID) -> None:
    """Ends what a customer has given who was erased; nothing is written down of one from then on.

    The ledger stays: it names nobody. What was to be told is forgotten.
    """
    await store.lock_customers([customer_id])
    by = By(Actor.SYSTEM, Source.ERASURE)
    ends = [
        Change(customer_id, consent.purpose, consent.channel, Decision.EXPIRED, by)
        for consent in await store.consents_of([customer_id])
    ]
    await record(store, clock, sorted(ends, key=lambda change: change.pair))
    await store.forget_contact(customer_id)
    await store.put_customer(customer_id, None, Status.ERASED)
    await store.erase_notifications(customer_id)
