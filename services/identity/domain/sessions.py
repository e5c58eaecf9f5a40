"""Sessions, and the refresh tokens that keep them going."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from uuid import UUID

from kit.keyed_hash import KeyedHash

GRACE = timedelta(seconds=30)
"""How long a refresh token that was used gives its successor again, for a lost answer."""

TOLD_FOR = timedelta(hours=1)
"""How long it is told that a session has ended: longer than any access token lives."""

LONGEST_DEVICE = 100
"""In characters."""

PASSWORD_METHOD = "pwd"  # noqa: S105 - the name of a method in RFC 8176
"""How the person proved who they are."""


class Client(StrEnum):
    """What a session is used by, named as in `kundeapp.identity.v1.Client`."""

    APP = "APP"
    WEB = "WEB"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions last.

    Attributes:
        app: A session of the app.
        web: A session of a browser, at the most.
        web_idle: A session of a browser that is not used.
    """

    app: timedelta
    web: timedelta
    web_idle: timedelta

    def expiry(self, client: Client, now: datetime) -> datetime:
        """Returns when a session that begins now ends at the latest."""
        return now + (self.web if client is Client.WEB else self.app)

    def idle_at(self, client: Client, now: datetime) -> datetime | None:
        """Returns when a session that is used now ends unless it is used again; None for never."""
        return now + self.web_idle if client is Client.WEB else None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody logs in from.

    Attributes:
        client: What they use.
        device: What they call their device; empty if they do not say.
        device_token: What their device was known by when it logged in before, empty for a new one.
        network: The network that they call from; empty if it is not known.
    """

    client: Client = Client.APP
    device: str = ""
    device_token: str = field(default="", repr=False)
    network: str = ""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session ended."""

    session_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts.

    Attributes:
        id: The session.
        account_id: Whose it is.
        authenticated_at: When the person proved who they are.
        methods: How (RFC 8176).
        expires_at: When it ends at the latest.
        client: What it is used by.
        idle_at: When it ends unless it is used again, None for never.
        ended_at: When it was ended, None while it lasts.
    """

    id: UUID
    account_id: UUID
    authenticated_at: datetime
    methods: tuple[str, ...]
    expires_at: datetime
    client: Client = Client.APP
    idle_at: datetime | None = None
    ended_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Tells whether it lasts still."""
        is_idle = self.idle_at is not None and now >= self.idle_at
        return self.ended_at is None and now < self.expires_at and not is_idle


@dataclass(frozen=True, slots=True)
class Login:
    """A session as its owner knows it.

    Attributes:
        session: The session.
        device: What the device is called; empty if it did not say.
        created_at: When it began.
        last_used_at: When its access token was last renewed.
    """

    session: Session
    device: str
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token at rest.

    Attributes:
        hash: The SHA-256 of the token; with 256 random bits it needs neither salt nor key.
        session_id: The session that it keeps going.
        used_at: When it was exchanged, None if it was not yet.
        successor: The hash of the token that it was exchanged for.
        successor_is_used: Whether that was exchanged in its turn.
    """

    hash: bytes
    session_id: UUID
    used_at: datetime | None = None
    successor: bytes | None = None
    successor_is_used: bool = False


class Use(Enum):
    """What presenting a refresh token means."""

    FIRST = auto()
    """It is exchanged."""
    REPEATED = auto()
    """The answer was lost, or two windows asked at once: the same successor is given again."""
    REUSED = auto()
    """Two hold the same token, and one of them stole it: the session ends (RFC 9700, 4.14.2)."""


def use_of(token: RefreshToken, now: datetime) -> Use:
    """Tells what presenting a token at this moment means."""
    if token.used_at is None:
        return Use.FIRST
    if now < token.used_at + GRACE and not token.successor_is_used:
        return Use.REPEATED
    return Use.REUSED


def hash_of(token: str) -> bytes:
    """Returns what a refresh token is found by at rest."""
    return hashlib.sha256(token.encode()).digest()


class Successors:
    """Derives from each refresh token the one that follows it.

    The successor is a keyed hash of the token presented, so that it can be given again without
    being kept anywhere, and nobody without the key can go on from a token that was stolen.
    """

    def __init__(self, keyed: KeyedHash) -> None:
        self._keyed = keyed

    def of(self, token: str) -> str:
        """Returns the token that follows, 256 bits as 43 characters."""
        return self._derive(self._keyed.current_key, token)

    def again(self, token: str, successor: bytes) -> str | None:
        """Returns the token that followed, whichever key it was derived with.

        Args:
            token: The token presented.
            successor: The hash of what it was exchanged for.

        Returns:
            The successor, or None if its key is gone.
        """
        candidates = (self._derive(key_id, token) for key_id in self._keyed.key_ids)
        return next((each for each in candidates if hash_of(each) == successor), None)

    def _derive(self, key_id: str, token: str) -> str:
        return urlsafe_b64encode(self._keyed.digest(key_id, token)).rstrip(b"=").decode()
