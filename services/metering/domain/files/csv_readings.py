"""Readings in CSV: from Elhub's customer portal, new and old, and from a meter reader."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from services.metering.domain.files.gathering import Gathering, Value
from services.metering.domain.files.old_portal import OLD_PORTAL_HEADER, OldPortal
from services.metering.domain.files.qualities import parse_word
from services.metering.domain.files.reader import Rows, columns_of
from services.metering.domain.files.series import Series
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import (
    QUARTERS,
    parse_comma_wh,
    parse_hour,
    parse_moment,
    parse_point_wh,
    parse_quarter,
)
from services.metering.domain.problems import Refused
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality

ELHUB_HEADER: Final = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
METER_HEADER: Final = "start;kwh"
PRICED_METER_HEADER: Final = "start;kwh;spot_nok_per_kwh_ex_vat"

Told = Iterable[tuple[int, Value | Refused]]
"""Values and refusals, each with its line."""


class LineFormat(Protocol):
    """What the lines under a header mean."""

    def row(self, number: int, line: str) -> Told:
        """Reads a line; what it means may have to wait for further ones.

        Raises:
            Refused: If it is wrong.
        """
        ...

    def end(self) -> Told:
        """Tells what still waits, once all lines are read."""
        ...


class CsvReadings:
    """Readings in CSV of one metering point, which the file does not name; a `ReadingsFile`.

    Attributes:
        tally: How many values there are so far, and what is wrong with those that are refused.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._values = _Values(self.tally)
        self._lines = Rows(self._values, self.tally)

    def feed(self, data: bytes) -> Iterator[Series]:
        """Reads the next bytes, and yields what is complete."""
        self._lines.feed(data)
        return self._values.gathering.take()

    def end(self) -> Iterator[Series]:
        """Yields the rest."""
        self._lines.end()
        self._values.end()
        return self._values.gathering.end()


class _Values:
    """Finds the values in lines, in the format that the header names.

    Attributes:
        gathering: Where they go.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.gathering = Gathering(
            tally,
            name="line {}".format,
            repeated=lambda line: Refused("HOUR_REPEATED", line=line),
        )
        self._format: LineFormat = _Meter(columns=2)
        self._refused_line = 0

    def header(self, line: str) -> None:
        """Takes the header, and with it the format."""
        if line == ELHUB_HEADER:
            self._format = _Portal()
        elif line in (METER_HEADER, PRICED_METER_HEADER):
            self._format = _Meter(columns=len(line.split(";")))
        elif (old := OldPortal.of(line)) is not None:
            self._format = old
        else:
            known = (ELHUB_HEADER, OLD_PORTAL_HEADER, METER_HEADER, PRICED_METER_HEADER)
            raise Refused("FILE_HEADER", expected=" | ".join(known))

    def row(self, number: int, line: str) -> None:
        """Takes a line."""
        self._gather(self._format.row(number, line))

    def end(self) -> None:
        """Takes what still waits for further lines."""
        self._gather(self._format.end())

    def _gather(self, told: Told) -> None:
        for line, value in told:
            try:
                if isinstance(value, Refused):
                    raise value
                self.gathering.add(line, value)
            except Refused as refused:
                if line != self._refused_line:  # which may hold a value of each direction
                    self._tally.refuse(refused.at_line(line))
                    self._refused_line = line


class _Portal:
    """Elhub's customer portal as it is now: hours and quarters, with the offset in each time."""

    def row(self, number: int, line: str) -> Told:
        """Reads a line."""
        start, end, meter, volume, unit, quality, registered = columns_of(line, 7)
        if unit != "kWh":
            raise Refused("UNIT_NOT_KWH")
        first = parse_quarter(start)
        length = parse_quarter(end) - first
        if length not in (1, QUARTERS):
            raise Refused("NOT_ONE_HOUR")
        if length == QUARTERS and first % QUARTERS:
            raise Refused("NOT_A_FULL_HOUR")
        value = Value(
            gsrn=None,
            direction=direction_of(meter),
            start=first,
            quarters=length,
            quality=parse_word(quality),
            wh=parse_comma_wh(volume),
            registered=int(parse_moment(registered).timestamp()),
        )
        return ((number, value),)

    def end(self) -> Told:
        """Tells nothing: no line waits for another."""
        return ()


class _Meter:
    """A household's own meter reader: hours that nobody has registered."""

    def __init__(self, columns: int) -> None:
        self._columns = columns

    def row(self, number: int, line: str) -> Told:
        """Reads a line."""
        start, kwh, *_price = columns_of(line, self._columns)
        value = Value(
            gsrn=None,
            direction=Direction.CONSUMPTION,
            start=QUARTERS * parse_hour(start),
            quarters=QUARTERS,
            wh=parse_point_wh(kwh),
            quality=Quality.MEASURED,
            registered=NEVER_REGISTERED,
        )
        return ((number, value),)

    def end(self) -> Told:
        """Tells nothing: no line waits for another."""
        return ()


def direction_of(meter: str) -> Direction:
    """Reads the name of a meter, such as `KWH 60 Forbruk`."""
    is_production = "produksjon" in meter.casefold()
    return Direction.PRODUCTION if is_production else Direction.CONSUMPTION
