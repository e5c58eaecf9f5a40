"""Metering's use cases."""

import base64
import binascii
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.errors import FieldError, Invalid, NotFound
from services.metering.domain.contracts import Contract, NumberedContract, contract_changes
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.layout import Layout
from services.metering.domain.prices import Prices, check_price_area, merge_prices
from services.metering.domain.pricing import PriceList
from services.metering.domain.problems import Refused
from services.metering.domain.readings import (
    DayBlocks,
    Direction,
    Readings,
    ReadingsImported,
    merge,
)
from services.metering.domain.store import Position, Reader, Store
from services.metering.domain.usage import Period, Resolution, Usage, parse_period, usage_of

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 200
DAYS_A_PART = 1000

_DAYS_A_LOOK = 10
"""What it costs to look at a contract, so that a part ends in time where there are no days."""
_DAY_PLACE = re.compile(r"(?:([0-9]{18})/([0-9]{1,7}))?/([0-9])/([0-9]{1,5})")
_FIRST_DAY = (None, min(Direction), 0)
_PLACE = re.compile(r"([0-9]{18})/([0-9]{1,7})")


@dataclass(frozen=True)
class Imported:
    """What an import did, in rows of the file."""

    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class Page:
    """A page of contracts; the token leads to the next one and is empty on the last."""

    contracts: Sequence[Contract]
    next_page_token: str


@dataclass(frozen=True)
class HeldDays:
    """Days of a metering point that one contract covers."""

    contract: Contract
    direction: Direction
    days: DayBlocks


async def get_usage(
    reader: Reader,
    price_list: PriceList,
    *,
    customers: Collection[UUID],
    gsrn: str,
    resolution: Resolution,
    from_date: str,
    to_date: str,
) -> tuple[Period, Usage]:
    """Shows customers what they used at a metering point, and what it costs.

    Raises:
        Invalid: If the dates make no range, or one that is too long.
        NotFound: If they held no such point in the range. What is no number of a point gets the
            same answer, so that nothing is learnt by guessing.
    """
    period = parse_period(from_date, to_date, resolution)
    try:
        point = check_gsrn(gsrn)
    except Refused:
        raise NotFound from None
    held = await reader.held(point, customers, Direction.CONSUMPTION, period)
    if held is None:
        raise NotFound
    return period, usage_of(held, period, resolution, price_list)


async def list_contracts(
    reader: Reader, *, customers: Collection[UUID], page_size: int, page_token: str
) -> Page:
    """Lists the contracts of customers, by GSRN and then by their start.

    Raises:
        Invalid: If the size is negative, or the token came from no such list.
    """
    if page_size < 0:
        facts = {"minimum": 0, "maximum": LARGEST_PAGE_SIZE}
        raise Invalid(FieldError("page_size", "NOT_AN_INTEGER", facts))
    size = min(page_size or DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    after = _position(page_token) if page_token else None
    contracts = await reader.contracts_of(customers, after, size + 1)
    page = contracts[:size]
    return Page(page, _token(page[-1]) if len(contracts) > size else "")


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
            parts.append(HeldDays(contracts[0], direction, days))
            count = len(days.layout.days)
            if count == room:
                return parts, _day_position(after, direction, int(days.layout.days[-1]) + 1)
            room -= max(count, _DAYS_A_LOOK)
            first_day = 0
        after, first = Position.of(contracts[0]), min(Direction)
    return parts, ""


async def import_readings(store: Store, *, gsrn: str, readings: Readings) -> Imported:
    """Takes the readings of a metering point, all or none.

    Raises:
        NotFound: If there is no such point.
    """
    point = await store.lock_point(gsrn)
    if point is None:
        raise NotFound
    layout = Layout.of(readings.hours)
    merged = merge(await store.blocks(point, Direction.CONSUMPTION, layout), readings)
    await store.save_blocks(point, Direction.CONSUMPTION, merged.written, merged.replaced)
    event = ReadingsImported.of(gsrn, merged)
    if event is not None:
        store.publish(event)
    return Imported(merged.created, merged.changed, merged.unchanged)


async def import_contracts(store: Store, *, rows: Sequence[NumberedContract]) -> Imported:
    """Takes metering points and the contracts on them, all or none.

    Raises:
        BadFile: If two contracts would hold a point at once.
    """
    known = await store.lock_contracts({row.contract.gsrn for row in rows})
    changes = contract_changes(known, rows)
    await store.add_contracts(changes.created)
    await store.update_contracts(changes.changed)
    return Imported(len(changes.created), len(changes.changed), changes.unchanged)


async def import_prices(store: Store, *, price_area: str, prices: Prices) -> Imported:
    """Takes the spot prices of an area, all or none."""
    known = await store.lock_prices(price_area, Layout.of(prices.hours))
    merged = merge_prices(known, prices)
    await store.save_prices(price_area, merged.written)
    return Imported(merged.created, merged.changed, merged.unchanged)


async def remember_customer(store: Store, *, customer_id: UUID, customer_number: str) -> None:
    """Notes which number a customer has: contracts name the number, callers the customer."""
    await store.save_customer(customer_id, customer_number)


async def erase_customer(store: Store, *, customer_id: UUID) -> None:
    """Forgets who a customer was.

    Contracts and readings stay, under an id that names nobody: what was billed has to be shown for
    five years (Bokføringsloven § 13), and who moves in next must not see hours from before. The
    number goes, since it may be another customer's next, and so do the addresses. An erased
    customer stays erased, whatever comes later.
    """
    await store.erase_customer(customer_id)


def require_gsrn(text: str) -> str:
    """Returns the number of a point that a member of staff asks for.

    Raises:
        Invalid: If it can be none; staff are told what is wrong with it.
    """
    try:
        return check_gsrn(text)
    except Refused as refused:
        raise Invalid(refused.at("gsrn")) from None


def require_price_area(text: str) -> str:
    """Returns the area that a member of staff asks for.

    Raises:
        Invalid: If there is no such area.
    """
    try:
        return check_price_area(text)
    except Refused as refused:
        raise Invalid(refused.at("price_area")) from None


def _token(contract: Contract) -> str:
    place = Position.of(contract)
    return base64.urlsafe_b64encode(f"{place.gsrn}/{place.first_hour}".encode()).decode()


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


def _position(token: str) -> Position:
    try:
        place = _PLACE.fullmatch(base64.urlsafe_b64decode(token).decode())
    except (binascii.Error, ValueError):
        place = None
    if place is None:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN"))
    return Position(place[1], int(place[2]))
