"""Files that are being imported: bytes in, batches of values or prices out."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kit.errors import FieldError, Invalid
from services.metering.domain.batches import Batch, Batcher, SeriesKey
from services.metering.domain.files.lines import Beginning
from services.metering.domain.files.prices import PricesFile, open_prices_file
from services.metering.domain.files.readings import open_readings_file
from services.metering.domain.files.series import ReadingsFile, Series
from services.metering.domain.files.tally import Tally
from services.metering.domain.problems import FileChanged, Refused
from services.metering.domain.quotes import Quotes

_HOW_IT_IS_CUT: Final = b"2"
"""Changes whenever files are cut into other batches: an import that began with the old ones is then
not taken up again, but begins anew."""


class IncomingFile:
    """The readings of a file, as batches.

    Args:
        gsrn: The metering point that all of them are said to be of; empty if the file says.
        sha256: The hash of the file.

    Attributes:
        key: What tells the import of this file from all others.
    """

    def __init__(self, gsrn: str, sha256: bytes) -> None:
        self.key = hashlib.sha256(_HOW_IT_IS_CUT + sha256 + gsrn.encode()).digest()
        self._gsrn = gsrn
        self._sha256 = sha256
        self._hash = hashlib.sha256()
        self._beginning = Beginning()
        self._file: ReadingsFile | None = None
        self._batcher = Batcher()
        self._of_others: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """How many rows there are so far, those that are refused among them."""
        return self._file.tally.rows if self._file else 0

    @property
    def refused(self) -> int:
        """How many of them are refused."""
        refused = self._file.tally.refused if self._file else 0
        return refused + sum(self._of_others.values())

    @property
    def problems(self) -> Sequence[FieldError]:
        """Why, for the first of them."""
        of_others = [
            Refused("OTHER_METERING_POINT", expected=self._gsrn, found=gsrn, values=values).at(gsrn)
            for gsrn, values in self._of_others.items()
        ]
        return [*(self._file.tally.problems if self._file else ()), *of_others]

    def feed(self, data: bytes) -> Sequence[Batch]:
        """Reads the next bytes, and returns the batches that they complete.

        Raises:
            BadFile: If it is no file of readings.
            Invalid: If nobody says which metering point they are of.
        """
        self._hash.update(data)
        if self._file is None:
            data = self._beginning.add(data)
            if not data:
                return []
            self._file = open_readings_file(data)
        return list(self._batches(self._file.feed(data)))

    def end(self) -> Sequence[Batch]:
        """Returns the rest, once all bytes are fed.

        Raises:
            BadFile: If it was no file of readings.
            FileChanged: If it is not the file of the hash.
            Invalid: If nobody says which metering point they are of.
        """
        file, stretches = self._file, list[Series]()
        if file is None:
            file = open_readings_file(self._beginning.held)
            stretches.extend(file.feed(self._beginning.held))
        stretches.extend(file.end())
        if self._hash.digest() != self._sha256:
            raise FileChanged
        return [*self._batches(stretches), *self._batcher.rest()]

    def _batches(self, stretches: Iterable[Series]) -> Iterator[Batch]:
        for stretch in stretches:
            gsrn = stretch.gsrn or self._gsrn
            if not gsrn:
                raise Invalid(FieldError("gsrn", "METERING_POINT_MISSING"))
            if self._gsrn and gsrn != self._gsrn:
                values = len(stretch.readings.hours)
                self._of_others[gsrn] = self._of_others.get(gsrn, 0) + values
            else:
                yield from self._batcher.add(SeriesKey(gsrn, stretch.direction), stretch.readings)


class IncomingPrices:
    """The prices of a file of one area.

    Args:
        price_area: The area that they are to be of.
    """

    def __init__(self, price_area: str) -> None:
        self._price_area = price_area
        self._beginning = Beginning()
        self._file: PricesFile | None = None

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If it is no file of prices, or of another area.
        """
        if self._file is None:
            data = self._beginning.add(data)
            if not data:
                return
            self._file = open_prices_file(data, self._price_area)
        self._file.feed(data)

    def end(self) -> tuple[Quotes, Tally]:
        """Returns the prices, and what is wrong with the rest, once all bytes are fed.

        Raises:
            BadFile: If it was no file of prices.
        """
        if self._file is None:
            self._file = open_prices_file(self._beginning.held, self._price_area)
            self._file.feed(self._beginning.held)
        return self._file.end(), self._file.tally
