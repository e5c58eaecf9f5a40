"""What the use cases ask of the store: addresses that nothing is sent to."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.consent.domain.contacts import Medium
from services.consent.domain.suppression import Reason, Removal, Suppression


class SuppressionStore(Protocol):
    """Addresses that nothing is sent to, by their hashes."""

    async def lock_suppressions(self) -> None:
        """Keeps others from adding and removing until the transaction is over."""
        ...

    async def rehash_suppressions(self, hashes: Collection[Sequence[str]]) -> None:
        """Has suppressions that are known by older hashes known by the current ones, too.

        Args:
            hashes: The hashes of addresses, each under every key, the current one first.
        """
        ...

    async def suppressions_of(self, hashes: Collection[str]) -> Mapping[str, Sequence[Suppression]]:
        """Returns why nothing is sent to addresses, the oldest first; of those that are known."""
        ...

    async def add_suppressions(
        self, suppressions: Sequence[tuple[Suppression, Sequence[str]]]
    ) -> None:
        """Writes suppressions, each with the hashes of its address."""
        ...

    async def remove_suppressions(self, removals: Mapping[UUID, Removal]) -> None:
        """Takes suppressions away, and writes down for ever who did and why."""
        ...

    async def count_suppressions(self) -> Mapping[tuple[Medium, Reason], int]:
        """Returns how many addresses of a medium are suppressed for a reason."""
        ...
