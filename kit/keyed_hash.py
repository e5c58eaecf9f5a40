"""Hashes under a secret key that stands outside the database, so that a copy of it gives nothing.

HMAC-SHA256 (RFC 2104). A hash names its key, `2026-01$9f86d0…`, so that keys can be renewed: new
hashes are made with the first key, old ones are checked with the key they name.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import OctKey

from kit.jwt import KeyFile

SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of 256 bits or more.

    Attributes:
        id: Its name in the hashes; no `$`.
        value: Its bytes, never shown.
    """

    id: str
    value: bytes

    def __post_init__(self) -> None:
        if not self.id or "$" in self.id:
            raise ValueError("a secret key needs an id without $")
        if len(self.value) < SHORTEST_KEY:
            raise ValueError(f"the secret key {self.id} is shorter than {SHORTEST_KEY} bytes")

    def __repr__(self) -> str:
        return f"SecretKey({self.id!r})"


class KeyedHash:
    """Hashes for one purpose; the same text hashes to something else for another purpose."""

    def __init__(self, keys: Sequence[SecretKey], purpose: str) -> None:
        """Takes the keys, the current one first.

        Raises:
            ValueError: If there is none, or two have the same id.
        """
        self._keys = {key.id: hmac.digest(key.value, purpose.encode(), "sha256") for key in keys}
        if not keys or len(self._keys) != len(keys):
            raise ValueError("secret keys are needed, each with its own id")
        self._current = keys[0].id

    @property
    def current_key(self) -> str:
        """The id of the key that new hashes are made with."""
        return self._current

    @property
    def key_ids(self) -> Sequence[str]:
        """The ids of all keys, the current one first."""
        return tuple(self._keys)

    def digest(self, key_id: str, text: str) -> bytes:
        """Returns the 32 bytes of a text under one of the keys.

        Raises:
            KeyError: If there is no such key.
        """
        return hmac.digest(self._keys[key_id], text.encode(), "sha256")

    def of(self, text: str) -> str:
        """Returns the hash of a text under the current key, with the key's name."""
        return f"{self._current}${self.digest(self._current, text).hex()}"

    def matches(self, stored: str, text: str) -> bool:
        """Tells whether a stored hash is of this text, in a time that does not depend on it.

        Raises:
            KeyError: If the key that the hash names is missing from the settings.
        """
        key_id, _, digest = stored.partition("$")
        return hmac.compare_digest(self.digest(key_id, text).hex(), digest)


def secret_keys(path: Path) -> Sequence[SecretKey]:
    """Returns the keys of a file, the current one first.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it holds anything but `oct` keys of 256 bits or more, each with a `kid`.
    """
    keys = KeyFile(path).keys().keys
    if not all(isinstance(key, OctKey) for key in keys):
        raise ValueError(f"{path} must hold keys of type oct")
    return [SecretKey(key.kid or "", key.raw_value) for key in keys if isinstance(key, OctKey)]
