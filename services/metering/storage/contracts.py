"""Contracts as rows: a contract that lasts ends in infinity."""

from collections.abc import Mapping
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from services.metering.domain.calendar import hour_of, moment_of
from services.metering.domain.contracts import Contract
from services.metering.domain.pricing import Premises

_FOREVER = datetime.max.replace(tzinfo=UTC)
"""What asyncpg writes as infinity; it reads infinity as the same without a zone."""


def contract_of(row: Mapping[str, Any]) -> Contract:
    """Returns the contract of a row, which has its point's `gsrn` as well."""
    return Contract(
        gsrn=row["gsrn"],
        customer_number=row["customer_number"],
        first_hour=hour_of(row["starts_at"]),
        end_hour=None if row["ends_at"].year == MAXYEAR else hour_of(row["ends_at"]),
        price_area=row["price_area"],
        grid_company=row["grid_company"],
        product=row["product"],
        premises=Premises(row["premises"]),
        address=row["address"],
    )


def terms_of(contract: Contract) -> dict[str, Any]:
    """Returns the columns that may change while the contract stays the same."""
    return {
        "ends_at": _FOREVER if contract.end_hour is None else moment_of(contract.end_hour),
        "price_area": contract.price_area,
        "grid_company": contract.grid_company,
        "product": contract.product,
        "premises": contract.premises.value,
        "address": contract.address,
    }
