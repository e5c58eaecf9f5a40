"""Codes: a person proves that they read an e-mail address or a mobile number.

A challenge is open for ten minutes and five tries. Its subject, such as an address, has one open
challenge of a purpose: asking again ends the one before.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.ids import Ids
from kit.keyed_hash import KeyedHash

CODE_DIGITS: Final = 6
LIFETIME: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5


class Purpose(StrEnum):
    """What a right code opens."""

    REGISTRATION = "REGISTRATION"
    CUSTOMER_LINK = "CUSTOMER_LINK"
    CUSTOMER_NUMBER = "CUSTOMER_NUMBER"
    PASSWORD = "PASSWORD"  # noqa: S105 - a name
    EMAIL = "EMAIL"
    MOBILE = "MOBILE"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that somebody was asked for.

    Attributes:
        id: The challenge.
        purpose: What a right code opens.
        subject: Whose tries are counted together, as a keyed hash.
        expires_at: When it ends by itself.
        language: What the person reads.
        code_hash: The code at rest.
        contact_code_hash: The code for the contact on file at rest, None if one code is enough.
        contact: The address or number that the code went to; empty once the challenge has ended.
        account_id: Whose it is, None if nobody is logged in or it is nobody's.
        customer_id: The customer that it is about, None if it is about none.
        password_hash: The password that was chosen, None if none was.
    """

    id: UUID
    purpose: Purpose
    subject: bytes
    expires_at: datetime
    language: str
    code_hash: str = field(repr=False)
    contact_code_hash: str | None = field(default=None, repr=False)
    contact: str = field(default="", repr=False)
    account_id: UUID | None = None
    customer_id: UUID | None = None
    password_hash: str | None = field(default=None, repr=False)


class Codes:
    """Makes codes and compares them; a code at rest is bound to its challenge."""

    def __init__(self, keyed: KeyedHash, ids: Ids) -> None:
        self._keyed = keyed
        self._ids = ids

    def new(self) -> str:
        """Returns a code of six random digits."""
        return self._ids.digits(CODE_DIGITS)

    def at_rest(self, challenge_id: UUID, code: str) -> str:
        """Returns a code as it is kept."""
        return self._keyed.of(f"{challenge_id}:{code}")

    def match(self, challenge: Challenge, code: str, contact_code: str) -> bool:
        """Tells whether all codes that a challenge asks for are right; not which one is wrong."""
        is_right = self._keyed.matches(challenge.code_hash, f"{challenge.id}:{code}")
        if challenge.contact_code_hash is None:
            return is_right
        named = f"{challenge.id}:{contact_code}"
        return self._keyed.matches(challenge.contact_code_hash, named) and is_right
