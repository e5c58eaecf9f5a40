"""What a kilowatt-hour costs: spot price, markup and VAT, exact in whole numbers."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import END_DATE, FIRST_DATE, first_hour
from services.metering.domain.prices import PRICE_DECIMALS, UNKNOWN_PRICE, PriceAmounts

RetailPrices = NDArray[np.int64]

_BASIS_POINTS = 10_000


@dataclass(frozen=True)
class Rate:
    """A rate and the dates that it holds for.

    Attributes:
        amount: A markup ex. VAT in 1e-5 kr/kWh, or a tax in hundredths of a per cent.
        from_date: The first local date.
        to_date: The local date that it ends before; None while it holds.
        source: Where it is laid down.
    """

    amount: int
    from_date: date
    to_date: date | None
    source: str

    @property
    def first_hour(self) -> int:
        """The hour that it begins with."""
        return first_hour(self.from_date)

    @property
    def end_hour(self) -> int:
        """The hour that it ends before."""
        return first_hour(self.to_date or END_DATE)


@dataclass(frozen=True)
class PriceList:
    """Markups by product, and VAT by price area; each in order of time."""

    markups: Mapping[str, Sequence[Rate]]
    vat: Mapping[str, Sequence[Rate]]

    @property
    def products(self) -> Sequence[str]:
        """The products that are sold."""
        return sorted(self.markups)

    def retail(self, spot: PriceAmounts, hour: int, price_area: str, product: str) -> RetailPrices:
        """Returns what a kWh costs in each hour, VAT included.

        As on the bills of the trade, the price including VAT is what is rounded, half away from
        zero, to 1e-5 kr/kWh; everything after it is exact.

        Args:
            spot: The spot price of each hour ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
            hour: The number of the first of them.
            price_area: Where the point is.
            product: What the customer has bought.

        Returns:
            Prices in 1e-5 kr/kWh, as many as `spot`, or UNKNOWN_PRICE where spot price, markup or
            tax is unknown.
        """
        retail = np.full(len(spot), UNKNOWN_PRICE, np.int64)
        for markup in self.markups.get(product, ()):
            for vat in self.vat.get(price_area, ()):
                first = max(markup.first_hour, vat.first_hour) - hour
                end = min(markup.end_hour, vat.end_hour) - hour
                hours = slice(max(first, 0), max(end, 0))
                retail[hours] = _with_vat(spot[hours].astype(np.int64) + markup.amount, vat.amount)
        retail[spot == UNKNOWN_PRICE] = UNKNOWN_PRICE
        return retail


def _with_vat(prices: RetailPrices, basis_points: int) -> RetailPrices:
    scaled = prices * (_BASIS_POINTS + basis_points)
    rounded = (np.abs(scaled) + _BASIS_POINTS // 2) // _BASIS_POINTS
    return np.negative(rounded, out=rounded, where=scaled < 0)


def parse_price_list(text: str) -> PriceList:
    """Reads a price list, TOML as in `products.toml` beside this package.

    Raises:
        ValueError: If it cannot be read, an amount has too many decimals, or two rates for the
            same thing hold at once.
    """
    tables = tomllib.loads(text)
    markups: dict[str, list[Rate]] = {}
    vat: dict[str, list[Rate]] = {}
    for row in tables["product"]:
        rate = _rate(row, _whole(row["nok_per_kwh_ex_vat"], PRICE_DECIMALS))
        markups.setdefault(row["name"], []).append(rate)
    for row in tables["vat"]:
        for price_area in row["price_areas"]:
            vat.setdefault(price_area, []).append(_rate(row, _whole(row["percent"], 2)))
    return PriceList(_in_order(markups), _in_order(vat))


def _rate(row: Mapping[str, Any], amount: int) -> Rate:
    rate = Rate(amount, row["from"], row.get("to"), row["source"])
    if not FIRST_DATE <= rate.from_date < (rate.to_date or END_DATE) <= END_DATE:
        raise ValueError(f"the rate from {rate.from_date} does not end after it begins")
    return rate


def _whole(text: str, decimals: int) -> int:
    scaled = Decimal(text).scaleb(decimals)
    if scaled != int(scaled):
        raise ValueError(f"{text} has more than {decimals} decimals")
    return int(scaled)


def _in_order(rates: Mapping[str, list[Rate]]) -> Mapping[str, Sequence[Rate]]:
    ordered = {name: sorted(rows, key=lambda rate: rate.from_date) for name, rows in rates.items()}
    for name, earlier, later in _neighbours(ordered):
        if earlier.end_hour > later.first_hour:
            raise ValueError(f"two rates for {name} hold at {later.from_date}")
    return ordered


def _neighbours(ordered: Mapping[str, Sequence[Rate]]) -> Iterator[tuple[str, Rate, Rate]]:
    for name, rows in ordered.items():
        for earlier, later in pairwise(rows):
            yield name, earlier, later
