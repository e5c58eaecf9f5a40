"""What the use cases ask of the store: what is to be told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.consent.domain.notifications import Leased, Notification


class NotificationStore(Protocol):
    """What is to be told."""

    async def notify(self, *notifications: Notification) -> None:
        """Takes down what is to be told; a cause that was heard of before changes nothing."""
        ...

    async def take_back(self, topic: str, *kinds: str) -> None:
        """Has nothing more told about a topic: only of these kinds, or of all if none is named."""
        ...

    async def lease_notifications(
        self, kinds: Collection[str], now: datetime, until: datetime, most: int
    ) -> Sequence[Leased]:
        """Returns what is due, the longest overdue first, and nobody else is handed until then."""
        ...

    async def lock_leased(self, leased: Sequence[Leased]) -> Sequence[Leased]:
        """Returns those that still wait and that nobody has leased since, and keeps them so."""
        ...

    async def lay_aside(self, leased: Leased, until: datetime, *, due: bool = False) -> None:
        """Has something tried again later, unless somebody else has leased it since.

        Args:
            leased: What.
            until: When it is tried again.
            due: Whether it is not to be told before then.
        """
        ...

    async def end_notifications(self, ended: Mapping[UUID, str], now: datetime) -> None:
        """Notes what has become of notifications that are locked.

        Args:
            ended: Why each is not told; empty if it was written.
            now: The present moment.
        """
        ...

    async def forget_notifications(self, before: datetime) -> None:
        """Forgets what has ended before some time."""
        ...

    async def erase_notifications(self, customer_id: UUID) -> None:
        """Forgets all that was, and was to be, told to a customer."""
        ...

    async def exported_notifications(
        self, customers: Sequence[UUID]
    ) -> Sequence[Mapping[str, Any]]:
        """Returns what was, and is to be, told to customers, as records of their export."""
        ...
