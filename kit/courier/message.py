"""A message to one person, and what carries it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from kit.database import Transaction


class Channel(Enum):
    """How a message reaches a person."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


# One address and nothing else: no comma that makes two of it, no line break that makes a header.
_ADDRESS_PART = r"[^\s\x00-\x20\x7f@<>()\[\]\\,;:\"]+"
_RECIPIENTS = {
    Channel.EMAIL: re.compile(f"{_ADDRESS_PART}@{_ADDRESS_PART}"),
    Channel.SMS: re.compile(r"\+[1-9][0-9]{6,14}"),
    Channel.PUSH: re.compile(r"[!-~]+"),
}
_PURPOSE = re.compile(r"[a-z]+(-[a-z]+)*")
# Stored in the clear: neither a mail address nor a number as in E.164 fits into it.
_PERMIT = re.compile(r"[A-Za-z0-9:/._-]{0,200}")
_HEADER_NAME = re.compile(r"[A-Za-z]+(-[A-Za-z]+)*")
_OUR_HEADERS = frozenset({"from", "to", "subject", "date", "message-id"})
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail.

    Attributes:
        name: What the file is called.
        media_type: What it is, such as `application/pdf`.
        content: Its bytes.
    """

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuses what would break out of a header.

        Raises:
            ValueError: If name or media type are malformed.
        """
        _require(not _CONTROLS.search(self.name), "the name of an attachment")
        _require(_MEDIA_TYPE.fullmatch(self.media_type), "the media type of an attachment")


@dataclass(frozen=True)
class Message:
    """A message; how it prints tells nobody whom it is for or what it says.

    Attributes:
        channel: How it is sent.
        recipient: A mail address, a number as in E.164 (`+4790000000`), or an account's id.
        purpose: A word for logs and metrics, such as `verification-code`.
        text: What it says.
        subject: The subject of a mail; mails alone have the rest, too.
        html: The same as `text`, for whoever wants it prettier.
        headers: Further headers, such as `List-Unsubscribe`.
        attachments: Files that go with it.
        not_after: From when on it is worthless, such as a code that has expired; a message is
            tried for a day at most.
        permit: Names what must hold in the moment in which it is sent, such as a consent; what it
            means only `Permits` knows. Empty if it is sent in any case.
    """

    channel: Channel
    recipient: str = field(repr=False)
    purpose: str
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    attachments: Sequence[Attachment] = field(default=(), repr=False)
    not_after: datetime | None = None
    permit: str = ""

    def __post_init__(self) -> None:
        """Refuses what no transport could send, or what would break out of a header.

        Raises:
            ValueError: If a part is malformed, or not a part of messages of this channel.
        """
        _require(_RECIPIENTS[self.channel].fullmatch(self.recipient), "the recipient")
        _require(_PURPOSE.fullmatch(self.purpose), "the purpose")
        _require(_PERMIT.fullmatch(self.permit), "the permit")
        _require(not _CONTROLS.search(self.subject), "the subject")
        for name, value in self.headers.items():
            _require(_HEADER_NAME.fullmatch(name), "the name of a header")
            _require(name.lower() not in _OUR_HEADERS, "a header that is not the caller's to set")
            _require(not _CONTROLS.search(value), "a header")
        of_mail_only = self.subject or self.html or self.headers or self.attachments
        if self.channel is Channel.EMAIL:
            _require(self.subject, "an empty subject")
        else:
            _require(not of_mail_only, "what only mail has, in a message of another channel,")


class Refused(Exception):  # noqa: N818 - says what happened
    """The other side will never take this message; the text says why and holds nothing private.

    Attributes:
        address_is_dead: Whether it will never take any message for this recipient.
    """

    def __init__(self, reason: str, *, address_is_dead: bool = False) -> None:
        super().__init__(reason)
        self.address_is_dead = address_is_dead


class Unreachable(Exception):  # noqa: N818 - says what happened
    """Nobody took the message now; the text says why and holds nothing private."""


class Transport(Protocol):
    """Carries messages of a channel."""

    async def send(self, message: Message, message_id: UUID, /) -> None:
        """Hands a message over.

        Args:
            message: The message.
            message_id: The same whenever the same message is sent, so that the other side can tell.

        Raises:
            Refused: If trying again is in vain.
            Unreachable: If trying again may help.
        """
        ...


class CheckedTransport(Transport, Protocol):
    """A transport that can say whether it would work."""

    async def check(self) -> None:
        """Makes sure that messages can be handed over, without handing one over.

        Raises:
            Unreachable: If they cannot.
        """
        ...


class Permits(Protocol):
    """Knows what permits mean."""

    async def holds(self, transaction: Transaction, message: Message, /) -> bool:
        """Returns whether a message may be sent, until the transaction ends.

        It locks (FOR NO KEY UPDATE) a row that is changed with whatever the answer rests on, and
        that is there whatever the answer is. Such a change then waits for the messages that asked
        before it, each for `delivery.PERMITTED_SECONDS` at most, and comes before all others.
        """
        ...


def _require(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} is malformed")
