"""What the use cases ask of the store: the ledger as it is checked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.consent.domain.anchors import Anchor, Finding, KeptAnchor, Linked


class AnchorStore(Protocol):
    """The ledger as it is checked."""

    async def linked_entries(self, after: int, limit: int) -> Sequence[Linked]:
        """Returns rows in the order of their positions.

        Args:
            after: The position that they are after.
            limit: How many at most.
        """
        ...

    async def row_hashes(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Returns positions and hashes of rows, in order; the arguments are the same."""
        ...

    async def customers_decided(self, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Returns customers of whom there is a row or something that holds, by their ids.

        Args:
            after: The customer that they are after; None to begin.
            limit: How many at most.
        """
        ...

    async def wrong_views(self, customers: Sequence[UUID]) -> Sequence[Finding]:
        """Returns where what holds of customers is not what the last row says."""
        ...

    async def lock_anchors(self) -> None:
        """Keeps others from making an anchor until the transaction is over."""
        ...

    async def anchors(self) -> Sequence[KeptAnchor]:
        """Returns the anchors that were made, by their positions."""
        ...

    async def add_anchor(self, anchor: Anchor, at: datetime) -> None:
        """Stores an anchor."""
        ...
