"""What the use cases ask of the store: the sessions and their refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.sessions import Login, RefreshToken, Session


class SessionStore(Protocol):
    """The sessions and their refresh tokens."""

    async def add_session(self, session: Session, device: str, now: datetime) -> None:
        """Begins a session.

        Args:
            session: The session.
            device: What its device is called.
            now: The present moment.
        """
        ...

    async def logins_of(self, account_id: UUID, now: datetime) -> Sequence[Login]:
        """Returns the sessions of an account that are not over, the last used first."""
        ...

    async def all_logins_of(
        self, account_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Login]:
        """Returns sessions of an account that are kept, those that are over too, by their ids."""
        ...

    async def sessions_ended(self, after: datetime, until: datetime) -> Sequence[Session]:
        """Returns the sessions that ended in a time, by when they did."""
        ...

    async def add_refresh_token(self, session_id: UUID, token: bytes) -> None:
        """Hands out a refresh token, by its hash."""
        ...

    async def lock_session_of(self, token: bytes) -> tuple[Session, RefreshToken] | None:
        """Returns a refresh token and its session, which wait for this transaction from now on.

        Args:
            token: The hash of the token.

        Returns:
            The session and the token as they are once nobody else changes them, or None.
        """
        ...

    async def use_refresh_token(
        self, token: bytes, successor: bytes, now: datetime, idle_at: datetime | None
    ) -> None:
        """Writes down that a token was exchanged.

        Args:
            token: The hash of the token.
            successor: The hash of the one that follows it.
            now: The present moment.
            idle_at: When the session ends unless it is used again, None for never.
        """
        ...

    async def confirm_session(
        self, session_id: UUID, methods: Sequence[str], now: datetime
    ) -> Session | None:
        """Writes down that the owner has proven once more who they are; None if it is over."""
        ...

    async def end_session(self, session_id: UUID, now: datetime) -> Session | None:
        """Ends a session and forgets its tokens; returns None if it was over already."""
        ...

    async def end_sessions_of(
        self, account_id: UUID, now: datetime, *, keep: UUID | None = None
    ) -> Sequence[Session]:
        """Ends all sessions of an account but one; returns those that were not over.

        Args:
            account_id: The account.
            now: The present moment.
            keep: The session that stays, None for none.
        """
        ...
