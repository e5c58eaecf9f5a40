"""What the use cases ask of the store: counting tries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.identity.domain.throttles import Try


class ThrottleStore(Protocol):
    """The tries of late."""

    async def count_tries(self, tries: Sequence[Try], now: datetime) -> timedelta | None:
        """Counts tries, before it is known how they turn out.

        Nobody else counts a try by the same key until this transaction is over.

        Returns:
            None if all of them are allowed, else how long to wait until they are.
        """
        ...

    async def give_back(self, tries: Sequence[Try]) -> None:
        """Takes back the last try that was counted by each, since it turned out right."""
        ...
