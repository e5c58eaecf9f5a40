"""The file of metering points and of the contracts on them."""

import csv
import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from services.metering.domain.calendar import END_DATE, FIRST_DATE, parse_date
from services.metering.domain.contracts import Contract, NumberedContract
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.prices import check_price_area
from services.metering.domain.problems import Refused

HEADER: Final = "gsrn,customer_number,from,to,price_area,grid_company,product,address"

_LONGEST_TEXT = 200
_CUSTOMER_NUMBER = re.compile(r"[0-9]{1,20}")


class ContractsFormat:
    """Contracts, one a line, in CSV with commas (RFC 4180).

    Args:
        products: The products that are sold; none if that is not known, and any is taken.
    """

    def __init__(self, products: Collection[str]) -> None:
        self._products = products
        self._rows: dict[tuple[str, str, date], NumberedContract] = {}

    def header(self, line: str) -> None:
        """Takes the header."""
        if line != HEADER:
            raise Refused("FILE_HEADER", expected=HEADER)

    def row(self, number: int, line: str) -> None:
        """Takes a contract."""
        contract = self._contract(_columns(line))
        earlier = self._rows.setdefault(contract.key, NumberedContract(number, contract))
        if earlier.line != number:
            raise Refused("CONTRACT_REPEATED", line=earlier.line)

    def result(self) -> Sequence[NumberedContract]:
        """Returns the contracts in the order of the file."""
        return list(self._rows.values())

    def _contract(self, columns: list[str]) -> Contract:
        gsrn, customer, start, end, price_area, grid_company, product, address = columns
        if _CUSTOMER_NUMBER.fullmatch(customer) is None:
            raise Refused("CUSTOMER_NUMBER_INVALID")
        if self._products and product not in self._products:
            raise Refused("NOT_A_CHOICE", choices=", ".join(self._products))
        from_date = _date(start)
        to_date = _date(end) if end else None
        if to_date is not None and to_date <= from_date:
            raise Refused("NOT_AFTER_FROM", **{"from": start})
        return Contract(
            gsrn=check_gsrn(gsrn),
            customer_number=customer,
            from_date=from_date,
            to_date=to_date,
            price_area=check_price_area(price_area),
            grid_company=_text(grid_company, "grid_company"),
            product=_text(product, "product"),
            address=_text(address, "address"),
        )


def _columns(line: str) -> list[str]:
    try:
        columns = next(csv.reader([line], strict=True), list[str]())
    except csv.Error:
        raise Refused("LINE_NOT_CSV") from None
    expected = len(HEADER.split(","))
    if len(columns) != expected:
        raise Refused("LINE_COLUMNS", expected=expected, found=len(columns))
    return [column.strip() for column in columns]


def _date(text: str) -> date:
    day = parse_date(text)
    if not FIRST_DATE <= day < END_DATE:
        raise Refused("OUTSIDE_CALENDAR")
    return day


def _text(text: str, column: str) -> str:
    if not (0 < len(text) <= _LONGEST_TEXT and text.isprintable()):
        raise Refused("TEXT_INVALID", column=column, limit=_LONGEST_TEXT)
    return text
