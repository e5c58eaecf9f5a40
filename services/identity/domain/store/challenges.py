"""What the use cases ask of the store: the codes that people were asked for."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.challenges import Challenge, Purpose


class ChallengeStore(Protocol):
    """The challenges; one that has ended keeps neither code nor contact."""

    async def begin_challenge(self, challenge: Challenge, now: datetime) -> None:
        """Begins a challenge, and ends the one that its subject has of the same purpose."""
        ...

    async def count_challenge_try(
        self, challenge_id: UUID, purpose: Purpose, now: datetime
    ) -> Challenge | None:
        """Counts a try at a challenge, before it is known whether the code is right.

        Nobody else counts a try at it until this transaction is over.

        Returns:
            The challenge, or None if it has ended, or its time or its tries are used up.
        """
        ...

    async def end_challenge(self, challenge_id: UUID, now: datetime) -> bool:
        """Ends a challenge; returns False if it had ended already."""
        ...

    async def end_challenges_of(self, account_id: UUID, now: datetime) -> None:
        """Ends all challenges of an account."""
        ...
