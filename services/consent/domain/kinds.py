"""What is written to people: of which class a message is, and how it goes.

The class decides whether a customer must have agreed, so it stands here and is never a caller's to
say (markedsføringsloven § 15 asks for consent to marketing; a message about a customer's own
reservation is none).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.consent.domain.channels import Channel


class Class(StrEnum):
    """Whether a message needs permission."""

    TRANSACTIONAL = "TRANSACTIONAL"
    """About what the customer has asked for: always goes."""
    MARKETING = "MARKETING"
    """Only goes with permission at the moment of sending."""
    STAFF = "STAFF"
    """To those who run the events."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message.

    Attributes:
        name: What it is called.
        of: Its class.
        channels: How it goes. What is transactional goes every way that the customer can be
            reached; marketing goes the first way that is allowed, so that nobody gets it twice.
        is_urgent: Whether it goes at night, too; the night pauses the clock of offers.
        purpose: What the customer must have agreed to, empty if nothing.
        written_as: The letter that it is, empty for the one of its own name.
    """

    name: str
    of: Class
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    is_urgent: bool = True
    purpose: str = ""
    written_as: str = ""

    @property
    def letter(self) -> str:
        """The letter that it is."""
        return self.written_as or self.name


_EVERYWHERE: Final = (Channel.EMAIL, Channel.PUSH, Channel.SMS)

KRAFTKLUBBEN: Final = "kraftklubben"
"""The purpose of news about Kraftklubben and its events."""

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("reservation-confirmed", Class.TRANSACTIONAL),
        Kind("tickets-released", Class.TRANSACTIONAL),
        Kind("offer-made", Class.TRANSACTIONAL, _EVERYWHERE, is_urgent=False),
        Kind("offer-expiring", Class.TRANSACTIONAL, _EVERYWHERE, is_urgent=False),
        Kind("offer-expired", Class.TRANSACTIONAL, is_urgent=False),
        Kind("event-moved", Class.TRANSACTIONAL, _EVERYWHERE),
        Kind("event-cancelled", Class.TRANSACTIONAL, _EVERYWHERE),
        Kind("waitlist-closed", Class.TRANSACTIONAL, is_urgent=False),
        Kind("still-coming", Class.TRANSACTIONAL, _EVERYWHERE, is_urgent=False),
        Kind("guest-list", Class.STAFF),
        Kind("reservation-digest", Class.STAFF, is_urgent=False),
        Kind("news-test", Class.STAFF, written_as="news"),
        Kind(
            "event-published",
            Class.MARKETING,
            _EVERYWHERE,
            is_urgent=False,
            purpose=KRAFTKLUBBEN,
        ),
        Kind("news", Class.MARKETING, _EVERYWHERE, is_urgent=False, purpose=KRAFTKLUBBEN),
    )
}
