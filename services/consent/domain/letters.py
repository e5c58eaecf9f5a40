"""What is handed to the courier: a letter to one person by one channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.consent.domain.channels import Channel
from services.consent.domain.notifications import Notification


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Permit:
    """What must hold when a letter goes: a consent, and a mailing that was not stopped.

    Attributes:
        mailing_id: The mailing, None if it belongs to none.
        purpose: What the customer must have agreed to.
        channel: How it goes.
        customer_id: The customer.
    """

    mailing_id: UUID | None
    purpose: str
    channel: Channel
    customer_id: UUID

    @property
    def key(self) -> str:
        """How the courier names it; all of a mailing begin alike."""
        return f"{self.mailing_id or '-'}/{self.purpose}/{self.channel}/{self.customer_id}"

    @staticmethod
    def read(key: str) -> "Permit":
        """Returns the permit of a key.

        Raises:
            ValueError: If it is none.
        """
        mailing_id, purpose, channel, customer_id = key.split("/")
        return Permit(
            None if mailing_id == "-" else UUID(mailing_id),
            purpose,
            Channel(channel),
            UUID(customer_id),
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person.

    Attributes:
        kind: What it is.
        channel: How it goes: by mail, SMS or push.
        to: The address, the number, or the account.
        text: What it says.
        subject: Of a mail; mails alone have the rest, too.
        html: The same as `text`, prettier.
        unsubscribe_url: Where a mail program takes leave by itself (RFC 8058), empty if it cannot.
        files: What goes with it.
        not_after: From when on it is worthless, None for never.
        permit: What must hold when it goes, None if it goes in any case.
    """

    kind: str
    channel: Channel
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    unsubscribe_url: str = field(default="", repr=False)
    files: Sequence[File] = ()
    not_after: datetime | None = None
    permit: Permit | None = None


class Words(Protocol):
    """A letter in words, before it has an address."""

    @property
    def subject(self) -> str:
        """One line."""
        ...

    @property
    def text(self) -> str:
        """The mail as text."""
        ...

    @property
    def html(self) -> str:
        """The same as HTML."""
        ...

    @property
    def short(self) -> str:
        """What an SMS or push says; empty if it does not go that way."""
        ...


class Write(Protocol):
    """Finds the words of a kind of letter."""

    def __call__(self, kind: str, language: str, facts: Mapping[str, Any], /) -> Words:
        """Returns the words of a letter.

        Raises:
            KeyError: If there is no such letter or language, or a fact is missing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter says beside what was taken down, and what goes with it."""

    facts: Mapping[str, Any]
    files: Sequence[File] = ()


class Details(Protocol):
    """Looks up what letters say beside what was taken down."""

    async def of(self, notification: Notification, language: str, /) -> Told | None:
        """Returns what a letter says, None if there is nothing to tell any longer.

        Raises:
            Unavailable: If another service is out of reach; it is asked again.
        """
        ...
