"""Hashes of addresses: see `kit.keyed_hash`."""

from collections.abc import Sequence

from kit.keyed_hash import KeyedHash, SecretKey
from services.consent.domain.contacts import Address


class KeyedAddressHashes:
    """`AddressHashes` under secret keys."""

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        """Takes the keys, the current one first."""
        self._hash = KeyedHash(keys, "address")

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys that there are, the current one first."""
        return self._hash.key_ids

    def of(self, address: Address) -> Sequence[str]:
        """Returns the hashes of an address under every key, under the current one first."""
        text = f"{address.medium}:{address.value}"
        return [f"{key}${self._hash.digest(key, text).hex()}" for key in self._hash.key_ids]
