"""Passkeys: keys that a device holds and unlocks with a finger, a face or a PIN (WebAuthn)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

CHALLENGE_LIFETIME = timedelta(minutes=5)
CHALLENGE_BYTES = 32
MOST_PASSKEYS = 20

METHODS = ("pop", "user", "mfa")
"""How a person proves who they are with a passkey (RFC 8176): both factors in one."""

LONGEST_NAME = 100
"""In characters."""


class Ceremony(StrEnum):
    """What a challenge is for."""

    REGISTRATION = "REGISTRATION"
    LOGIN = "LOGIN"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Random bytes that a device signs, once.

    Attributes:
        id: The challenge.
        value: The bytes.
        ceremony: What they are for.
        account_id: Whose passkey is being added; None at a login, where nobody is known yet.
        expires_at: When it stops working.
    """

    id: UUID
    value: bytes = field(repr=False)
    ceremony: Ceremony
    account_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of an account.

    Attributes:
        id: The passkey.
        account_id: Whose it is.
        credential_id: What its authenticator calls it.
        public_key: Its public key, a COSE key.
        sign_count: How often it was used, as its authenticator counts; 0 if that does not count.
        name: What its owner calls it.
        created_at: When it was added.
        last_used_at: When it was last used, None if it never was.
    """

    id: UUID
    account_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attested:
    """What an authenticator says of a new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Presented:
    """Whom a passkey says it is of; not proven yet.

    Attributes:
        credential_id: What its authenticator calls it.
        account_id: The account that it was made for.
    """

    credential_id: bytes
    account_id: UUID


def is_copy(kept: int, shown: int) -> bool:
    """Tells whether a count shows that two authenticators hold the same key.

    Authenticators that do not count always show 0 (WebAuthn Level 3, 6.1.1 and 7.2).
    """
    return (kept > 0 or shown > 0) and shown <= kept
