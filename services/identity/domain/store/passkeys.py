"""What the use cases ask of the store: passkeys and their challenges."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.passkeys import Challenge, Passkey


class PasskeyStore(Protocol):
    """Passkeys and their challenges."""

    async def add_passkey_challenge(self, challenge: Challenge) -> None:
        """Keeps a challenge until it is answered."""
        ...

    async def take_passkey_challenge(self, challenge_id: UUID, now: datetime) -> Challenge | None:
        """Returns a challenge and forgets it; None if it was taken before, or is too old."""
        ...

    async def lock_passkeys_of(self, account_id: UUID) -> Sequence[Passkey]:
        """Returns the passkeys of an account, the first added first.

        Nobody else adds one to the account until this transaction is over.
        """
        ...

    async def passkeys_of(self, account_id: UUID) -> Sequence[Passkey]:
        """Returns the passkeys of an account, the first added first."""
        ...

    async def add_passkey(self, passkey: Passkey) -> bool:
        """Adds a passkey; returns False if there is one by its credential id."""
        ...

    async def lock_passkey(self, credential_id: bytes) -> Passkey | None:
        """Returns a passkey that nobody else uses until this transaction is over, or None."""
        ...

    async def use_passkey(self, passkey_id: UUID, sign_count: int, now: datetime) -> None:
        """Writes down that a passkey was used, and how often by now."""
        ...

    async def remove_passkey(self, account_id: UUID, passkey_id: UUID) -> bool:
        """Takes a passkey off an account; returns False if the account has no such passkey."""
        ...

    async def remove_passkeys(self, account_id: UUID) -> None:
        """Takes all passkeys off an account."""
        ...
