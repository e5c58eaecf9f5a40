"""Contracts as rows: dates are local midnights, and a contract that lasts ends in infinity."""

from collections.abc import Mapping
from datetime import MAXYEAR, UTC, date, datetime
from typing import Any

from services.metering.domain.calendar import first_hour, local_date_of, moment_of
from services.metering.domain.contracts import Contract

_FOREVER = datetime.max.replace(tzinfo=UTC)
"""What asyncpg writes as infinity; it reads infinity as the same without a zone."""


def contract_of(row: Mapping[str, Any]) -> Contract:
    """Returns the contract of a row, which has its point's `gsrn` as well."""
    return Contract(
        gsrn=row["gsrn"],
        customer_number=row["customer_number"],
        from_date=local_date_of(row["starts_at"]),
        to_date=None if row["ends_at"].year == MAXYEAR else local_date_of(row["ends_at"]),
        price_area=row["price_area"],
        grid_company=row["grid_company"],
        product=row["product"],
        address=row["address"],
    )


def terms_of(contract: Contract) -> dict[str, Any]:
    """Returns the columns that may change while the contract stays the same."""
    return {
        "ends_at": _FOREVER if contract.to_date is None else midnight(contract.to_date),
        "price_area": contract.price_area,
        "grid_company": contract.grid_company,
        "product": contract.product,
        "address": contract.address,
    }


def midnight(day: date) -> datetime:
    """Returns the moment at which a local day starts."""
    return moment_of(first_hour(day))
