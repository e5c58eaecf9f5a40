"""Links that end what a message was sent for: they work for ever, and need nothing to be kept."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kit import errors
from services.consent.domain.channels import Channel


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link ends.

    Attributes:
        customer_id: Whose consent.
        purpose: To what.
        channel: By which channel.
    """

    customer_id: UUID
    purpose: str
    channel: Channel


class UnsubscribeTokens(Protocol):
    """Makes and reads the secret part of such links."""

    def of(self, subscription: Subscription) -> str:
        """Returns the token that ends a subscription."""
        ...

    def read(self, token: str) -> Subscription | None:
        """Returns what a token ends, None if it was not made here."""
        ...


class LinkUnknown(errors.NotFound):
    """The link was not made here, or is about nobody who is known here: both look the same."""

    reason = "UNSUBSCRIBE_LINK_UNKNOWN"
