"""What consent publishes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A customer has said yes to a purpose and channel."""

    customer_id: UUID
    purpose: str
    channel: str
    notice_version: int
    ledger_position: int


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """A customer has said no, or no longer."""

    customer_id: UUID
    purpose: str
    channel: str
    ledger_position: int


@dataclass(frozen=True, slots=True)
class ConsentExpired:
    """A yes has ended by itself."""

    customer_id: UUID
    purpose: str
    channel: str
    ledger_position: int


@dataclass(frozen=True, slots=True)
class LedgerAnchored:
    """What the ledger is up to a position."""

    position: int
    digest: str
    anchored_at: datetime


Event = ConsentGiven | ConsentWithdrawn | ConsentExpired | LedgerAnchored
