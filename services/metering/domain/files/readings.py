"""Files of readings: from Elhub's customer portal, and from a household's own meter reader."""

from array import array
from typing import Final

import numpy as np

from services.metering.domain.files.reader import HourIndex, columns_of
from services.metering.domain.files.values import (
    parse_comma_wh,
    parse_hour,
    parse_moment,
    parse_point_wh,
)
from services.metering.domain.problems import Refused
from services.metering.domain.readings import NEVER_REGISTERED, Quality, Readings

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

_Row = tuple[int, int, Quality, int]


class ReadingsFormat:
    """Readings of one metering point, in the format that the header names."""

    def __init__(self) -> None:
        self._header = ""
        self._hours = HourIndex()
        self._wh = array("i")
        self._qualities = array("B")
        self._registered = array("q")

    def header(self, line: str) -> None:
        """Takes the header, and with it the format."""
        if line not in _FORMATS:
            raise Refused("FILE_HEADER", expected=" | ".join(_FORMATS))
        self._header = line

    def row(self, number: int, line: str) -> None:
        """Takes the value of an hour."""
        hour, wh, quality, registered = _FORMATS[self._header](line)
        self._hours.add(number, hour)
        self._wh.append(wh)
        self._qualities.append(quality)
        self._registered.append(registered)

    def result(self) -> Readings:
        """Returns the values in order of time."""
        hours, order = self._hours.in_order()
        return Readings(
            hours,
            np.array(self._wh, np.int32)[order],
            np.array(self._qualities, np.uint8)[order],
            np.array(self._registered, np.int64)[order],
        )


def _elhub_row(line: str) -> _Row:
    start, end, meter, volume, unit, quality, registered = columns_of(line, 7)
    if unit != "kWh":
        raise Refused("UNIT_NOT_KWH")
    if "produksjon" in meter.casefold():
        raise Refused("PRODUCTION_NOT_TAKEN")
    hour = parse_hour(start)
    if parse_hour(end) != hour + 1:
        raise Refused("NOT_ONE_HOUR")
    if quality.casefold() not in QUALITIES:
        raise Refused("NOT_A_CHOICE", choices=", ".join(word.capitalize() for word in QUALITIES))
    wh = parse_comma_wh(volume)
    return hour, wh, QUALITIES[quality.casefold()], int(parse_moment(registered).timestamp())


def _meter_row(line: str) -> _Row:
    start, kwh = columns_of(line, 2)
    return parse_hour(start), parse_point_wh(kwh), Quality.MEASURED, NEVER_REGISTERED


def _priced_meter_row(line: str) -> _Row:
    start, kwh, _price = columns_of(line, 3)
    return parse_hour(start), parse_point_wh(kwh), Quality.MEASURED, NEVER_REGISTERED


_FORMATS: Final = {
    ELHUB_HEADER: _elhub_row,
    METER_HEADER: _meter_row,
    PRICED_METER_HEADER: _priced_meter_row,
}
