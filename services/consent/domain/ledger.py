"""The ledger: every decision of every customer, for ever, and what follows from it.

A decision is about a purpose and a channel. Rows are never changed. The rows of a customer are
chained by their hashes, and all rows are numbered without a gap in the order of their commits
(docs/decisions/0012-consent-ledger.md).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from services.consent.domain.published import (
    ConsentExpired,
    ConsentGiven,
    ConsentWithdrawn,
)

NO_HASH: Final = bytes(32)
"""What comes before a customer's first row, and before the first row of all."""

TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of ours the clock of a device may be."""

LATEST_UPLOAD: Final = timedelta(days=30)
"""For how long a customer's device may keep a decision to itself."""

_VERSION = b"kundeapp.consent.ledger/1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Pair: TypeAlias = tuple[str, str]
"""A purpose and a channel; the channel is empty where the purpose has none."""


class Decision(StrEnum):
    """What was decided."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    """A yes has ended by itself."""


class Actor(StrEnum):
    """Who decided."""

    CUSTOMER = "CUSTOMER"
    STAFF = "STAFF"
    """On the customer's behalf."""
    SYSTEM = "SYSTEM"


class Source(StrEnum):
    """What a decision came by. One that was imported has `IMPORT/` and where it was made."""

    SELF_SERVICE = "SELF_SERVICE"
    """The app, or Di side."""
    UNSUBSCRIBE = "UNSUBSCRIBE"
    """The link or the button of a message."""
    STAFF = "STAFF"
    """Customer service."""
    CONFLICT = "CONFLICT"
    """A withdrawal that stands against a yes from before it, which was told of late."""
    ERASURE = "ERASURE"
    """The customer was erased."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The text that somebody has decided on.

    Attributes:
        version: The version of the notice; 0 if none is told.
        sha256: Of the text; empty if none is told.
        language: `nn`, `nb` or `en`; empty if none is told.
    """

    version: int
    sha256: bytes
    language: str


NOTHING: Final = Shown(0, b"", "")
"""No text."""


@dataclass(frozen=True, slots=True)
class By:
    """Who decided, and what we know it from.

    Attributes:
        actor: In which part.
        source: A `Source`, or `IMPORT/` and where it was.
        actor_id: The account; None for the system, and for whoever was not logged in.
        evidence: Where it can be looked up, without personal data.
    """

    actor: Actor
    source: str
    actor_id: UUID | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """What holds now of a customer for a purpose and channel, by the last row of the ledger.

    Attributes:
        customer_id: The customer.
        purpose: The purpose.
        channel: The channel; empty for a purpose without channels.
        decision: What was decided last.
        notice_version: The version of the notice that was shown; 0 if none.
        decided_at: When that happened.
    """

    customer_id: UUID
    purpose: str
    channel: str
    decision: Decision
    notice_version: int
    decided_at: datetime

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.purpose, self.channel


@dataclass(frozen=True, slots=True)
class Change:
    """A decision that is to be written down.

    Attributes:
        customer_id: Whose it is.
        purpose: What it is about.
        channel: The channel; empty for a purpose without channels.
        decision: What was decided.
        by: Who decided.
        shown: The text that was shown.
        happened_at: When it was made; None if at this moment.
        yields: Whether it gives way to what was decided later, as what was decided elsewhere does.
    """

    customer_id: UUID
    purpose: str
    channel: str
    decision: Decision
    by: By
    shown: Shown = NOTHING
    happened_at: datetime | None = None
    yields: bool = False

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.purpose, self.channel

    def consent(self, now: datetime) -> Consent:
        """Returns what holds once this is the last of its purpose and channel.

        Args:
            now: The present moment.
        """
        return Consent(
            self.customer_id,
            self.purpose,
            self.channel,
            self.decision,
            self.shown.version,
            self.happened_at or now,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger. Its hash is made of all fields before it, in this order.

    Attributes:
        position: Its place in the whole ledger, from 1 without a gap, in the order of commits.
        customer_id: Whose decision it is.
        seq: Its place among the rows of the customer, from 1 without a gap.
        purpose: What it is about.
        channel: The channel; empty for a purpose without channels.
        decision: What was decided.
        notice_version: The version of the notice that was shown; 0 if none.
        notice_sha256: The hash of the text that was shown; empty if none.
        language: The language of that text; empty if none.
        actor: Who decided.
        actor_id: The account of the actor; None if there is none.
        source: What it came by.
        evidence: Where it can be looked up.
        happened_at: When it was decided.
        recorded_at: When it was written down.
        previous_hash: The hash of the customer's row before; `NO_HASH` for the first one.
        hash: SHA-256 over all of this: see `hash_of`.
    """

    position: int
    customer_id: UUID
    seq: int
    purpose: str
    channel: str
    decision: Decision
    notice_version: int
    notice_sha256: bytes
    language: str
    actor: Actor
    actor_id: UUID | None
    source: str
    evidence: str
    happened_at: datetime
    recorded_at: datetime
    previous_hash: bytes
    hash: bytes

    @property
    def consent(self) -> Consent:
        """What holds once this is the last row of its purpose and channel."""
        return Consent(
            self.customer_id,
            self.purpose,
            self.channel,
            self.decision,
            self.notice_version,
            self.happened_at,
        )

    @property
    def event(self) -> ConsentGiven | ConsentWithdrawn | ConsentExpired:
        """What is told of it."""
        customer, purpose, channel = self.customer_id, self.purpose, self.channel
        match self.decision:
            case Decision.GIVEN:
                return ConsentGiven(
                    customer, purpose, channel, self.notice_version, ledger_position=self.position
                )
            case Decision.WITHDRAWN:
                return ConsentWithdrawn(customer, purpose, channel, self.position)
            case Decision.EXPIRED:
                return ConsentExpired(customer, purpose, channel, self.position)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain of a customer ends.

    Attributes:
        seq: The place of the last row; 0 if there is none.
        hash: The hash of the last row.
    """

    seq: int
    hash: bytes


BEGINNING: Final = Head(0, NO_HASH)
"""A chain without a row."""


def hash_of(entry: Entry) -> bytes:
    """Returns SHA-256 over a row without its hash.

    The bytes are the ASCII text `kundeapp.consent.ledger/1` and then each field of `Entry` before
    `hash`, in order, as four bytes with its length, the most significant one first, and the field:
    text in UTF-8; a number in decimal digits; a UUID in lower case with hyphens, nothing for None;
    a moment as the number of microseconds since 1970-01-01T00:00:00Z; a hash as it is.
    """
    digest = hashlib.sha256(_VERSION)
    for field in _HASHED:
        value = _bytes_of(getattr(entry, field))
        digest.update(len(value).to_bytes(4))
        digest.update(value)
    return digest.digest()


def settle(change: Change, consent: Consent | None, now: datetime) -> Sequence[Change]:
    """Returns what is written down of a decision: nothing if all is as before.

    A yes that was made before the withdrawal that holds, and is told of after it, is written down
    and withdrawn again: a withdrawal wins, and nothing is kept quiet.

    Args:
        change: The decision.
        consent: What holds of its customer, purpose and channel; None if nothing was decided.
        now: The present moment, which no decision is later than.
    """
    if not _is_news(change, consent):
        return ()
    if change.happened_at is None:
        return (change,)
    happened_at = min(change.happened_at, now)
    if change.yields and consent is not None and consent.decided_at >= happened_at:
        return ()
    change = replace(change, happened_at=happened_at)
    if (
        change.decision is not Decision.GIVEN
        or consent is None
        or consent.decision is not Decision.WITHDRAWN
        or happened_at >= consent.decided_at
    ):
        return (change,)
    withdrawal = replace(
        change,
        decision=Decision.WITHDRAWN,
        by=By(Actor.SYSTEM, Source.CONFLICT),
        shown=NOTHING,
        happened_at=consent.decided_at,
    )
    return (change, withdrawal)


def chained(
    changes: Iterable[Change], heads: Mapping[UUID, Head], last_position: int, now: datetime
) -> Sequence[Entry]:
    """Returns the rows that decisions become.

    Args:
        changes: The decisions, in order.
        heads: Where the chains of their customers end, of those who have one.
        last_position: The place of the last row of the whole ledger.
        now: The present moment.
    """
    heads = dict(heads)
    entries = list[Entry]()
    for position, change in enumerate(changes, start=last_position + 1):
        head = heads.get(change.customer_id, BEGINNING)
        entry = _entry(change, head, position, now)
        heads[change.customer_id] = Head(entry.seq, entry.hash)
        entries.append(entry)
    return entries


def _is_news(change: Change, consent: Consent | None) -> bool:
    match change.decision:
        case Decision.GIVEN:
            return (
                consent is None
                or consent.decision is not Decision.GIVEN
                or change.shown.version > consent.notice_version
            )
        case Decision.WITHDRAWN:
            return consent is None or consent.decision is not Decision.WITHDRAWN
        case Decision.EXPIRED:
            return consent is not None and consent.decision is Decision.GIVEN


def _entry(change: Change, head: Head, position: int, now: datetime) -> Entry:
    entry = Entry(
        position=position,
        customer_id=change.customer_id,
        seq=head.seq + 1,
        purpose=change.purpose,
        channel=change.channel,
        decision=change.decision,
        notice_version=change.shown.version,
        notice_sha256=change.shown.sha256,
        language=change.shown.language,
        actor=change.by.actor,
        actor_id=change.by.actor_id,
        source=change.by.source,
        evidence=change.by.evidence,
        happened_at=change.happened_at or now,
        recorded_at=now,
        previous_hash=head.hash,
        hash=NO_HASH,
    )
    return replace(entry, hash=hash_of(entry))


def _bytes_of(value: object) -> bytes:
    match value:
        case bytes():
            return value
        case datetime():
            return str((value - _EPOCH) // _MICROSECOND).encode()
        case None:
            return b""
        case _:
            return str(value).encode()


_HASHED = tuple(field.name for field in fields(Entry) if field.name != "hash")
