"""What customers are asked to agree to, or to acknowledge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.consent.domain.channels import Channel
from services.consent.domain.ledger import Pair


@dataclass(frozen=True, slots=True)
class Purpose:
    """Something that customers are asked for.

    Attributes:
        id: What it is called: `kraftklubben`.
        rank: Where it is shown: the lowest first.
        notice: The notice that says what it is about.
        channels: What a customer says yes or no to, each for itself. A purpose without channels is
            acknowledged; one with channels is marketing.
        names: Its name in each language.
    """

    id: str
    rank: int
    notice: str
    channels: Sequence[Channel]
    names: Mapping[str, str]

    @property
    def pairs(self) -> Sequence[Pair]:
        """What is decided about it."""
        return [(self.id, channel) for channel in self.channels or ("",)]


class Outcome(StrEnum):
    """What became of a purpose that was put."""

    UNCHANGED = "UNCHANGED"
    CREATED = "CREATED"
    CHANGED = "CHANGED"
