"""What the use cases ask of the store: what is to be told."""

from typing import Protocol

from services.consent.domain.notifications import Notification


class NotificationStore(Protocol):
    """What is to be told."""

    async def notify(self, *notifications: Notification) -> None:
        """Takes down what is to be told; a cause that was heard of before changes nothing."""
        ...

    async def take_back(self, topic: str, *kinds: str) -> None:
        """Has nothing more told about a topic: only of these kinds, or of all if none is named."""
        ...
