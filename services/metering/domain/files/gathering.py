"""Gathers the values of a file into series: hours as they are, quarters four at a time."""

from array import array
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from services.metering.domain.files.series import BATCH_VALUES, Series
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import QUARTERS
from services.metering.domain.problems import Refused
from services.metering.domain.readings import MAX_HOUR_WH, Direction, Quality, Readings

MOST_OPEN_HOURS: Final = 10_000
"""How many hours may wait for further quarters: those of a file lie close to each other."""

_BLOCK = 64
_HOUR = QUARTERS

_SURENESS = {
    quality: rank
    for rank, quality in enumerate(
        (
            Quality.MEASURED,
            Quality.CALCULATED,
            Quality.FINAL_ESTIMATED,
            Quality.ESTIMATED,
            Quality.TEMPORARY,
        )
    )
}

_Key = tuple[str | None, Direction]


class Value(NamedTuple):
    """A value of a file.

    Attributes:
        gsrn: The metering point; None where the file does not say.
        direction: Which way the energy went.
        start: The quarter that it starts with, by number.
        quarters: How long it is: 4 is an hour, 1 a quarter.
        wh: Its energy in Wh.
        quality: How it came to be.
        registered: When it was registered, in seconds since 1970-01-01T00:00Z.
    """

    gsrn: str | None
    direction: Direction
    start: int
    quarters: int
    wh: int
    quality: Quality
    registered: int


class Gathering:
    """Values until they are handed over, and the place of every hour that was there so far.

    A place is a number that the file's reader can name again.

    Args:
        tally: Where hours are refused that lack a quarter.
        name: Names a place.
        repeated: Says that an hour has been at a place already.
    """

    def __init__(
        self, tally: Tally, name: Callable[[int], str], repeated: Callable[[int], Refused]
    ) -> None:
        self._tally = tally
        self._name = name
        self._repeated = repeated
        self._numbers: dict[_Key, int] = {}
        self._places: dict[tuple[int, int], array[int]] = {}
        self._open: dict[tuple[int, int], _OpenHour] = {}
        self._gathered: dict[_Key, _Columns] = {}
        self._size = 0
        self._complete: list[Series] = []

    def add(self, place: int, value: Value) -> None:
        """Takes a value.

        Args:
            place: Where it stands; 1 or more.
            value: The value.

        Raises:
            Refused: If its time has been there already.
        """
        key = (value.gsrn, value.direction)
        number = self._numbers.setdefault(key, len(self._numbers))
        if value.quarters == _HOUR:
            hour = value.start // QUARTERS
            self._note(number, hour, place)
            self._put(key, hour, value.wh, value.quality, value.registered)
        else:
            self._add_quarter(place, key, number, value)

    def take(self) -> Iterator[Series]:
        """Hands over what is complete: as many values as go together."""
        complete, self._complete = self._complete, []
        return iter(complete)

    def end(self) -> Iterator[Series]:
        """Refuses the hours that lack a quarter, and hands over the rest."""
        for open_hour in self._open.values():
            self._refuse(open_hour)
        self._open.clear()
        self._hand_over()
        return self.take()

    def _add_quarter(self, place: int, key: _Key, number: int, value: Value) -> None:
        hour, quarter = divmod(value.start, QUARTERS)
        open_hour = self._open.get((number, hour))
        if open_hour is None:
            self._note(number, hour, place)
            open_hour = self._open[number, hour] = _OpenHour(place)
        open_hour.add(place, quarter, value, self._repeated)
        if len(open_hour.places) == QUARTERS:
            del self._open[number, hour]
            self._put(key, hour, open_hour.wh, open_hour.quality, open_hour.registered)
        elif len(self._open) > MOST_OPEN_HOURS:
            self._refuse(self._open.pop(next(iter(self._open))))

    def _note(self, number: int, hour: int, place: int) -> None:
        """Notes where an hour stands, in arrays and not in an object each."""
        block, at = divmod(hour, _BLOCK)
        places = self._places.get((number, block))
        if places is None:
            places = self._places[number, block] = array("q", bytes(8 * _BLOCK))
        if places[at]:
            raise self._repeated(places[at])
        places[at] = place

    def _refuse(self, open_hour: "_OpenHour") -> None:
        found = len(open_hour.places)
        problem = Refused("QUARTERS_MISSING", found=found).at(self._name(open_hour.first))
        self._tally.refuse(problem, rows=found)

    def _put(self, key: _Key, hour: int, wh: int, quality: Quality, registered: int) -> None:
        columns = self._gathered.get(key)
        if columns is None:
            columns = self._gathered[key] = _Columns()
        columns.add(hour, wh, quality, registered)
        self._size += 1
        if self._size == BATCH_VALUES:
            self._hand_over()

    def _hand_over(self) -> None:
        for (gsrn, direction), columns in self._gathered.items():
            self._complete.append(Series(gsrn, direction, columns.in_order()))
        self._gathered.clear()
        self._size = 0


class _OpenHour:
    """The quarters of an hour that are there so far."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.places: dict[int, int] = {}
        self.wh = 0
        self.quality = Quality.MEASURED
        self.registered = 0

    def add(
        self, place: int, quarter: int, value: Value, repeated: Callable[[int], Refused]
    ) -> None:
        """Takes a quarter: the hour is as unsure as its least sure one, and as new as its newest.

        Raises:
            Refused: If it has been there already, or the hour would hold too much.
        """
        if quarter in self.places:
            raise repeated(self.places[quarter])
        if self.wh + value.wh > MAX_HOUR_WH:
            raise Refused("ENERGY_TOO_LARGE", limit=MAX_HOUR_WH // 1000)
        self.places[quarter] = place
        self.wh += value.wh
        self.quality = max(self.quality, value.quality, key=_SURENESS.__getitem__)
        self.registered = max(self.registered, value.registered)


class _Columns:
    """Hours of one series, in the order of the file."""

    def __init__(self) -> None:
        self._hours = array("q")
        self._wh = array("i")
        self._qualities = array("B")
        self._registered = array("q")

    def add(self, hour: int, wh: int, quality: Quality, registered: int) -> None:
        """Takes an hour."""
        self._hours.append(hour)
        self._wh.append(wh)
        self._qualities.append(quality)
        self._registered.append(registered)

    def in_order(self) -> Readings:
        """Returns the hours in order of time."""
        hours = np.array(self._hours, np.int64)
        order = np.argsort(hours, kind="stable")
        return Readings(
            hours[order],
            np.array(self._wh, np.int32)[order],
            np.array(self._qualities, np.uint8)[order],
            np.array(self._registered, np.int64)[order],
        )
