"""Spot prices in CSV, from a price service or a meter reader, in kr/kWh ex. VAT."""

from typing import Final

from services.metering.domain.files.csv_readings import PRICED_METER_HEADER
from services.metering.domain.files.quote_list import QuoteList
from services.metering.domain.files.reader import Rows, columns_of
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import parse_price, parse_quarter
from services.metering.domain.prices import MAX_PRICE, PRICE_DECIMALS
from services.metering.domain.problems import Refused
from services.metering.domain.quotes import QUOTE_DECIMALS, Currency, Quotes

PRICES_HEADER: Final = "start;nok_per_kwh_ex_vat"

_LIMIT = MAX_PRICE * 10 ** (QUOTE_DECIMALS - PRICE_DECIMALS)


class CsvPrices:
    """Prices of hours or quarters: the start in the first column and the price in the last.

    Attributes:
        tally: How many prices there are, and what is wrong with those that are refused.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._rows = Rows(self, self.tally)
        self._columns = 0
        self._quotes = QuoteList(Currency.NOK, "line {}".format)

    def feed(self, data: bytes) -> None:
        """Reads the next bytes."""
        self._rows.feed(data)

    def end(self) -> Quotes:
        """Returns the prices."""
        self._rows.end()
        return self._quotes.by_hour(self.tally)

    def header(self, line: str) -> None:
        """Takes the header."""
        if line not in (PRICES_HEADER, PRICED_METER_HEADER):
            raise Refused("FILE_HEADER", expected=f"{PRICES_HEADER} | {PRICED_METER_HEADER}")
        self._columns = len(line.split(";"))

    def row(self, number: int, line: str) -> None:
        """Takes a price."""
        columns = columns_of(line, self._columns)
        price = parse_price(columns[-1], QUOTE_DECIMALS, _LIMIT)
        self._quotes.add(number, parse_quarter(columns[0]), price)
