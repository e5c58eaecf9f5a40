"""What the use cases ask of the store: what permissions depend on."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.consent.domain.channels import Channel
from services.consent.domain.permission import Standing


class PermissionStore(Protocol):
    """What permissions depend on."""

    async def standings(
        self, purpose: str, customer_ids: Collection[UUID], channels: Collection[Channel]
    ) -> Mapping[tuple[UUID, Channel], Standing]:
        """Returns the standing of each customer for each channel, also of those nobody knows."""
        ...

    async def last_position(self) -> int:
        """Returns the last row of the ledger, 0 if there is none."""
        ...

    async def count_standings(
        self, purpose: str, channel: Channel, position: int
    ) -> Mapping[Standing, int]:
        """Returns how many have each standing, of all who have decided.

        Args:
            purpose: The purpose.
            channel: The channel.
            position: The row of the ledger up to which decisions count; all else is of now.
        """
        ...

    async def standings_after(
        self, purpose: str, channel: Channel, position: int, after: UUID | None, limit: int
    ) -> Mapping[UUID, Standing]:
        """Returns a page of those who have decided, in the order of their ids.

        Args:
            purpose: The purpose.
            channel: The channel.
            position: The row of the ledger up to which decisions count; all else is of now.
            after: The last customer of the page before; None to begin.
            limit: How many at most.
        """
        ...

    async def count_reach(
        self, purpose: str, channels: Sequence[Channel]
    ) -> Sequence[tuple[Sequence[Standing], int]]:
        """Returns how many have the same standings, of all who have decided.

        Returns:
            The standings for each of the channels, with how many have them.
        """
        ...
