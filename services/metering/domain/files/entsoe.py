"""Day-ahead prices as ENTSO-E's transparency platform gives them: Publication_MarketDocument.

Prices are in EUR/MWh, of hours or quarters. With curve type A03 a position is left out where its
price is that of the position before (ENTSO-E's XML schema use, 1.0, page 10).
"""

import re
from dataclasses import dataclass
from typing import Final

from services.metering.domain.files.quote_list import QuoteList
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import LENGTHS, QUARTERS, parse_price, parse_quarter
from services.metering.domain.files.xml_stream import Attributes, XmlStream
from services.metering.domain.problems import BadFile, Refused
from services.metering.domain.quotes import QUOTE_DECIMALS, Currency, Quotes

AREA_CODES: Final = {
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
}
"""The areas' Energy Identification Codes (ENTSO-E's list of areas)."""

ROOT: Final = "Publication_MarketDocument"

MOST_POSITIONS: Final = 400 * 24 * QUARTERS
"""Of a period: more than a year of quarters."""

_KWH_DECIMALS = QUOTE_DECIMALS - 3  # of a price per MWh
_LIMIT = 10_000 * 10**_KWH_DECIMALS
"""Well beyond the harmonised limits of the market, 4,000 EUR/MWh."""

_REPEATING = "A03"
_POSITION = re.compile(r"[0-9]{1,6}")
_DOMAINS = ("in_Domain.mRID", "out_Domain.mRID")


class EntsoePrices:
    """Prices of one area; a `PricesFile`.

    Args:
        price_area: The area that they are to be of.

    Attributes:
        tally: How many prices there are, and what is wrong with those that are refused.
    """

    def __init__(self, price_area: str) -> None:
        self.tally = Tally()
        self._document = _Document(price_area, self.tally)
        self._stream = XmlStream(self._document)

    def feed(self, data: bytes) -> None:
        """Reads the next bytes."""
        self._stream.feed(data)

    def end(self) -> Quotes:
        """Returns the prices."""
        self._stream.end()
        if self.tally.rows == 0:
            raise BadFile.of(Refused("NOTHING_FOUND", expected=f"{ROOT} + Point").at("file"))
        return self._document.quotes.by_hour(self.tally)


@dataclass
class _Period:
    """A period of a series, and how far it has been read.

    Attributes:
        start: The quarter that it starts with, by number.
        length: How long a position is, in quarters.
        positions: How many there are.
        repeats: Whether a position that is left out has the price of the one before.
        last: The last position that was read.
        price: Its price in 1e-9 EUR/kWh; None where it is not known.
        place: Where it stands.
    """

    start: int
    length: int
    positions: int
    repeats: bool
    last: int = 0
    price: int | None = None
    place: int = 0

    def skipped(self, end: int) -> range:
        """Returns the positions between the last one and another that have its price."""
        return range(self.last + 1, end) if self.repeats and self.price is not None else range(0)


class _Document:
    """Finds the prices in a document.

    Attributes:
        quotes: Where they go.
    """

    def __init__(self, price_area: str, tally: Tally) -> None:
        self._price_area = price_area
        self._tally = tally
        self.quotes = QuoteList(Currency.EUR, _name)
        self._series: dict[str, str] = {}
        self._interval: dict[str, str] = {}
        self._point: dict[str, str] = {}
        self._period: _Period | Refused | None = None

    def start(self, name: str, _attributes: Attributes) -> None:
        """Takes the beginning of an element."""
        if name == "TimeSeries":
            self._series = {}
        elif name == "Period":
            self._interval, self._period = {}, None
        elif name == "Point":
            self._point = {}
            if self._period is None:
                self._begin_period()

    def end(self, name: str, text: str, parent: str) -> bool:
        """Takes the end of an element."""
        if name == "Point":
            self._take_point()
        elif name == "Period" and isinstance(self._period, _Period):
            self._repeat(self._period, self._period.positions + 1)
        elif parent == "TimeSeries":
            self._series[name] = text
        elif parent in ("Period", "timeInterval"):
            self._interval[name] = text
        elif parent == "Point":
            self._point[name] = text
        return name == "Point"

    def _begin_period(self) -> None:
        """Takes what holds for all prices of a period; it stands before them.

        Raises:
            BadFile: If the prices are of another area, or in something else than EUR/MWh.
        """
        codes = {self._series[name] for name in _DOMAINS if name in self._series}
        if codes != {AREA_CODES[self._price_area]}:
            areas = {code: area for area, code in AREA_CODES.items()}
            found = ", ".join(sorted(areas.get(code, code) for code in codes)) or "?"
            problem = Refused("OTHER_PRICE_AREA", found=found, expected=self._price_area)
            raise BadFile.of(problem.at("file"))
        units = [
            self._series.get(name) for name in ("currency_Unit.name", "price_Measure_Unit.name")
        ]
        if units != ["EUR", "MWH"]:
            raise BadFile.of(Refused("NOT_EUR_PER_MWH").at("file"))
        try:
            self._period = self._parsed_period()
        except Refused as refused:
            self._period = refused

    def _parsed_period(self) -> _Period:
        length = LENGTHS.get(self._interval.get("resolution", ""))
        if length is None:
            raise Refused("LENGTH_UNKNOWN")
        start = parse_quarter(self._interval.get("start", ""))
        end = parse_quarter(self._interval.get("end", ""))
        if start % length or end % length:
            raise Refused("NOT_A_FULL_HOUR")
        positions = (end - start) // length
        if not 0 < positions <= MOST_POSITIONS:
            raise Refused("POSITION_INVALID", positions=MOST_POSITIONS)
        return _Period(start, length, positions, self._series.get("curveType") == _REPEATING)

    def _take_point(self) -> None:
        self._tally.rows += 1
        place, period = self._tally.rows, self._period
        try:
            if not isinstance(period, _Period):
                raise period or Refused("LENGTH_UNKNOWN")
            self._take(place, period)
        except Refused as refused:
            if isinstance(period, _Period):
                period.price = None  # nobody knows what would carry on from here
            self._tally.refuse(refused.at(_name(place)))

    def _take(self, place: int, period: _Period) -> None:
        position = self._point.get("position", "")
        number = int(position) if _POSITION.fullmatch(position) is not None else 0
        if not period.last < number <= period.positions:
            raise Refused("POSITION_INVALID", positions=period.positions)
        self._repeat(period, number)
        period.last, period.place, period.price = number, place, None
        period.price = parse_price(self._point.get("price.amount", ""), _KWH_DECIMALS, _LIMIT)
        self._add(period, number)

    def _repeat(self, period: _Period, end: int) -> None:
        """Adds the positions that are left out before another."""
        for position in period.skipped(end):
            self._add(period, position)

    def _add(self, period: _Period, position: int) -> None:
        if period.price is not None:
            start = period.start + (position - 1) * period.length
            self.quotes.add(period.place, start, period.price)


def _name(place: int) -> str:
    return f"point {place}"
