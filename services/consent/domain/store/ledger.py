"""What the use cases ask of the store: the ledger."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.consent.domain.ledger import Consent, Entry, Head
from services.consent.domain.published import Event


class LedgerStore(Protocol):
    """The ledger, and what holds by it."""

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        ...

    async def consents_of(self, customers: Collection[UUID]) -> Sequence[Consent]:
        """Returns what holds of customers now, in no order."""
        ...

    async def heads(self, customers: Collection[UUID]) -> Mapping[UUID, Head]:
        """Returns where the chains of customers end, of those who have one."""
        ...

    async def lock_ledger(self) -> int:
        """Keeps others from writing until the transaction is over; returns the last position.

        It is asked for last, and customers are locked before it.
        """
        ...

    async def append(self, entries: Sequence[Entry]) -> None:
        """Writes rows, and what holds by them."""
        ...

    async def entries_of(
        self, customers: Collection[UUID], before: int | None, limit: int
    ) -> Sequence[Entry]:
        """Returns rows of customers, the newest first.

        Args:
            customers: The customers.
            before: The position that they are before; None to begin with the newest.
            limit: How many at most.
        """
        ...

    async def last_entries_of(self, customers: Collection[UUID]) -> Sequence[Entry]:
        """Returns the rows that hold of customers, by customer and position."""
        ...
