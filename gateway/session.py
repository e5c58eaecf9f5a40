"""Who is behind a request: access tokens in, internal tokens out."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from kit import access, errors, jwt, noted
from kit.access import Caller, InternalToken
from kit.clock import Clock

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a name (RFC 9068)

_BEARER = "bearer "
_REMEMBERED_SESSIONS = 10_000
_UNKNOWN_KEYS_FETCHED = 10
_UNKNOWN_KEYS_WITHIN = timedelta(seconds=10)
_TRY_AGAIN_AFTER = timedelta(seconds=1)
_KEYS_GO_STALE_AFTER = timedelta(minutes=5)
_RENEW_INTERNAL_BEFORE = timedelta(seconds=15)
_NEWEST_INTERNAL = access.INTERNAL_TOKEN_LIFETIME
"""One that lives longer was made while our clock was ahead, and must not be used for hours."""

_log = structlog.get_logger()


class AccessKeys:
    """The keys that identity signs access tokens with.

    They are fetched again when they are five minutes old, so that a withdrawn key stops working,
    and when a token names a key that is not known yet; the latter at most ten times in ten seconds,
    so that a new key works at once, and forged tokens cannot make the gateway ask without end.
    """

    def __init__(self, fetch: Callable[[], Awaitable[bytes | str]], clock: Clock) -> None:
        """Keeps how to fetch them.

        Args:
            fetch: Returns a JWK Set (RFC 7517) as JSON, or raises Unavailable.
            clock: Tells how old they are.
        """
        self._fetch = fetch
        self._clock = clock
        self._keys = KeySet([])
        self._fetched_at: datetime | None = None
        self._tried_at = datetime.min.replace(tzinfo=UTC)
        self._forced = deque[datetime](maxlen=_UNKNOWN_KEYS_FETCHED)
        self._lock = asyncio.Lock()

    async def keys(self) -> KeySet:
        """Returns the keys.

        Raises:
            Unavailable: If there are none yet and identity does not answer.
        """
        if self._age() > _KEYS_GO_STALE_AFTER:
            async with self._lock:
                now = self._clock.now()
                is_free = _apart(now, self._tried_at) >= _TRY_AGAIN_AFTER
                if self._age() > _KEYS_GO_STALE_AFTER and is_free:
                    await self._try_to_fetch(now)
        if self._fetched_at is None:
            raise errors.Unavailable
        return self._keys

    async def newer_keys(self) -> KeySet:
        """Returns the keys, fetched now unless that was done too often lately."""
        now = self._clock.now()
        is_free = len(self._forced) < _UNKNOWN_KEYS_FETCHED
        if is_free or _apart(now, self._forced[0]) > _UNKNOWN_KEYS_WITHIN:
            self._forced.append(now)
            async with self._lock:
                await self._try_to_fetch(now)
        return self._keys

    def _age(self) -> timedelta:
        if self._fetched_at is None:
            return timedelta.max
        return _apart(self._clock.now(), self._fetched_at)

    async def _try_to_fetch(self, now: datetime) -> None:
        """Fetches them, or keeps those that are known: a token outlives a restart of identity."""
        self._tried_at = now
        try:
            self._keys = KeySet.import_key_set(orjson.loads(await self._fetch()))
            self._fetched_at = now
        except (errors.Unavailable, JoseError, ValueError):
            _log.warning("access keys could not be fetched", exc_info=True)


def _apart(now: datetime, then: datetime) -> timedelta:
    """Returns how long ago something was; also where our clock has been set back since."""
    return abs(now - then)


@dataclass(frozen=True, slots=True)
class Session:
    """What a verified access token stands for.

    Attributes:
        caller: Who calls.
        internal: The internal token that was last made for it.
        expires_at: When the access token stops working.
    """

    caller: Caller
    internal: InternalToken
    expires_at: datetime


class SessionIsOver(errors.Unauthenticated):
    """The session has ended, although its access token lives still."""

    reason = "SESSION_ENDED"


class Sessions:
    """Verifies access tokens, and mints internal tokens for the services.

    A token is verified once and then known until it expires, or its session ends.
    """

    def __init__(
        self,
        keys: AccessKeys,
        kind: jwt.TokenKind,
        signing_keys: jwt.KeyFile,
        clock: Clock,
        *,
        ended: Container[object] = frozenset(),
    ) -> None:
        """Keeps what tokens are checked with.

        Args:
            keys: The keys of access tokens.
            kind: What they must be.
            signing_keys: The keys of internal tokens.
            clock: Tells the time.
            ended: The sessions that have ended.
        """
        self._keys = keys
        self._kind = kind
        self._signing_keys = signing_keys
        self._clock = clock
        self._ended = ended
        self._known: dict[str, Session] = {}

    async def session(self, authorization: str) -> Session:
        """Returns who an Authorization header speaks for, with a token that says so to services.

        Raises:
            Unauthenticated: If it holds no valid access token.
            SessionIsOver: If its session has ended.
            Unavailable: If the keys to check it with cannot be had.
        """
        if authorization[: len(_BEARER)].lower() != _BEARER:
            raise errors.Unauthenticated
        token = authorization[len(_BEARER) :].strip()
        now = self._clock.now()
        session = self._known.get(token)
        if session is None or session.expires_at <= now:
            session = await self._verify(token, now)
            self._remember(token, session)
        elif not _RENEW_INTERNAL_BEFORE <= session.internal.expires_at - now <= _NEWEST_INTERNAL:
            session = replace(session, internal=self.mint(session.caller))
            self._known[token] = session
        noted.note(account=session.caller.account_id, session=session.caller.session_id)
        if session.caller.session_id in self._ended:
            raise SessionIsOver
        return session

    def mint(self, caller: Caller) -> InternalToken:
        """Returns a new internal token for a caller."""
        key = self._signing_keys.keys().keys[0]
        if not isinstance(key, ECKey):
            raise TypeError("the first signing key is none for ES256")
        return access.mint_internal_token(key, caller, self._clock.now())

    async def _verify(self, token: str, now: datetime) -> Session:
        try:
            try:
                claims = jwt.verify(self._kind, await self._keys.keys(), token, now)
            except jwt.UnknownKey:
                claims = jwt.verify(self._kind, await self._keys.newer_keys(), token, now)
            caller = replace(access.caller_of(claims), workload=access.GATEWAY)
        except jwt.InvalidToken as error:
            raise errors.Unauthenticated from error
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return Session(caller, self.mint(caller), expires_at)

    def _remember(self, token: str, session: Session) -> None:
        if len(self._known) >= _REMEMBERED_SESSIONS:
            # The oldest, which expires first.
            del self._known[next(iter(self._known))]
        self._known[token] = session
