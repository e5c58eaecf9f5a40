"""How customers are reached: told apart by hashes, without knowing an address."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_SEPARATORS = re.compile(r"[\s.()-]+")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_WITHOUT_COUNTRY = re.compile(r"[2-9][0-9]{7}")


class Medium(StrEnum):
    """What kind of address it is."""

    EMAIL = "EMAIL"
    MOBILE = "MOBILE"
    """A phone number. SMS and calls go to it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address or a phone number, which is kept nowhere and shown nowhere.

    Attributes:
        medium: What kind it is.
        value: What all ways of writing it have in common.
    """

    medium: Medium
    value: str = field(repr=False)


def email_address(text: str) -> Address:
    """Returns an e-mail address, however it is written.

    Case is left out, although RFC 5321 lets it count in the local part.
    """
    folded = unicodedata.normalize("NFKC", text.strip()).casefold()
    return Address(Medium.EMAIL, unicodedata.normalize("NFKC", folded))


def phone_number(text: str) -> Address:
    """Returns a phone number in E.164; eight digits without a country are Norwegian."""
    compact = _SEPARATORS.sub("", text)
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    elif _WITHOUT_COUNTRY.fullmatch(compact):
        compact = "+47" + compact
    return Address(Medium.MOBILE, compact)


def address_of(text: str) -> Address | None:
    """Returns the address that somebody has written, None if it is none."""
    if "@" in text:
        address = email_address(text)
        fits = len(address.value.encode()) <= _LONGEST_EMAIL and _EMAIL.fullmatch(address.value)
    else:
        address = phone_number(text)
        fits = _NUMBER.fullmatch(address.value)
    return address if fits else None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a customer is reached, as identity says it.

    Attributes:
        account_id: The account, which notifications of the app go to; None if there is none.
        language: `nn`, `nb` or `en`.
        email: The e-mail address, None if there is none.
        is_email_confirmed: Whether its owner has confirmed it.
        mobile: The mobile number, None if there is none.
        is_mobile_confirmed: Whether its owner has confirmed it.
    """

    account_id: UUID | None = None
    language: str = ""
    email: Address | None = None
    is_email_confirmed: bool = False
    mobile: Address | None = None
    is_mobile_confirmed: bool = False


UNKNOWN = Contact()
"""Of whom identity knows nothing, as of one who was erased meanwhile."""


@dataclass(frozen=True, slots=True)
class KnownContact:
    """How a customer is reached, as it is kept here.

    Attributes:
        account_id: The account, None if there is none.
        language: `nn`, `nb` or `en`; empty if unknown.
        email_hash: The hash of the e-mail address, None if there is none.
        is_email_confirmed: Whether its owner has confirmed it.
        mobile_hash: The hash of the mobile number, None if there is none.
        is_mobile_confirmed: Whether its owner has confirmed it.
    """

    account_id: UUID | None
    language: str
    email_hash: str | None
    is_email_confirmed: bool
    mobile_hash: str | None
    is_mobile_confirmed: bool


class AddressHashes(Protocol):
    """Hashes of addresses under secret keys, each of which names its key: `2026-01$9f86d0…`."""

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys that there are, the current one first."""
        ...

    def of(self, address: Address) -> Sequence[str]:
        """Returns the hashes of an address under every key, under the current one first."""
        ...


class Contacts(Protocol):
    """Knows how customers are reached."""

    async def contacts(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Contact]:
        """Returns how those are reached that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        ...


def known(contact: Contact, hashes: AddressHashes) -> KnownContact:
    """Returns what is kept of a contact."""
    return KnownContact(
        account_id=contact.account_id,
        language=contact.language,
        email_hash=contact.email and hashes.of(contact.email)[0],
        is_email_confirmed=contact.is_email_confirmed,
        mobile_hash=contact.mobile and hashes.of(contact.mobile)[0],
        is_mobile_confirmed=contact.is_mobile_confirmed,
    )
