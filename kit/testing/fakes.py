"""A clock and identifiers that do as a test says."""

import base64
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime = MOMENT) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Returns the moment it was set to."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Moves on by some time."""
        self.moment += by


class FixedIds:
    """Identifiers and secrets that are the same in every run with the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be foreseeable is the point
        self._count = 0

    def new_id(self) -> UUID:
        """Returns the next UUID of version 7; later ones are larger."""
        self._count += 1
        return UUID(int=self._count << 80 | 7 << 76 | 2 << 62 | self._random.getrandbits(62))

    def token(self) -> str:
        """Returns 43 characters of URL-safe base64."""
        return base64.urlsafe_b64encode(self._random.randbytes(32)).decode().rstrip("=")

    def digits(self, length: int) -> str:
        """Returns that many digits."""
        return f"{self._random.randrange(10**length):0{length}d}"

    def random_bytes(self, length: int) -> bytes:
        """Returns that many bytes."""
        return self._random.randbytes(length)
