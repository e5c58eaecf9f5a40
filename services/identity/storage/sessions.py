"""Sessions and their refresh tokens on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import prometheus_client
import sqlalchemy as sa
from sqlmodel import col, delete, select

from services.identity.domain.sessions import Client, Login, RefreshToken, Session
from services.identity.storage.part import Part
from services.identity.storage.tables import RefreshTokenRow, SessionRow

_logins = prometheus_client.Counter(
    "kundeapp_identity_logins_total",
    "Sessions that began, by how their owners have shown who they are (RFC 8176).",
    ["client", "methods"],
)


class Sessions(Part):
    """Sessions and their refresh tokens on PostgreSQL."""

    async def add_session(self, session: Session, device: str, now: datetime) -> None:
        """Begins a session."""
        self._session.add(
            SessionRow(
                id=session.id,
                account_id=session.account_id,
                authenticated_at=session.authenticated_at,
                methods=list(session.methods),
                expires_at=session.expires_at,
                client=session.client,
                idle_at=session.idle_at,
                device=device,
                created_at=now,
                last_used_at=now,
            )
        )
        await self._session.flush()
        counted = _logins.labels(session.client, "+".join(session.methods))
        self._transaction.after_commit(counted.inc)

    async def logins_of(self, account_id: UUID, now: datetime) -> Sequence[Login]:
        """Returns the sessions of an account that are not over, the last used first."""
        rows = await self._session.exec(
            select(SessionRow)
            .where(
                col(SessionRow.account_id) == account_id,
                col(SessionRow.ended_at).is_(None),
                col(SessionRow.expires_at) > now,
                sa.or_(col(SessionRow.idle_at).is_(None), col(SessionRow.idle_at) > now),
            )
            .order_by(col(SessionRow.last_used_at).desc(), col(SessionRow.id).desc())
        )
        return [Login(_session(row), row.device, row.created_at, row.last_used_at) for row in rows]

    async def all_logins_of(
        self, account_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Login]:
        """Returns sessions of an account that are kept, those that are over too, by their ids."""
        which = col(SessionRow.account_id) == account_id
        if after is not None:
            which &= col(SessionRow.id) > after
        rows = await self._session.exec(
            select(SessionRow).where(which).order_by(col(SessionRow.id)).limit(limit)
        )
        return [Login(_session(row), row.device, row.created_at, row.last_used_at) for row in rows]

    async def sessions_ended(self, after: datetime, until: datetime) -> Sequence[Session]:
        """Returns the sessions that ended in a time, by when they did."""
        rows = await self._session.exec(
            select(SessionRow)
            .where(col(SessionRow.ended_at) > after, col(SessionRow.ended_at) <= until)
            .order_by(col(SessionRow.ended_at))
        )
        return [_session(row) for row in rows]

    async def add_refresh_token(self, session_id: UUID, token: bytes) -> None:
        """Hands out a refresh token, by its hash."""
        self._session.add(RefreshTokenRow(hash=token, session_id=session_id))
        await self._session.flush()

    async def lock_session_of(self, token: bytes) -> tuple[Session, RefreshToken] | None:
        """Returns a refresh token and its session, which wait for this transaction from now on.

        The session is locked first and the token read after: what a transaction that held the lock
        before us did to the token is seen only by a statement that begins once we hold it.
        """
        found = await self._session.exec(
            select(RefreshTokenRow.session_id).where(col(RefreshTokenRow.hash) == token)
        )
        locked = await self._session.exec(
            select(SessionRow).where(col(SessionRow.id) == found.first()).with_for_update()
        )
        session = locked.first()
        kept = await self._session.get(RefreshTokenRow, token)
        if session is None or kept is None:
            return None
        next_used = await self._session.exec(
            select(RefreshTokenRow.used_at).where(col(RefreshTokenRow.hash) == kept.successor)
        )
        return _session(session), RefreshToken(
            hash=kept.hash,
            session_id=kept.session_id,
            used_at=kept.used_at,
            successor=kept.successor,
            successor_is_used=next_used.first() is not None,
        )

    async def use_refresh_token(
        self, token: bytes, successor: bytes, now: datetime, idle_at: datetime | None
    ) -> None:
        """Writes down that a token was exchanged, and for which, by their hashes."""
        used = await self._session.get_one(RefreshTokenRow, token)
        used.used_at, used.successor = now, successor
        self._session.add(RefreshTokenRow(hash=successor, session_id=used.session_id))
        session = await self._session.get_one(SessionRow, used.session_id)
        session.last_used_at, session.idle_at = now, idle_at
        await self._session.flush()

    async def confirm_session(
        self, session_id: UUID, methods: Sequence[str], now: datetime
    ) -> Session | None:
        """Writes down that the owner has proven once more who they are; None if it is over."""
        rows = await self._session.exec(
            select(SessionRow).where(col(SessionRow.id) == session_id).with_for_update()
        )
        row = rows.first()
        if row is None or not _session(row).is_live(now):
            return None
        row.authenticated_at, row.methods = now, list(methods)
        await self._session.flush()
        return _session(row)

    async def end_session(self, session_id: UUID, now: datetime) -> Session | None:
        """Ends a session and forgets its tokens; returns None if it was over already."""
        ended = await self._end(col(SessionRow.id) == session_id, now)
        return ended[0] if ended else None

    async def end_sessions_of(
        self, account_id: UUID, now: datetime, *, keep: UUID | None = None
    ) -> Sequence[Session]:
        """Ends all sessions of an account but one; returns those that were not over."""
        which = col(SessionRow.account_id) == account_id
        if keep is not None:
            which &= col(SessionRow.id) != keep
        return await self._end(which, now)

    async def _end(self, which: sa.ColumnElement[bool], now: datetime) -> Sequence[Session]:
        rows = await self._session.exec(
            select(SessionRow)
            .where(which, col(SessionRow.ended_at).is_(None), col(SessionRow.expires_at) > now)
            .with_for_update()
        )
        ended = rows.all()
        for row in ended:
            row.ended_at = now
        await self._session.flush()
        await self._session.exec(
            delete(RefreshTokenRow).where(
                col(RefreshTokenRow.session_id).in_([row.id for row in ended])
            )
        )
        return [_session(row) for row in ended]


def _session(row: SessionRow) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        authenticated_at=row.authenticated_at,
        methods=tuple(row.methods),
        expires_at=row.expires_at,
        client=Client(row.client),
        idle_at=row.idle_at,
        ended_at=row.ended_at,
    )
