"""The rates of the euro as Norges Bank gives them: CSV with semicolons, dataflow EXR.

Rows of other currencies are passed over. The columns that are read: `BASE_CUR` and `QUOTE_CUR`,
`UNIT_MULT` (2 is a rate for a hundred, which the euro never has), `TIME_PERIOD`, `OBS_VALUE`. The
bank writes a decimal comma where its file is asked for in Norwegian.
"""

from typing import TYPE_CHECKING, Final

from services.metering.domain.calendar import END_DATE, FIRST_DATE, parse_date
from services.metering.domain.exchange_rates import MAX_RATE, RATE_DECIMALS, ExchangeRate
from services.metering.domain.files.reader import Rows, columns_of
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import parse_scaled
from services.metering.domain.problems import BadFile, Refused

if TYPE_CHECKING:  # only attributes are annotated with it
    from datetime import date

SOURCE: Final = "Norges Bank EXR"

_COLUMNS: Final = ("BASE_CUR", "QUOTE_CUR", "UNIT_MULT", "TIME_PERIOD", "OBS_VALUE")
_EURO_IN_KRONER = ("EUR", "NOK", "0")


class ExchangeRatesFile:
    """A file of rates that is being read: feed it with the bytes as they come.

    Attributes:
        tally: How many rows there are, and what is wrong with those that are refused.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._rows = Rows(self, self.tally)
        self._width = 0
        self._columns: list[int] = []
        self._rates: dict[date, ExchangeRate] = {}
        self._lines: dict[date, int] = {}

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If it is no file of exchange rates.
        """
        self._rows.feed(data)

    def end(self) -> list[ExchangeRate]:
        """Returns the rates of the euro by date, once all bytes are fed.

        Raises:
            BadFile: If it was no file of exchange rates, or had none of the euro.
        """
        self._rows.end()
        if not self._rates and not self.tally.refused:
            raise BadFile.of(Refused("NOTHING_FOUND", expected="EUR;NOK").at("file"))
        return [self._rates[day] for day in sorted(self._rates)]

    def header(self, line: str) -> None:
        """Takes the header."""
        names = line.split(";")
        if any(names.count(name) != 1 for name in _COLUMNS):
            raise Refused("FILE_HEADER", expected=";".join(_COLUMNS))
        self._width = len(names)
        self._columns = [names.index(name) for name in _COLUMNS]

    def row(self, number: int, line: str) -> None:
        """Takes the rate of a date."""
        columns = columns_of(line, self._width)
        base, quote, units, day, rate = (columns[at].strip('"') for at in self._columns)
        if (base, quote, units) != _EURO_IN_KRONER:
            return
        published = parse_date(day)
        if not FIRST_DATE <= published < END_DATE:
            raise Refused("OUTSIDE_CALENDAR")
        if published in self._lines:
            raise Refused("TIME_REPEATED", place=f"line {self._lines[published]}")
        amount = parse_scaled(rate.replace(",", "."), RATE_DECIMALS)
        if not 0 < amount <= MAX_RATE:
            raise Refused("EXCHANGE_RATE_TOO_LARGE", limit=MAX_RATE // 10**RATE_DECIMALS)
        self._rates[published] = ExchangeRate(published, amount, SOURCE)
        self._lines[published] = number
