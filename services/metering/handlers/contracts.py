"""Who holds which metering point."""

import base64
import binascii
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.errors import FieldError, Invalid
from services.metering.domain.contracts import (
    Contract,
    ContractChanges,
    NumberedContract,
    contract_changes,
)
from services.metering.domain.store import Position, Reader, Store

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 200

_PLACE = re.compile(r"([0-9]{18})/([0-9]{1,7})")


@dataclass(frozen=True)
class Page:
    """A page of contracts; the token leads to the next one and is empty on the last."""

    contracts: Sequence[Contract]
    next_page_token: str


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


async def import_contracts(store: Store, *, rows: Sequence[NumberedContract]) -> ContractChanges:
    """Takes metering points and the contracts on them, all or none.

    Raises:
        BadFile: If two contracts would hold a point at once.
    """
    known = await store.lock_contracts({row.contract.gsrn for row in rows})
    changes = contract_changes(known, rows)
    await store.add_contracts(changes.created)
    await store.update_contracts(changes.changed)
    await store.remove_contracts(changes.removed)
    return changes


def _token(contract: Contract) -> str:
    place = Position.of(contract)
    return base64.urlsafe_b64encode(f"{place.gsrn}/{place.first_hour}".encode()).decode()


def _position(token: str) -> Position:
    try:
        place = _PLACE.fullmatch(base64.urlsafe_b64decode(token).decode())
    except (binascii.Error, ValueError):
        place = None
    if place is None:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN"))
    return Position(place[1], int(place[2]))
