"""Mailings: news to all who have agreed to them, once each.

DRAFT -> SCHEDULED -> SENDING -> SENT | STOPPED, and from SCHEDULED back to DRAFT. While one is
SENDING, its audience is gone through in the order of customers' ids, a batch at a time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kit import errors
from kit.errors import FieldError, Invalid
from services.consent.domain.channels import Channel
from services.consent.domain.kinds import KINDS, Kind
from services.consent.domain.permission import Permission
from services.consent.domain.quiet import QuietHours

NEWS: Final = "news"
"""The kind of what staff write."""
TEST: Final = "news-test"
"""The kind of what they send to themselves first."""

LANGUAGES: Final = ("nn", "nb", "en")
LONGEST_SUBJECT: Final = 150
LONGEST_BODY: Final = 20_000

BATCH: Final = 500
"""How many customers are gone through at once."""
MOST_WAITING: Final = 2000
"""How many letters of a mailing may wait before more are written, so that nothing else waits long
behind a mailing."""


class MailingState(StrEnum):
    """Where a mailing is."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    SENDING = "SENDING"
    SENT = "SENT"
    """Nothing of it waits any longer."""
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class Text:
    """What a mailing says in a language.

    Attributes:
        subject: One line.
        body: Markdown.
    """

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mailing.

    Attributes:
        id: A UUID of version 7.
        kind: `news`, or another kind of marketing that the system announces.
        purpose: What customers must have agreed to.
        texts: What staff have written, by language; none if the system announces.
        facts: What the system announces; none if staff have written.
        topic: What it is about, as of a notification; empty for news.
        not_after: From when on it is worthless, None for never.
        state: Where it is.
        version: Grows with each change by staff.
        created_at: When it was written.
        created_by: The account of who wrote it, None for the system.
        changed_at: When it was last written.
        changed_by: The account of who wrote it last, None for the system.
        send_at: When it is to be sent, None for a draft.
        scheduled_by: The account of who said so, None for the system.
        starts_at: When it will begin, or has: not in quiet hours. None for a draft.
        ended_at: When it was sent or stopped.
        stopped_by: The account of who stopped it, None if nobody or the system has.
        after: The last customer who was gone through, None before the first.
        is_through: Whether all were.
    """

    id: UUID
    kind: str
    purpose: str
    texts: Mapping[str, Text]
    facts: Mapping[str, Any]
    topic: str
    not_after: datetime | None
    state: MailingState
    version: int
    created_at: datetime
    created_by: UUID | None
    changed_at: datetime
    changed_by: UUID | None
    send_at: datetime | None = None
    scheduled_by: UUID | None = None
    starts_at: datetime | None = None
    ended_at: datetime | None = None
    stopped_by: UUID | None = None
    after: UUID | None = None
    is_through: bool = False

    @property
    def of_kind(self) -> Kind:
        """How it goes."""
        return KINDS[self.kind]

    @property
    def title(self) -> str:
        """What staff know it by."""
        text = self.texts.get("nn")
        return text.subject if text else str(self.facts.get("title", ""))

    @property
    def notification_topic(self) -> str:
        """The topic of what is told to each customer."""
        return topic_of(self.id)

    def text(self, language: str) -> Text:
        """Returns what it says in a language; Nynorsk where staff have not written that one."""
        return self.texts.get(language) or self.texts["nn"]

    def scheduled(self, send_at: datetime, by: UUID | None, quiet: QuietHours) -> "Mailing":
        """Returns it, to be sent at a time; in the morning if that is in quiet hours."""
        return replace(
            self,
            state=MailingState.SCHEDULED,
            send_at=send_at,
            starts_at=quiet.morning_after(send_at) or send_at,
            scheduled_by=by,
        )

    def unscheduled(self) -> "Mailing":
        """Returns it as a draft."""
        return replace(
            self, state=MailingState.DRAFT, send_at=None, starts_at=None, scheduled_by=None
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing is.

    Attributes:
        sent: How many have got it.
        waiting: How many letters wait; who was not gone through yet is not among them.
        dropped: Why how many have not got it and will not: reasons of notifications, permissions,
            and what the courier says.
    """

    sent: int = 0
    waiting: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Reach:
    """Who would get a mailing now.

    Attributes:
        by_channel: How many by which channel; each customer is in one at most.
        left_out: Why how many would not, of those who have decided about the purpose.
    """

    by_channel: Mapping[Channel, int]
    left_out: Mapping[Permission, int]


def topic_of(mailing_id: UUID) -> str:
    """Returns the topic of what a mailing tells each customer."""
    return f"{_TOPIC}{mailing_id}"


def mailing_of(topic: str) -> UUID | None:
    """Returns the mailing that something belongs to, None if it belongs to none."""
    return UUID(topic.removeprefix(_TOPIC)) if topic.startswith(_TOPIC) else None


def nearest_to_yes(permissions: Sequence[Permission]) -> Permission:
    """Returns why a customer is not written to by any channel: what comes nearest to a yes."""
    return max(permissions, key=_STEPS.index)


def reach(
    groups: Sequence[tuple[Mapping[Channel, Permission], int]], ways: Sequence[Channel]
) -> Reach:
    """Returns who would get a mailing.

    Args:
        groups: Permissions by channel, and how many customers have the same ones.
        ways: How it goes, the first choice first.
    """
    by_channel, left_out = Counter[Channel](), Counter[Permission]()
    for permissions, customers in groups:
        allowed = [each for each in ways if permissions[each] is Permission.ALLOWED]
        if allowed:
            by_channel[allowed[0]] += customers
        else:
            left_out[nearest_to_yes([permissions[each] for each in ways])] += customers
    return Reach(by_channel, left_out)


def check_texts(texts: Mapping[str, Text]) -> Mapping[str, Text]:
    """Returns what staff have written, without space around it and marks that are not seen.

    Raises:
        Invalid: If Nynorsk is missing, or a text is empty or too long.
    """
    wrong = [] if "nn" in texts else [FieldError("texts.nn", "REQUIRED_FIELD")]
    checked: dict[str, Text] = {}
    for language, text in texts.items():
        checked[language] = Text(_one_line(text.subject), text.body.replace("\0", "").strip())
        for name, value, longest in (
            ("subject", checked[language].subject, LONGEST_SUBJECT),
            ("body", checked[language].body, LONGEST_BODY),
        ):
            if not 1 <= len(value) <= longest:
                facts = {"minimum": 1, "maximum": longest}
                wrong.append(FieldError(f"texts.{language}.{name}", "TEXT_LENGTH", facts))
    if wrong:
        raise Invalid(*wrong)
    return checked


class MailingChanged(errors.Aborted):
    """Somebody else has changed the mailing; `version` is the one it has now."""

    reason = "MAILING_CHANGED"

    def __init__(self, version: int) -> None:
        super().__init__(version=version)


class NotInThisState(errors.FailedPrecondition):
    """What is asked for cannot be done with a mailing that is in `state`."""

    reason = "MAILING_STATE"

    def __init__(self, state: MailingState) -> None:
        super().__init__(state=state.value)


_TOPIC: Final = "mailing/"
_STEPS: Final = (
    Permission.UNKNOWN_PURPOSE,
    Permission.NOT_A_CUSTOMER,
    Permission.NO_DECISION,
    Permission.WITHDRAWN,
    Permission.EXPIRED,
    Permission.NOTICE_SUPERSEDED,
    Permission.NO_ADDRESS,
    Permission.NOT_CONFIRMED,
    Permission.SUPPRESSED,
    Permission.ALLOWED,
)


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return "".join(each for each in words if each.isprintable()).strip()
