"""What befalls a suite in a soak, and in which order: it follows from a seed alone."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

FLOWS_A_ROUND = 12
FAULTS_A_ROUND = 4
KILLS_A_ROUND = 3

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.5, 5.0
_LONGEST_PAUSE_SECONDS = 4.0
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: What.
        target: Who or what has it.
        after: How many seconds after what came before it begins.
        seconds: How long it lasts, where it does.
    """

    kind: str
    target: str
    after: float
    seconds: float

    def __str__(self) -> str:
        """Reads like a line of a log."""
        return f"{self.kind}: {self.target}, {self.seconds:.1f} s"


@dataclass(frozen=True)
class Round:
    """A stretch of a soak, at whose end all is mended and must be well.

    Attributes:
        flows: What people do meanwhile, by name, and how many seconds they wait before.
        faults: What goes wrong, one thing after another.
        kills: Who is killed beside that, one after another.
    """

    flows: Sequence[tuple[str, float]]
    faults: Sequence[Fault]
    kills: Sequence[Fault]


def rounds(
    seed: int,
    flows: Sequence[str],
    faults: Mapping[str, Sequence[str]],
    kills: Mapping[str, Sequence[str]],
) -> Iterator[Round]:
    """Returns rounds without end; each flow and kind comes once before any comes again.

    Args:
        seed: Decides everything.
        flows: The flows that there are.
        faults: The kinds of faults, and what can have them.
        kills: The same of kills.
    """
    chance = random.Random(seed)  # noqa: S311 - to be foreseeable is the point
    all_flows = _in_turns(chance, flows)
    all_faults, all_kills = _faults(chance, faults), _faults(chance, kills)
    while True:
        yield Round(
            flows=[(next(all_flows), _pause(chance)) for _ in range(FLOWS_A_ROUND)],
            faults=[next(all_faults) for _ in range(FAULTS_A_ROUND)],
            kills=[next(all_kills) for _ in range(KILLS_A_ROUND)],
        )


def _faults(chance: random.Random, kinds: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    targets = {kind: _in_turns(chance, targets) for kind, targets in kinds.items()}
    for kind in _in_turns(chance, list(kinds)):
        yield Fault(
            kind,
            next(targets[kind]),
            after=_pause(chance),
            seconds=chance.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS),
        )


def _pause(chance: random.Random) -> float:
    return chance.uniform(0, _LONGEST_PAUSE_SECONDS)


def _in_turns(chance: random.Random, items: Sequence[_Item]) -> Iterator[_Item]:
    while True:
        yield from chance.sample(items, len(items))
