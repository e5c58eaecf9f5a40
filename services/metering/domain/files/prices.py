"""Files of spot prices, from a price service or from a household's own meter reader."""

from array import array
from typing import Final

import numpy as np

from services.metering.domain.files.reader import HourIndex, columns_of
from services.metering.domain.files.readings import PRICED_METER_HEADER
from services.metering.domain.files.values import parse_hour, parse_price
from services.metering.domain.prices import MAX_PRICE, PRICE_DECIMALS, Prices
from services.metering.domain.problems import Refused

PRICES_HEADER: Final = "start;nok_per_kwh_ex_vat"


class PricesFormat:
    """Prices of one area: the hour in the first column and the price in the last."""

    def __init__(self) -> None:
        self._columns = 0
        self._hours = HourIndex()
        self._amounts = array("i")

    def header(self, line: str) -> None:
        """Takes the header."""
        if line not in (PRICES_HEADER, PRICED_METER_HEADER):
            raise Refused("FILE_HEADER", expected=f"{PRICES_HEADER} | {PRICED_METER_HEADER}")
        self._columns = len(line.split(";"))

    def row(self, number: int, line: str) -> None:
        """Takes the price of an hour."""
        columns = columns_of(line, self._columns)
        amount = parse_price(columns[-1], PRICE_DECIMALS, MAX_PRICE)
        self._hours.add(number, parse_hour(columns[0]))
        self._amounts.append(amount)

    def result(self) -> Prices:
        """Returns the prices in order of time."""
        hours, order = self._hours.in_order()
        return Prices(hours, np.array(self._amounts, np.int32)[order])
