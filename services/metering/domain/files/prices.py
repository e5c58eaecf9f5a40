"""Files of spot prices, in every format that there is."""

from typing import Protocol

from services.metering.domain.files.csv_prices import CsvPrices
from services.metering.domain.files.entsoe import EntsoePrices
from services.metering.domain.files.lines import first_sign
from services.metering.domain.files.tally import Tally
from services.metering.domain.quotes import Quotes


class PricesFile(Protocol):
    """A file of one area's prices that is being read: feed it with the bytes as they come."""

    @property
    def tally(self) -> Tally:
        """How many prices there are, and what is wrong with those that are refused."""
        ...

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If it is no file of prices, or of another area.
        """
        ...

    def end(self) -> Quotes:
        """Returns the prices, once all bytes are fed.

        Raises:
            BadFile: If it was no file of prices.
        """
        ...


def open_prices_file(first_bytes: bytes, price_area: str) -> PricesFile:
    """Returns what reads a file that begins like this; these bytes have to be fed to it as well."""
    if first_sign(first_bytes) == b"<":
        return EntsoePrices(price_area)
    return CsvPrices()
