"""All that is held about customers, part by part."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.metering.domain.calendar import END_HOUR
from services.metering.domain.contracts import Contract
from services.metering.domain.readings import DayBlocks, Direction
from services.metering.domain.store import Position, Reader

DAYS_A_PART = 1000

_DAYS_A_LOOK = 10
"""What it costs to look at a contract, so that a part ends in time where there are no days."""
_DAY_PLACE = re.compile(r"(?:([0-9]{18})/([0-9]{1,7}))?/([0-9])/([0-9]{1,5})")
_FIRST_DAY = (None, min(Direction), 0)


@dataclass(frozen=True)
class HeldDays:
    """Days of a metering point that one contract covers."""

    contract: Contract
    direction: Direction
    days: DayBlocks


async def export_days(
    reader: Reader, *, customers: Collection[UUID], position: str
) -> tuple[Sequence[HeldDays], str]:
    """Returns a part of all days that customers have held a metering point.

    Args:
        reader: What is stored.
        customers: The customers.
        position: Where the last part ended; empty to begin.

    Returns:
        Days, contract by contract, and where they end; empty where no more follow.

    Raises:
        ValueError: If no part ended there.
    """
    after, first, first_day = _read_day_position(position) if position else _FIRST_DAY
    parts: list[HeldDays] = []
    room = DAYS_A_PART
    while contracts := await reader.contracts_of(customers, after, 1):
        for direction in [each for each in Direction if each >= first]:
            if room <= 0:
                return parts, _day_position(after, direction, first_day)
            days = await reader.held_days(customers, contracts[0], direction, first_day, room)
            parts.append(HeldDays(contracts[0], direction, _of_contract(days, contracts[0])))
            count = len(days.layout.days)
            if count == room:
                return parts, _day_position(after, direction, int(days.layout.days[-1]) + 1)
            room -= max(count, _DAYS_A_LOOK)
            first_day = 0
        after, first = Position.of(contracts[0]), min(Direction)
    return parts, ""


def _of_contract(days: DayBlocks, contract: Contract) -> DayBlocks:
    """Leaves out the hours of the first and the last day that are not the contract's."""
    end = END_HOUR if contract.end_hour is None else contract.end_hour
    return days.within(contract.first_hour, end)


def _day_position(after: Position | None, direction: Direction, first_day: int) -> str:
    """Returns where days of the contract after a place go on."""
    place = f"{after.gsrn}/{after.first_hour}" if after else ""
    return f"{place}/{direction.value}/{first_day}"


def _read_day_position(position: str) -> tuple[Position | None, Direction, int]:
    place = _DAY_PLACE.fullmatch(position)
    if place is None:
        raise ValueError(position)
    gsrn, first, direction, day = place.groups()
    after = Position(gsrn, int(first)) if gsrn else None
    return after, Direction(int(direction)), int(day)
