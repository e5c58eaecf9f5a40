"""Learning how customers are reached."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.clock import Clock
from services.consent.domain import contacts as rules
from services.consent.domain.contacts import AddressHashes, Contacts
from services.consent.domain.store import Store, Stores

_ASKED_AT_ONCE = 1000
LEASE: Final = timedelta(seconds=10)
"""Longer than identity may take to answer, so that nobody else asks for the same meanwhile."""


async def contact_changed(store: Store, *, customer_id: UUID) -> None:
    """Notes that a customer is reached in another way: nothing is sent until that is learned."""
    await store.mark_contact(customer_id)


async def mark_unreadable(stores: Stores, hashes: AddressHashes) -> None:
    """Has identity asked for those whose address cannot be told any longer, as its key is gone."""
    async with stores() as store:
        await store.mark_contacts_under_other_keys(hashes.key_ids)


async def learn_contacts(
    stores: Stores, contacts: Contacts, hashes: AddressHashes, clock: Clock
) -> bool:
    """Asks identity for contacts that may be others than are known here.

    No transaction is open while identity is asked. Whoever is marked meanwhile is asked for again.

    Returns:
        Whether there may be more.

    Raises:
        Unavailable: If identity or the database is out of reach. They are asked for again later.
    """
    now = clock.now()
    async with stores() as store:
        versions = await store.take_contacts_to_learn(now, now + LEASE, _ASKED_AT_ONCE)
    if not versions:
        return False
    said = await contacts.contacts(versions)
    learned = {customer_id: said.get(customer_id, rules.UNKNOWN) for customer_id in versions}
    addresses = [
        address
        for contact in learned.values()
        for address in (contact.email, contact.mobile)
        if address is not None
    ]
    async with stores() as store:
        await store.rehash_suppressions([hashes.of(address) for address in addresses])
        await store.put_contacts(
            {customer_id: rules.known(contact, hashes) for customer_id, contact in learned.items()},
            versions,
        )
    return len(versions) == _ASKED_AT_ONCE
