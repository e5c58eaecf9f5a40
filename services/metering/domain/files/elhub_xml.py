"""Readings in XML, as Elhub sends them: NotifyValidatedDataForBillingEnergy, and ebIX beside it.

A message holds series, each a metering point and direction over a period; a value stands at a
position of its series. How a value came to be is the name of its element (`Metered`, `Estimated`
with a code in `Quality`, `Temporary`, `Calculated`; Elhub's note on volume and quality in EIM and
BIM), or with ebIX a code in `QuantityQuality`. All that is said of a series stands before its
values, as its schema has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.metering.domain.files.gathering import Gathering, Value
from services.metering.domain.files.qualities import parse_quality
from services.metering.domain.files.series import Series
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import (
    LENGTHS,
    parse_moment,
    parse_point_wh,
    parse_quarter,
)
from services.metering.domain.files.xml_stream import Attributes, XmlStream
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.problems import BadFile, Refused
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality

ACTIVE_ENERGY: Final = "8716867000030"
"""GS1's number of the product; others are reactive energy, or worked out by Elhub from hours."""

GS1: Final = "9"
"""The agency that numbers metering points."""

_SERIES = "PayloadEnergyTimeSeries"
_OBSERVATIONS = ("Observation", "IntervalEnergyObservation")
_POSITIONS = ("Position", "Sequence")
_VALUES: Final = {
    "Metered": Quality.MEASURED,
    "Estimated": Quality.ESTIMATED,
    "Temporary": Quality.TEMPORARY,
    "Calculated": Quality.CALCULATED,
    "EnergyQuantity": Quality.MEASURED,
}
_MISSING = "QuantityMissing"
_QUALITY, _QUALITY_ATTRIBUTE = "QuantityQuality", "Quality"

_PERIODS = (
    "ObservationPeriodTimeSeriesPeriod",
    "ObservationTimeSeriesPeriod",
    "ObservationIntervalTimePeriod",
)
_POINTS = ("MeteringPointUsedDomainLocation", "MeteringPointDomainLocation")
_PRODUCTS = (
    "ProductIncludedProductCharacteristics",
    "ProductIncludedProductCharacteristic",
    "IncludedProductCharacteristic",
)
_YEARLY = "AnnualPeriodEstimatedMetrics"
_TYPES = ("MeteringPointType", "TypeOfMeteringPoint")

_DIRECTIONS = {
    "E17": Direction.CONSUMPTION,
    "E18": Direction.PRODUCTION,
    "OUT": Direction.CONSUMPTION,
    "IN": Direction.PRODUCTION,
}
"""E17 and E18 are ebIX's kinds of metering points; OUT and IN are seen from the grid (Elhub's
format for the migration of metering values)."""

_POSITION = re.compile(r"[0-9]{1,9}")
_PLACE_BITS = 32
_NO_POSITION = (1 << _PLACE_BITS) - 1


class XmlReadings:
    """Readings in XML, of one metering point or of many; a `ReadingsFile`.

    Attributes:
        tally: How many values there are so far, and what is wrong with those that are refused.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._message = _Message(self.tally)
        self._stream = XmlStream(self._message)

    def feed(self, data: bytes) -> Iterator[Series]:
        """Reads the next bytes, and yields what is complete."""
        self._stream.feed(data)
        return self._message.gathering.take()

    def end(self) -> Iterator[Series]:
        """Yields the rest."""
        self._stream.end()
        if self.tally.rows == 0:
            raise BadFile.of(
                Refused("NOTHING_FOUND", expected=f"{_SERIES} + Observation").at("file")
            )
        return self._message.gathering.end()


@dataclass(frozen=True)
class _Common:
    """What holds for all values of a series.

    Attributes:
        gsrn: The metering point.
        direction: Which way the energy went.
        start: The quarter that the period starts with, by number.
        length: How long a value is, in quarters.
        positions: How many values the period has room for.
        registered: When the values were registered, in seconds since the epoch.
    """

    gsrn: str
    direction: Direction
    start: int
    length: int
    positions: int
    registered: int


class _Head:
    """What a series says before its values, as it stands in the file."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.first_position: int | None = None
        self._told: dict[str, str] = {}
        self._common: _Common | Refused | None = None

    def tell(self, name: str, text: str) -> None:
        """Takes what the series says.

        Raises:
            BadFile: If values went before it.
        """
        if self._common is not None:
            raise BadFile.of(Refused("FIELD_TOO_LATE", field=name).at(f"series {self.number}"))
        self._told[name] = text

    def common(self) -> _Common:
        """Returns what holds for all values.

        Raises:
            Refused: If it cannot be told, and so none of the values can be taken.
        """
        if self._common is None:
            try:
                self._common = self._parsed()
            except Refused as refused:
                self._common = refused
        if isinstance(self._common, Refused):
            raise self._common
        return self._common

    def _parsed(self) -> _Common:
        told = self._told
        if told.get("agency", GS1) != GS1:
            raise Refused("NOT_A_GSRN")
        if told.get("product", ACTIVE_ENERGY) != ACTIVE_ENERGY:
            raise Refused("NOT_ACTIVE_ENERGY", expected=ACTIVE_ENERGY)
        if told.get("UnitType", "").upper() != "KWH":
            raise Refused("UNIT_NOT_KWH")
        length = LENGTHS.get(told.get("ResolutionDuration", ""))
        if length is None:
            raise Refused("LENGTH_UNKNOWN")
        start, end = parse_quarter(told.get("Start", "")), parse_quarter(told.get("End", ""))
        if start % length or end % length:
            raise Refused("NOT_A_FULL_HOUR")
        registered = told.get("InsertDateTime") or told.get("RegistrationDateTime")
        return _Common(
            gsrn=check_gsrn(told.get("point", "")),
            direction=_direction(told.get("Direction") or told.get("type")),
            start=start,
            length=length,
            positions=(end - start) // length,
            registered=int(parse_moment(registered).timestamp())
            if registered
            else NEVER_REGISTERED,
        )


class _Observation:
    """A value as it stands in the file."""

    def __init__(self, attributes: Attributes) -> None:
        self.position = attributes.get("Sequence", "")
        self.text: str | None = None
        self.quality: Quality | None = None
        self.code: str | None = None


class _Message:
    """Finds the values in a message.

    Attributes:
        gathering: Where they go.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.gathering = Gathering(
            tally, name=_name, repeated=lambda place: Refused("TIME_REPEATED", place=_name(place))
        )
        self._head = _Head(0)
        self._observation: _Observation | None = None
        self._attributes: Attributes = {}

    def start(self, name: str, attributes: Attributes) -> None:
        """Takes the beginning of an element."""
        self._attributes = attributes
        if name == _SERIES:
            self._head = _Head(self._head.number + 1)
        elif name in _OBSERVATIONS:
            self._observation = _Observation(attributes)

    def end(self, name: str, text: str, parent: str) -> bool:
        """Takes the end of an element."""
        if self._observation is None:
            self._tell_of_series(name, text, parent)
        elif name in _OBSERVATIONS:
            self._take(self._observation)
            self._observation = None
            return True
        else:
            self._tell_of_value(self._observation, name, text)
        return False

    def _tell_of_series(self, name: str, text: str, parent: str) -> None:
        if parent in _POINTS and name == "Identification":
            self._head.tell("point", text)
            self._head.tell("agency", self._attributes.get("schemeAgencyIdentifier", GS1))
        elif parent in _PRODUCTS and name == "Identification":
            self._head.tell("product", text)
        elif name in _TYPES:
            self._head.tell("type", text)
        elif (
            (parent in _PRODUCTS and name == "UnitType")
            or (parent in _PERIODS and name in ("ResolutionDuration", "Start", "End"))
            or (parent == _SERIES and name in ("InsertDateTime", "RegistrationDateTime"))
            or (name == "Direction" and parent != _YEARLY)
        ):
            self._head.tell(name, text)

    def _tell_of_value(self, value: _Observation, name: str, text: str) -> None:
        if name in _POSITIONS:
            value.position = text
        elif name in _VALUES:
            value.text = text
            value.quality = _VALUES[name]
            value.code = self._attributes.get(_QUALITY_ATTRIBUTE, value.code)
        elif name == _QUALITY:
            value.code = text
        elif name == _MISSING:
            value.text = None

    def _take(self, observation: _Observation) -> None:
        self._tally.rows += 1
        head = self._head
        position = _position(observation.position)
        if head.first_position is None:
            head.first_position = position
        place = head.number << _PLACE_BITS | position
        try:
            self.gathering.add(place, _value(head, position, observation))
        except Refused as refused:
            self._tally.refuse(refused.at(_name(place)))


def _value(head: _Head, position: int, observation: _Observation) -> Value:
    common = head.common()
    # Positions begin at 1 with ebIX and are seen to begin at 0; a series is complete, so that its
    # first one tells (Elhub's BRS-NO-313: as many observations as the period has room for).
    index = position - (0 if head.first_position == 0 else 1)
    if not 0 <= index < common.positions:
        raise Refused("POSITION_INVALID", positions=common.positions)
    if observation.text is None or observation.quality is None:
        raise Refused("NO_VALUE")
    quality = observation.quality
    return Value(
        gsrn=common.gsrn,
        direction=common.direction,
        start=common.start + index * common.length,
        quarters=common.length,
        wh=parse_point_wh(observation.text),
        quality=quality if observation.code is None else parse_quality(observation.code),
        registered=common.registered,
    )


def _position(text: str) -> int:
    """Reads a position; one that is none lies outside of every series."""
    return int(text) if _POSITION.fullmatch(text) is not None else _NO_POSITION


def _direction(text: str | None) -> Direction:
    direction = Direction.CONSUMPTION if text is None else _DIRECTIONS.get(text.upper())
    if direction is None:
        raise Refused("NOT_A_CHOICE", choices=", ".join(_DIRECTIONS))
    return direction


def _name(place: int) -> str:
    series, position = divmod(place, 1 << _PLACE_BITS)
    return f"series {series}, position {'?' if position == _NO_POSITION else position}"
