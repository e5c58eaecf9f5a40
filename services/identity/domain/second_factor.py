"""The second factor of a login: one-time codes of an authenticator app, and recovery codes.

The codes are those of RFC 6238 as every authenticator app makes them: SHA-1, six digits, steps of
30 seconds.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pyotp.totp import TOTP

from kit.ids import Ids
from kit.keyed_hash import KeyedHash

ISSUER = "Kundeapp"
"""What the account is filed under in an authenticator app."""

STEP = timedelta(seconds=30)
SETUP_TIME = timedelta(minutes=15)
"""How long a secret that was handed out waits for its first code."""

RECOVERY_CODES = 10

METHODS = ("otp", "mfa")
"""What a code adds to the methods of a session (RFC 8176)."""

_SECRET_BYTES = 20  # RFC 4226, 4: 160 bits are recommended
_STEPS_AROUND = 1  # RFC 6238, 5.2: for clocks that differ, and codes that take long to type
_CODE = re.compile(r"[0-9]{6}")

# Crockford's base32: no letter looks like a digit, and those that do are read as it.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("OIL", "011")
_GROUPS, _GROUP_LETTERS = 3, 4


@dataclass(frozen=True, slots=True)
class Totp:
    """The authenticator app of an account.

    Attributes:
        secret: What app and server share, in base32.
        last_step: The last time step whose code was accepted, -1 if none was.
    """

    secret: str = field(repr=False)
    last_step: int = -1


@dataclass(frozen=True, slots=True)
class SealedTotp:
    """The authenticator app of an account, at rest.

    Attributes:
        secret: As it is sealed.
        last_step: The last time step whose code was accepted, -1 if none was.
    """

    secret: str = field(repr=False)
    last_step: int = -1


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """Which second factors an account has.

    Attributes:
        totp: Whether there is an authenticator app.
        recovery_codes: How many recovery codes are left.
        passkeys: How many passkeys there are.
    """

    totp: bool
    recovery_codes: int
    passkeys: int

    @property
    def methods(self) -> str:
        """What a login can be completed with, as clients read it."""
        named = {
            "TOTP": self.totp,
            "RECOVERY_CODE": self.recovery_codes,
            "PASSKEY": self.passkeys,
        }
        return ", ".join(name for name, is_there in named.items() if is_there)


def new_secret(ids: Ids) -> str:
    """Returns a secret of 160 random bits, in base32."""
    return base64.b32encode(ids.random_bytes(_SECRET_BYTES)).decode()


def uri_of(secret: str, email: str) -> str:
    """Returns what an authenticator app reads from a QR code: an `otpauth` URI."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def is_code(text: str) -> bool:
    """Tells whether a text is written as an authenticator app shows a code."""
    return _CODE.fullmatch(_compact(text)) is not None


def step_of(totp: Totp, code: str, now: datetime) -> int | None:
    """Returns the time step that a code is of, None if it is wrong or was accepted before.

    One step before and one after the present one are good too. A step is accepted once only, and
    none before it after that (RFC 6238, 5.2).
    """
    otp, current = TOTP(totp.secret), int(now.timestamp() // STEP.total_seconds())
    shown = _compact(code).encode()
    for step in range(current - _STEPS_AROUND, current + _STEPS_AROUND + 1):
        if step > totp.last_step and hmac.compare_digest(otp.generate_otp(step).encode(), shown):
            return step
    return None


class RecoveryCodes:
    """Codes for who has lost the authenticator app: 60 random bits each, kept as keyed hashes."""

    def __init__(self, keyed: KeyedHash, ids: Ids) -> None:
        self._keyed = keyed
        self._ids = ids

    def new(self) -> Sequence[str]:
        """Returns ten codes as a person reads them: `7KQ2-M0XW-9F4T`."""
        return [self._new_code() for _ in range(RECOVERY_CODES)]

    def hash_of(self, account_id: UUID, code: str) -> str:
        """Returns what a new code of an account is kept as."""
        return self._keyed.of(_hashed_text(account_id, code))

    def hashes_of(self, account_id: UUID, code: str) -> Sequence[str]:
        """Returns what a code that is shown may be kept as: one hash for each key."""
        text = _hashed_text(account_id, code)
        return [
            f"{key_id}${self._keyed.digest(key_id, text).hex()}" for key_id in self._keyed.key_ids
        ]

    def _new_code(self) -> str:
        letters = [
            _LETTERS[byte % len(_LETTERS)]
            for byte in self._ids.random_bytes(_GROUPS * _GROUP_LETTERS)
        ]
        groups = range(0, len(letters), _GROUP_LETTERS)
        return "-".join("".join(letters[at : at + _GROUP_LETTERS]) for at in groups)


def _hashed_text(account_id: UUID, code: str) -> str:
    # With the account in it, the same code of two accounts does not look the same.
    return f"{account_id} {_compact(code).upper().translate(_LOOK_ALIKES)}"


def _compact(text: str) -> str:
    """Returns a code without what people put between its groups."""
    return re.sub(r"[\s-]+", "", text)
