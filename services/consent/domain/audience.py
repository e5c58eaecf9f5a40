"""Who may be written to for a purpose, all of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.errors import FieldError, Invalid
from services.consent.domain.channels import Channel
from services.consent.domain.permission import Permission


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """How many may be written to by a channel.

    Attributes:
        channel: The channel.
        consented: How many have said yes, and not taken it back.
        allowed: How many of them may be written to now.
        left_out: How many have decided and may not be written to, by the reason.
    """

    channel: Channel
    consented: int
    allowed: int
    left_out: Mapping[Permission, int]


@dataclass(frozen=True, slots=True)
class Count:
    """How many may be written to.

    Attributes:
        position: The row of the ledger up to which decisions count.
        channels: By each channel.
    """

    position: int
    channels: Sequence[ChannelCount]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of those who may be written to.

    Attributes:
        position: The row of the ledger up to which decisions count, the same in all batches.
        customer_ids: The customers; none in the first batch.
    """

    position: int
    customer_ids: Sequence[UUID]


class PositionNotReached(Invalid):
    """The ledger is not as long as that."""

    def __init__(self, last: int) -> None:
        super().__init__(FieldError("as_of_position", "POSITION_NOT_REACHED", {"last": last}))
