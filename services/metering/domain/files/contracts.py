"""The file of metering points and of the contracts on them."""

import csv
import re
from collections.abc import Collection, Sequence
from typing import Final

from services.metering.domain.calendar import END_DATE, FIRST_DATE, first_hour, parse_date
from services.metering.domain.contracts import Contract, ContractKey, NumberedContract
from services.metering.domain.files.values import parse_hour
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.prices import check_price_area
from services.metering.domain.pricing import Premises
from services.metering.domain.problems import Refused

HEADER: Final = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
PREMISES_HEADER: Final = f"{HEADER},premises"

_LONGEST_TEXT = 200
_CUSTOMER_NUMBER = re.compile(r"[0-9]{1,20}")


class ContractsFormat:
    """Contracts, one a line, in CSV with commas (RFC 4180).

    Args:
        products: The products that are sold; none if that is not known, and any is taken.
    """

    def __init__(self, products: Collection[str]) -> None:
        self._products = products
        self._width = 0
        self._rows: dict[ContractKey, NumberedContract] = {}

    def header(self, line: str) -> None:
        """Takes the header."""
        if line not in (HEADER, PREMISES_HEADER):
            raise Refused("FILE_HEADER", expected=f"{HEADER} | {PREMISES_HEADER}")
        self._width = line.count(",") + 1

    def row(self, number: int, line: str) -> None:
        """Takes a contract."""
        contract = self._contract(_columns(line, self._width))
        earlier = self._rows.setdefault(contract.key, NumberedContract(number, contract))
        if earlier.line != number:
            raise Refused("CONTRACT_REPEATED", line=earlier.line)

    def result(self) -> Sequence[NumberedContract]:
        """Returns the contracts in the order of the file."""
        return list(self._rows.values())

    def _contract(self, columns: list[str]) -> Contract:
        gsrn, customer, start, end, price_area, grid_company, product, address, *rest = columns
        if _CUSTOMER_NUMBER.fullmatch(customer) is None:
            raise Refused("CUSTOMER_NUMBER_INVALID")
        if self._products and product not in self._products:
            raise Refused("NOT_A_CHOICE", choices=", ".join(self._products))
        first = _hour(start)
        last = _hour(end) if end else None
        if last is not None and last < first:
            raise Refused("NOT_AFTER_FROM", **{"from": start})
        return Contract(
            gsrn=check_gsrn(gsrn),
            customer_number=customer,
            first_hour=first,
            end_hour=last,
            price_area=check_price_area(price_area),
            grid_company=_text(grid_company, "grid_company"),
            product=_text(product, "product"),
            premises=_premises(*rest),
            address=_text(address, "address"),
        )


def _columns(line: str, expected: int) -> list[str]:
    try:
        columns = next(csv.reader([line], strict=True), list[str]())
    except csv.Error:
        raise Refused("LINE_NOT_CSV") from None
    if len(columns) != expected:
        raise Refused("LINE_COLUMNS", expected=expected, found=len(columns))
    return [column.strip() for column in columns]


def _hour(text: str) -> int:
    """Reads a local date, which means its first hour, or the moment at which an hour starts."""
    if "T" in text:
        return parse_hour(text)
    day = parse_date(text)
    if not FIRST_DATE <= day < END_DATE:
        raise Refused("OUTSIDE_CALENDAR")
    return first_hour(day)


def _premises(text: str = "") -> Premises:
    """Reads what a point supplies: a home where nothing is said."""
    try:
        return Premises(text or Premises.HOME.value)
    except ValueError:
        choices = ", ".join(each.value for each in Premises)
        raise Refused("NOT_A_CHOICE", choices=choices) from None


def _text(text: str, column: str) -> str:
    if not (0 < len(text) <= _LONGEST_TEXT and text.isprintable()):
        raise Refused("TEXT_INVALID", column=column, limit=_LONGEST_TEXT)
    return text
