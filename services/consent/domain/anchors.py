"""Checking the ledger, also against what it was earlier."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.consent.domain.ledger import NO_HASH, Entry, hash_of

ANCHORED_EVERY: Final = timedelta(days=1)

LONGEST_ANCHORS: Final = 20_000
"""How many anchors a check may bring along: those of 50 years of days."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the ledger is up to a position.

    Attributes:
        position: The position.
        digest: Over the hashes of all rows up to it: see `after`.
    """

    position: int
    digest: bytes

    def after(self, position: int, row_hash: bytes) -> "Anchor":
        """Returns what the ledger is with a further row: SHA-256 over digest and hash."""
        return Anchor(position, hashlib.sha256(self.digest + row_hash).digest())


START: Final = Anchor(0, NO_HASH)
"""What a ledger without a row is."""


@dataclass(frozen=True, slots=True)
class KeptAnchor:
    """An anchor with the moment at which it was made."""

    anchor: Anchor
    anchored_at: datetime


class Fault(StrEnum):
    """What can be wrong, as `VerifyLedgerResponse.Problem.Kind` explains it."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    CHAIN_BROKEN = "CHAIN_BROKEN"
    VIEW_DIFFERS = "VIEW_DIFFERS"
    CUT = "CUT"
    REWRITTEN = "REWRITTEN"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be.

    Attributes:
        fault: What is wrong.
        position: The position that is meant, or the first of several.
        last_position: The last position that is meant.
        customer_id: The customer that is meant; None if none.
        purpose: The purpose that is meant; empty if none.
        channel: The channel that is meant; empty if none.
    """

    fault: Fault
    position: int
    last_position: int
    customer_id: UUID | None = None
    purpose: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """A row, with the hash of the row of its customer before it; None if there is none."""

    entry: Entry
    hash_before: bytes | None


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a check has come.

    Attributes:
        at: What the ledger is up to the last row that was looked at.
        agreed_at: The position of the last anchor that was right.
        is_rewritten: Whether an anchor was wrong, so that all after it are.
    """

    at: Anchor = START
    agreed_at: int = 0
    is_rewritten: bool = False


@dataclass(slots=True)
class _Step:
    walk: Walk
    findings: list[Finding] = field(default_factory=list[Finding])


def check(
    walk: Walk, rows: Iterable[Linked], anchors: Iterable[Anchor]
) -> tuple[Walk, Sequence[Finding]]:
    """Looks at the next rows.

    Args:
        walk: How far the check has come.
        rows: The rows from there on, in the order of their positions.
        anchors: What the ledger was earlier.

    Returns:
        How far it has come now, and what is wrong.
    """
    by_position = dict[int, set[bytes]]()
    for anchor in anchors:
        by_position.setdefault(anchor.position, set()).add(anchor.digest)
    step = _Step(walk)
    for row in rows:
        _check_row(step, row)
        _check_anchors(step, by_position.get(row.entry.position))
    return step.walk, step.findings


def check_end(walk: Walk, anchors: Iterable[Anchor]) -> Sequence[Finding]:
    """Returns what is wrong at the end of the ledger: it was longer once."""
    longest = max((anchor.position for anchor in anchors), default=0)
    end = walk.at.position
    return [Finding(Fault.CUT, end + 1, longest)] if longest > end else []


def _check_row(step: _Step, row: Linked) -> None:
    entry, at = row.entry, step.walk.at
    if entry.position != at.position + 1:
        step.findings.append(Finding(Fault.MISSING, at.position + 1, entry.position - 1))
    if hash_of(entry) != entry.hash:
        step.findings.append(_about(Fault.CHANGED, entry))
    if entry.previous_hash != (NO_HASH if entry.seq == 1 else row.hash_before):
        step.findings.append(_about(Fault.CHAIN_BROKEN, entry))
    step.walk = replace(step.walk, at=at.after(entry.position, entry.hash))


def _check_anchors(step: _Step, digests: set[bytes] | None) -> None:
    walk = step.walk
    if not digests or walk.is_rewritten:
        return
    if digests == {walk.at.digest}:
        step.walk = replace(walk, agreed_at=walk.at.position)
        return
    step.findings.append(Finding(Fault.REWRITTEN, walk.agreed_at + 1, walk.at.position))
    step.walk = replace(walk, is_rewritten=True)


def _about(fault: Fault, entry: Entry) -> Finding:
    return Finding(
        fault, entry.position, entry.position, entry.customer_id, entry.purpose, entry.channel
    )
