"""Addresses that nothing is sent to, whoever has them and whatever they have agreed to.

A suppression is about an address and not about a customer: it outlives the customer's erasure, and
holds when the same address comes back with another one. It is known by hashes, under every key that
there is when it is made. An address that is learned later is hashed under the current key; what was
suppressed under older keys is then found under each of them, and hashed anew. So that both meet
while several processes run, a new key is first put behind the old ones everywhere, and moved to the
front after that.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit import errors
from services.consent.domain.contacts import Address, Medium

MOST_ADDRESSES: Final = 1000
"""How many are suppressed at once."""
LONGEST_NOTE: Final = 200
LONGEST_WHY: Final = 500


class Reason(StrEnum):
    """Why nothing is sent to an address. Each of them ends marketing by its medium."""

    HARD_BOUNCE = "HARD_BOUNCE"
    """Nothing ever arrives there: neither marketing nor anything else is sent."""
    COMPLAINT = "COMPLAINT"
    """Its owner has called a message spam."""
    RESERVATION_REGISTER = "RESERVATION_REGISTER"
    """Its owner has reserved it against marketing in Reservasjonsregisteret (markedsføringsloven
    § 12): phone numbers only."""
    MANUAL = "MANUAL"
    """Somebody has asked for it."""


DEADLY: Final = frozenset({Reason.HARD_BOUNCE})
"""What also ends messages that need no permission."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """That nothing is sent to an address.

    Attributes:
        id: A UUID of version 7.
        medium: What kind of address it is.
        reason: Why.
        since: Since when.
        note: A word about where it comes from, without personal data.
    """

    id: UUID
    medium: Medium
    reason: Reason
    since: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Removal:
    """That an address is written to again, for ever.

    Attributes:
        id: A UUID of version 7.
        at: When it was decided.
        staff_account_id: Who did.
        medium: What kind of address it is.
        reason: What no longer counts.
        address_hash: The hash of the address.
        why: Why, in the words of the member of staff.
    """

    id: UUID
    at: datetime
    staff_account_id: UUID
    medium: Medium
    reason: Reason
    address_hash: str
    why: str


class NotSuppressed(errors.NotFound):
    """Nothing keeps us from writing to the address."""

    reason = "NOT_SUPPRESSED"


def fits(address: Address, reason: Reason) -> bool:
    """Tells whether an address can be suppressed for a reason."""
    return reason is not Reason.RESERVATION_REGISTER or address.medium is Medium.MOBILE
