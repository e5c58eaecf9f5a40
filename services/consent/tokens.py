"""The tokens of links in letters: what they are about and a MAC (RFC 2104), and nothing is kept."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kit.keyed_hash import KeyedHash, SecretKey
from services.consent.domain.channels import Channel
from services.consent.domain.releases import ReleaseLink
from services.consent.domain.unsubscribing import Subscription

_MAC_BYTES: Final = 16
_ID_BYTES: Final = 16
_MOMENT_BYTES: Final = 8
_LONGEST: Final = 300
# Part of every link that was ever sent: numbers are added, never changed.
_CHANNELS: Final = {
    Channel.EMAIL: 1,
    Channel.SMS: 2,
    Channel.PHONE: 3,
    Channel.PUSH: 4,
    Channel.POST: 5,
}
_BY_NUMBER: Final = {number: channel for channel, number in _CHANNELS.items()}


class KeyedUnsubscribeTokens:
    """`UnsubscribeTokens` with a MAC of 128 bits under a secret key.

    A token is the customer's id, the number of the channel, the MAC and the purpose, in base64 for
    URLs without padding.
    """

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        """Takes the keys: the first one makes tokens, those that any of them has made are good."""
        self._hash = KeyedHash(keys, "unsubscribe")

    def of(self, subscription: Subscription) -> str:
        """Returns the token that ends a subscription."""
        mac = self._mac(self._hash.current_key, subscription)
        head = subscription.customer_id.bytes + bytes([_CHANNELS[subscription.channel]])
        return _encoded(head + mac + subscription.purpose.encode())

    def read(self, token: str) -> Subscription | None:
        """Returns what a token ends, None if it was not made here."""
        content = _decoded(token)
        channel = _BY_NUMBER.get(content[_ID_BYTES]) if len(content) > _ID_BYTES else None
        start = _ID_BYTES + 1 + _MAC_BYTES
        if channel is None or len(content) <= start:
            return None
        purpose = content[start:].decode(errors="replace")
        subscription = Subscription(UUID(bytes=content[:_ID_BYTES]), purpose, channel)
        mac = content[_ID_BYTES + 1 : start]
        ours = (self._mac(key, subscription) for key in self._hash.key_ids)
        return subscription if _is_one_of(mac, ours) else None

    def _mac(self, key_id: str, subscription: Subscription) -> bytes:
        text = f"{subscription.customer_id}/{subscription.channel}/{subscription.purpose}"
        return self._hash.digest(key_id, text)[:_MAC_BYTES]


class KeyedReleaseTokens:
    """`ReleaseTokens` with a MAC of 128 bits under a secret key.

    A token is the ids of reservation and customer, the second at which it ends, and the MAC, in
    base64 for URLs without padding.
    """

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        """Takes the keys: the first one makes tokens, those that any of them has made are good."""
        self._hash = KeyedHash(keys, "release")

    def of(self, link: ReleaseLink) -> str:
        """Returns the token of a link."""
        seconds = int(link.expires_at.timestamp()).to_bytes(_MOMENT_BYTES)
        about = link.reservation_id.bytes + link.customer_id.bytes + seconds
        return _encoded(about + self._mac(self._hash.current_key, about))

    def read(self, token: str) -> ReleaseLink | None:
        """Returns what a token is about, None if it was not made here."""
        content = _decoded(token)
        about, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        ours = (self._mac(key, about) for key in self._hash.key_ids)
        if not _is_one_of(mac, ours):
            return None
        return ReleaseLink(
            reservation_id=UUID(bytes=about[:_ID_BYTES]),
            customer_id=UUID(bytes=about[_ID_BYTES : 2 * _ID_BYTES]),
            expires_at=datetime.fromtimestamp(int.from_bytes(about[2 * _ID_BYTES :]), UTC),
        )

    def _mac(self, key_id: str, about: bytes) -> bytes:
        return self._hash.digest(key_id, about.hex())[:_MAC_BYTES]


def _is_one_of(mac: bytes, ours: Iterable[bytes]) -> bool:
    """Tells whether a MAC is one of ours, in a time that does not depend on which."""
    matches = [hmac.compare_digest(mac, each) for each in ours]
    return any(matches)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(token: str) -> bytes:
    """Returns the bytes of a token, none if it is not the one way to write them."""
    if len(token) > _LONGEST or not token.isascii():
        return b""
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return b""
    return content if _encoded(content) == token else b""
