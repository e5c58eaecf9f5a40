"""Sessions that have ended while their access tokens live still.

The bus tells of each as it ends. What was missed, at the start or while the bus was out of reach,
identity is asked for; it is asked now and then in any case, so that an outage of the bus delays the
end of a session by seconds and not by the lifetime of a token.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from kit import errors
from kit.clock import Clock
from kit.envelope import Envelope
from kundeapp.identity.v1.identity_events_pb2 import SessionEnded

SUBJECT: Final = "kundeapp.identity.session.*.ended"
ASK_SECONDS = 2.0
REMEMBERED_FOR = timedelta(hours=1)
"""Longer than any access token lives; identity tells of as much."""

_OVERLAP = timedelta(minutes=1)
"""What is asked for twice, since clocks differ and a transaction may commit late."""

_log = structlog.get_logger(__name__)

Fetch = Callable[[datetime], Awaitable[Sequence[tuple[UUID, datetime]]]]


class EndedSessions:
    """Knows which sessions have ended; a container of their ids."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        """Keeps whom to ask.

        Args:
            fetch: Returns the sessions that ended after a moment, each with when it did; raises
                Unavailable.
            clock: Tells the time.
        """
        self._fetch = fetch
        self._clock = clock
        self._tell: list[Callable[[UUID], None]] = []
        self._ended: dict[UUID, datetime] = {}
        self._known_until = clock.now() - REMEMBERED_FOR
        self._missing = asyncio.Event()

    def __contains__(self, session_id: object) -> bool:
        """Tells whether a session has ended."""
        return session_id in self._ended

    def tell(self, listener: Callable[[UUID], None]) -> None:
        """Has a listener told of each session that ends, once."""
        self._tell.append(listener)

    def hear(self, event: Envelope) -> None:
        """Learns of a session that has just ended."""
        if event.type == SessionEnded.DESCRIPTOR.full_name:
            session_id = UUID(SessionEnded.FromString(event.payload).session_id)
            self._learn(session_id, event.occurred_at)

    def miss(self) -> None:
        """Has identity asked at once."""
        self._missing.set()

    async def keep_up(self) -> None:
        """Asks identity, again and again, until it is cancelled."""
        while True:
            self._missing.clear()
            try:
                await self._ask()
            except errors.Unavailable as error:
                _log.warning("ended sessions could not be fetched", error=repr(error.__cause__))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):
                    await self._missing.wait()

    async def _ask(self) -> None:
        now = self._clock.now()
        for session_id, ended_at in await self._fetch(self._known_until - _OVERLAP):
            self._learn(session_id, ended_at)
        self._known_until = now
        for session_id, ended_at in list(self._ended.items()):
            if ended_at < now - REMEMBERED_FOR:
                del self._ended[session_id]

    def _learn(self, session_id: UUID, ended_at: datetime) -> None:
        if session_id not in self._ended:
            self._ended[session_id] = ended_at
            for listener in self._tell:
                listener(session_id)
