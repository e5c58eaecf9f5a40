"""What the use cases ask of the store: how customers are reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.consent.domain.contacts import KnownContact


class ContactStore(Protocol):
    """How customers are reached. What is known is current once identity was asked."""

    async def mark_contact(self, customer_id: UUID) -> None:
        """Has identity asked, at once: what is known of a customer is no longer current."""
        ...

    async def forget_contact(self, customer_id: UUID) -> None:
        """Forgets how a customer was reached, and has nobody asked."""
        ...

    async def take_contacts_to_learn(
        self, now: datetime, until: datetime, limit: int
    ) -> Mapping[UUID, int]:
        """Returns whom to ask for, each with a version; nobody else is, until a moment."""
        ...

    async def put_contacts(
        self, contacts: Mapping[UUID, KnownContact], versions: Mapping[UUID, int]
    ) -> None:
        """Writes how customers are reached, which is current then.

        Of a customer whose version is another by now, who was marked again or erased, nothing is
        written.
        """
        ...

    async def mark_contacts_under_other_keys(self, key_ids: Sequence[str]) -> None:
        """Has identity asked for all whose address is hashed under a key that is gone."""
        ...

    async def lock_contact(self, customer_id: UUID) -> KnownContact | None:
        """Returns how a customer is reached, and keeps it so until the transaction is over.

        Whoever decides for the customer, erases or learns of a new address waits, and so does the
        next hand-over: none passes a change that waits. Returns None if nobody is known by the id.
        """
        ...

    async def exported_contacts(self, customers: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Returns what is known of how customers are reached, as records of their export."""
        ...
