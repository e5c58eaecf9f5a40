"""How often something may be tried.

A throttle allows so many tries within any stretch of time, counted before it is known how a try
turns out; one that turns out right is given back. Tries are counted for a subject, such as an
account or a network, which is kept as a keyed hash.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kit.keyed_hash import KeyedHash


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many tries within any stretch of time.

    Attributes:
        name: What is tried, and whose tries are counted.
        most: How many, at most 100.
        within: The stretch of time.
    """

    name: str
    most: int
    within: timedelta


LOGIN_BY_ACCOUNT: Final = Throttle("login-account", 10, timedelta(hours=1))
"""Logins to an account from devices that it does not know."""
LOGIN_BY_DEVICE: Final = Throttle("login-device", 10, timedelta(minutes=10))
"""Logins from a device that the account knows; nobody else can use these up."""
LOGIN_BY_NETWORK: Final = Throttle("login-network", 100, timedelta(minutes=10))
"""Logins to any account, from devices that it does not know."""
PASSWORD_BY_ACCOUNT: Final = Throttle("password-account", 10, timedelta(hours=1))
"""Tries at the current password by somebody who is logged in."""
PIN_BY_NETWORK: Final = Throttle("pin-network", 20, timedelta(minutes=30))
"""Tries at PINs of any customers."""
PIN_BY_VALUE: Final = Throttle("pin-value", 20, timedelta(hours=1))
"""Tries of one PIN on any customers, wherever they come from: nobody has that many."""
CODE_SENT_TO_CONTACT: Final = Throttle("code-contact", 5, timedelta(hours=1))
"""Codes for one e-mail address or mobile number."""
CODE_SENT_BY_NETWORK: Final = Throttle("code-network", 30, timedelta(hours=1))
"""Codes for anybody."""
CODE_TRIED: Final = Throttle("code-tries", 10, timedelta(days=1))
"""Tries at the codes of one subject."""
PROVIDER_BY_NETWORK: Final = Throttle("provider-network", 100, timedelta(minutes=1))
"""Logins with a provider that are begun, by anybody."""

SECOND_FACTOR_BY_ACCOUNT: Final = Throttle("second-factor-account", 5, timedelta(minutes=15))
"""Codes shown beside the right password; three of a million are right at any moment."""
SECOND_FACTOR_BY_DAY: Final = Throttle("second-factor-day", 20, timedelta(days=1))
"""The same, for somebody with patience: after a year of it, one chance in fifty."""
SECOND_FACTOR_TOLD: Final = Throttle("second-factor-told", 1, timedelta(days=1))
"""Letters about that."""
PASSKEY_BY_NETWORK: Final = Throttle("passkey-network", 100, timedelta(minutes=1))
"""Challenges for passkeys: each view of the login asks for one, so that the browser can offer a
passkey, and a carrier's network has many customers. Nobody guesses anything by asking; what this
bounds is how many rows wait for an answer."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is counted.

    Attributes:
        throttle: What it is counted by.
        key: Whose it is, as a keyed hash of 32 bytes.
    """

    throttle: Throttle
    key: bytes


class Throttles:
    """Names subjects without telling who they are."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._keyed = keyed

    def attempt(self, throttle: Throttle, subject: str) -> Try:
        """Returns a try by a subject, not counted yet.

        A renewed key starts the counts anew, which happens as seldom as keys are renewed.
        """
        named = f"{throttle.name}:{subject}"
        return Try(throttle, self._keyed.digest(self._keyed.current_key, named))
