"""What the secrets of people are checked with."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.clock import Clock
from services.identity.domain.customers import Pins
from services.identity.domain.passwords import PasswordRules
from services.identity.domain.problems import TooManyTries
from services.identity.domain.store import PasswordHashes, Stores
from services.identity.domain.throttles import Throttles, Try


@dataclass(frozen=True, slots=True)
class Gate:
    """What the secrets of people are checked with.

    Attributes:
        stores: Opens transactions.
        throttles: How often something may be tried.
        rules: Which passwords are taken.
        hashes: Passwords at rest.
        pins: PINs at rest.
        clock: Tells the time.
    """

    stores: Stores
    throttles: Throttles
    rules: PasswordRules
    hashes: PasswordHashes
    pins: Pins
    clock: Clock

    async def count(self, tries: Sequence[Try]) -> None:
        """Counts tries in a transaction of their own, before anything is checked.

        Raises:
            TooManyTries: If there have been too many.
        """
        async with self.stores() as store:
            wait = await store.count_tries(tries, self.clock.now())
        # Raised after the commit: what was counted stays, although the call is refused.
        if wait is not None:
            raise TooManyTries(wait)
