"""Forgetting what is over."""

from datetime import datetime

from services.identity.storage.part import Part

_FORGET_OVER = (
    "DELETE FROM throttle WHERE tries[cardinality(tries)] + within < $1 OR cardinality(tries) = 0",
    "DELETE FROM challenge WHERE expires_at < $1::timestamptz - interval '1 day'",
    "DELETE FROM email_change WHERE until < $1",
    "DELETE FROM device WHERE last_used_at < $1::timestamptz - interval '400 days'",
)
_FORGET_SESSIONS = (
    """
    DELETE FROM refresh_token USING session
    WHERE refresh_token.session_id = session.id AND least(ended_at, expires_at) < $1
    """,
    "DELETE FROM session WHERE least(ended_at, expires_at) < $1",
)


class Tidying(Part):
    """Forgetting what is over."""

    async def forget_old(self, now: datetime, *, before: datetime) -> None:
        """Forgets tries, codes and devices that no longer count, and sessions that are long over.

        Args:
            now: The present moment.
            before: Sessions that ended before this moment are forgotten.
        """
        for statement in _FORGET_OVER:
            await self._connection.execute(statement, now)
        for statement in _FORGET_SESSIONS:
            await self._connection.execute(statement, before)
