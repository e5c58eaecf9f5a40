"""What waits to be sent, sealed: a copy of the database gives nobody a code or an address."""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kit.courier.message import Attachment, Channel, Message, Refused

_SHORTEST_KEY = 32


class Seal:
    """Seals messages under a secret key that stands outside the database."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Takes the keys, the current one first; the others still open what they have sealed.

        Raises:
            ValueError: If there is none, or one is shorter than 256 bits.
        """
        if not keys or any(len(key) < _SHORTEST_KEY for key in keys):
            raise ValueError(f"the courier needs keys of {_SHORTEST_KEY} bytes or more")
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derived(key, "content"))) for key in keys]
        )
        self._recipients = _derived(keys[0], "recipient")

    def recipient_hash(self, message: Message) -> bytes:
        """Returns 32 bytes that stand for a recipient, however an address is capitalised."""
        named = f"{message.channel.value} {message.recipient.casefold()}"
        return hmac.digest(self._recipients, named.encode(), "sha256")

    def close(self, message: Message) -> bytes:
        """Returns a message, sealed."""
        content = {
            "recipient": message.recipient,
            "text": message.text,
            "subject": message.subject,
            "html": message.html,
            "headers": dict(message.headers),
            "attachments": [
                [each.name, each.media_type, base64.b64encode(each.content).decode()]
                for each in message.attachments
            ],
        }
        return self._fernet.encrypt(orjson.dumps(content))

    def open(
        self,
        content: bytes,
        channel: Channel,
        purpose: str,
        not_after: datetime,
        permit: str = "",
    ) -> Message:
        """Returns a message that was sealed.

        Raises:
            Refused: If none of the keys has sealed it.
        """
        try:
            parts: dict[str, Any] = orjson.loads(self._fernet.decrypt(content))
        except InvalidToken:
            raise Refused("sealed under another key") from None
        parts["attachments"] = [
            Attachment(name, media_type, base64.b64decode(encoded))
            for name, media_type, encoded in parts["attachments"]
        ]
        return Message(
            channel=channel, purpose=purpose, not_after=not_after, permit=permit, **parts
        )


def _derived(key: bytes, use: str) -> bytes:
    return hmac.digest(key, f"kundeapp courier {use}".encode(), "sha256")
