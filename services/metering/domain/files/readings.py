"""Files of readings: from Elhub's customer portal, and from a household's own meter reader."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from kit.errors import FieldError
from services.metering.domain.calendar import END_HOUR
from services.metering.domain.files.reader import FileReader, columns_of
from services.metering.domain.files.series import BATCH_VALUES, ReadingsFile, Series
from services.metering.domain.files.values import (
    parse_comma_wh,
    parse_hour,
    parse_moment,
    parse_point_wh,
)
from services.metering.domain.problems import Refused
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality, Readings

ELHUB_HEADER: Final = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
METER_HEADER: Final = "start;kwh"
PRICED_METER_HEADER: Final = "start;kwh;spot_nok_per_kwh_ex_vat"

QUALITIES: Final = {
    "målt": Quality.MEASURED,
    "estimert": Quality.ESTIMATED,
    "endelig estimert": Quality.FINAL_ESTIMATED,
    "midlertidig": Quality.TEMPORARY,
    "beregnet": Quality.CALCULATED,
}
"""The words in Elhub's files. "Manglende verdi" and "Avvist" are none: they tell no value."""

_Row = tuple[Direction, int, int, Quality, int]
"""Direction, hour, Wh, quality, and when it was registered in seconds since the epoch."""


def open_readings_file(_first_bytes: bytes) -> ReadingsFile:
    """Returns what reads a file that begins like this; these bytes have to be fed to it as well."""
    return CsvReadings()


class CsvReadings:
    """Readings of one metering point, in the format that the header names; a `ReadingsFile`."""

    def __init__(self) -> None:
        self._stretches = _Stretches()
        self._lines = FileReader(self._stretches)

    @property
    def rows(self) -> int:
        """How many rows there are so far."""
        return self._lines.rows

    @property
    def refused(self) -> int:
        """How many of them are refused."""
        return self._lines.bad_lines

    @property
    def problems(self) -> Sequence[FieldError]:
        """Why, for the first of them."""
        return self._lines.problems

    def feed(self, data: bytes) -> Iterator[Series]:
        """Reads the next bytes, and yields what is complete."""
        self._lines.feed(data)
        return self._stretches.take()

    def end(self) -> Iterator[Series]:
        """Yields the rest."""
        return self._lines.end()


class _Stretches:
    """Rows of either direction, in the order of the file."""

    def __init__(self) -> None:
        self._header = ""
        self._gathering: dict[Direction, _Stretch] = {}
        self._complete: list[Series] = []

    def header(self, line: str) -> None:
        """Takes the header, and with it the format."""
        if line not in _FORMATS:
            raise Refused("FILE_HEADER", expected=" | ".join(_FORMATS))
        self._header = line

    def row(self, number: int, line: str) -> None:
        """Takes the value of an hour."""
        direction, hour, wh, quality, registered = _FORMATS[self._header](line)
        if direction not in self._gathering:
            self._gathering[direction] = _Stretch(direction)
        stretch = self._gathering[direction]
        stretch.add(number, hour, wh, quality, registered)
        if stretch.is_full:
            self._complete.append(stretch.take())

    def take(self) -> Iterator[Series]:
        """Hands over what is complete."""
        complete, self._complete = self._complete, []
        return iter(complete)

    def result(self) -> Iterator[Series]:
        """Hands over all that is left."""
        yield from self.take()
        for stretch in self._gathering.values():
            if not stretch.is_empty:
                yield stretch.take()


class _Stretch:
    """Values of one direction until they are handed over, and the line of each hour so far."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._lines = array("i", [0]) * END_HOUR
        self._clear()

    @property
    def is_full(self) -> bool:
        """Whether it has as many values as may be handed over at once."""
        return len(self._hours) >= BATCH_VALUES

    @property
    def is_empty(self) -> bool:
        """Whether it has none."""
        return not self._hours

    def add(self, line: int, hour: int, wh: int, quality: Quality, registered: int) -> None:
        """Takes a value.

        Raises:
            Refused: If its hour stood on an earlier line.
        """
        if self._lines[hour]:
            raise Refused("HOUR_REPEATED", line=self._lines[hour])
        self._lines[hour] = line
        self._hours.append(hour)
        self._wh.append(wh)
        self._qualities.append(quality)
        self._registered.append(registered)

    def take(self) -> Series:
        """Hands over the values in order of time."""
        hours = np.array(self._hours, np.int64)
        order = np.argsort(hours, kind="stable")
        readings = Readings(
            hours[order],
            np.array(self._wh, np.int32)[order],
            np.array(self._qualities, np.uint8)[order],
            np.array(self._registered, np.int64)[order],
        )
        self._clear()
        return Series(None, self._direction, readings)

    def _clear(self) -> None:
        self._hours = array("q")
        self._wh = array("i")
        self._qualities = array("B")
        self._registered = array("q")


def _elhub_row(line: str) -> _Row:
    start, end, meter, volume, unit, quality, registered = columns_of(line, 7)
    if unit != "kWh":
        raise Refused("UNIT_NOT_KWH")
    production = "produksjon" in meter.casefold()
    direction = Direction.PRODUCTION if production else Direction.CONSUMPTION
    hour = parse_hour(start)
    if parse_hour(end) != hour + 1:
        raise Refused("NOT_ONE_HOUR")
    if quality.casefold() not in QUALITIES:
        raise Refused("NOT_A_CHOICE", choices=", ".join(word.capitalize() for word in QUALITIES))
    wh = parse_comma_wh(volume)
    at = int(parse_moment(registered).timestamp())
    return direction, hour, wh, QUALITIES[quality.casefold()], at


def _meter_row(line: str) -> _Row:
    start, kwh = columns_of(line, 2)
    hour, wh = parse_hour(start), parse_point_wh(kwh)
    return Direction.CONSUMPTION, hour, wh, Quality.MEASURED, NEVER_REGISTERED


def _priced_meter_row(line: str) -> _Row:
    start, kwh, _price = columns_of(line, 3)
    hour, wh = parse_hour(start), parse_point_wh(kwh)
    return Direction.CONSUMPTION, hour, wh, Quality.MEASURED, NEVER_REGISTERED


_FORMATS: Final = {
    ELHUB_HEADER: _elhub_row,
    METER_HEADER: _meter_row,
    PRICED_METER_HEADER: _priced_meter_row,
}
