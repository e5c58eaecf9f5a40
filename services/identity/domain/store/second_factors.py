"""What the use cases ask of the store: second factors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.second_factor import SealedTotp, SecondFactors


class SecondFactorStore(Protocol):
    """Authenticator apps, whose secrets are sealed, and recovery codes, which are hashed."""

    async def second_factors(self, account_id: UUID) -> SecondFactors:
        """Returns which second factors an account has."""
        ...

    async def begin_totp(self, account_id: UUID, secret: str, expires_at: datetime) -> None:
        """Keeps a sealed secret that waits for its first code; it replaces one that waits."""
        ...

    async def lock_begun_totp(self, account_id: UUID, now: datetime) -> str | None:
        """Returns the sealed secret that waits for its first code, or None.

        Nobody else confirms it until this transaction is over.
        """
        ...

    async def put_totp(self, account_id: UUID, totp: SealedTotp, now: datetime) -> None:
        """Gives an account an authenticator app in place of any other; nothing waits any longer."""
        ...

    async def totp(self, account_id: UUID) -> SealedTotp | None:
        """Returns the authenticator app of an account, or None."""
        ...

    async def use_totp(self, account_id: UUID, totp: SealedTotp) -> bool:
        """Accepts the code of a time step, and keeps the secret as it is sealed anew.

        Returns:
            False if a code of this step, or of a later one, was accepted before.
        """
        ...

    async def remove_totp(self, account_id: UUID) -> None:
        """Takes the authenticator app and the recovery codes off an account."""
        ...

    async def remove_factors_since(self, account_id: UUID, since: datetime) -> None:
        """Takes off an account what its owner is known by since a moment.

        Args:
            account_id: The account.
            since: Authenticator app, passkeys and linked providers from this moment on go.
        """
        ...

    async def replace_recovery_codes(self, account_id: UUID, hashes: Sequence[str]) -> None:
        """Gives an account recovery codes, by their hashes, in place of all others."""
        ...

    async def use_recovery_code(self, account_id: UUID, hashes: Sequence[str]) -> bool:
        """Uses up a recovery code that is kept as one of the hashes; False if there is none."""
        ...
