"""The only source of identifiers and randomness, so that a test can hold it still."""

import secrets
from typing import Protocol
from uuid import UUID

import uuid_utils.compat


class Ids(Protocol):
    """Makes identifiers and secrets."""

    def new_id(self) -> UUID:
        """Returns a UUID of version 7 (RFC 9562): unique, and ordered by time."""
        ...

    def token(self) -> str:
        """Returns 256 random bits as 43 characters of URL-safe base64."""
        ...

    def digits(self, length: int) -> str:
        """Returns that many random decimal digits."""
        ...

    def random_bytes(self, length: int) -> bytes:
        """Returns that many random bytes."""
        ...


class SystemIds:
    """Identifiers and secrets from the operating system's randomness."""

    def new_id(self) -> UUID:
        """Returns a UUID of version 7 (RFC 9562): unique, and ordered by time."""
        return uuid_utils.compat.uuid7()

    def token(self) -> str:
        """Returns 256 random bits as 43 characters of URL-safe base64."""
        return secrets.token_urlsafe(32)

    def digits(self, length: int) -> str:
        """Returns that many random decimal digits."""
        return f"{secrets.randbelow(10**length):0{length}d}"

    def random_bytes(self, length: int) -> bytes:
        """Returns that many random bytes."""
        return secrets.token_bytes(length)
