"""Secrets that have to be read again: sealed under a key that stands outside the database."""

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet

from kit.keyed_hash import SecretKey


class Seal:
    """Seals texts for one purpose.

    What is sealed names its key, `2026-01$gAAAAB…`, as a keyed hash does.
    """

    def __init__(self, keys: Sequence[SecretKey], purpose: str) -> None:
        """Takes the keys, the current one first; the others open what they have sealed.

        Raises:
            ValueError: If there is none.
        """
        if not keys:
            raise ValueError("secret keys are needed")
        self._current = keys[0].id
        self._fernets = {
            key.id: Fernet(
                base64.urlsafe_b64encode(hmac.digest(key.value, purpose.encode(), "sha256"))
            )
            for key in keys
        }

    def close(self, text: str) -> str:
        """Returns a text, sealed under the current key."""
        token = self._fernets[self._current].encrypt(text.encode())
        return f"{self._current}${token.decode()}"

    def open(self, sealed: str) -> str:
        """Returns a text that was sealed.

        Raises:
            KeyError: If the key that it names is missing from the settings.
            InvalidToken: If it was changed since.
        """
        key_id, _, token = sealed.partition("$")
        return self._fernets[key_id].decrypt(token).decode()
