"""Readings in JSON, as Elhub's API gives them: values in arrays named `meterValues`.

What holds for all values of an array stands beside it: the metering point, the direction, the
resolution, when they were registered and how they came to be. The order of an object's members
means nothing in JSON, so values wait until the object that names the metering point ends, or until
too many wait.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.metering.domain.files.gathering import Gathering, Value
from services.metering.domain.files.json_stream import JsonStream, Scalar
from services.metering.domain.files.qualities import parse_quality
from services.metering.domain.files.series import Series
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import (
    LENGTHS,
    QUARTERS,
    parse_decimal_wh,
    parse_moment,
    parse_point_wh,
    parse_quarter,
)
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.problems import BadFile, Refused
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality

VALUES: Final = "meterValues"
"""The array whose elements are values."""

MOST_WAITING: Final = 10_000
"""How many values may wait for what is said after them: more than a year of hours."""

_START, _END, _KWH = "startTime", "endTime", "quantityKwh"
_POINT, _DIRECTION, _RESOLUTION, _QUALITY = "meteringPointId", "direction", "resolution", "quality"
_INSERTED, _UPDATED = "insertDateTime", "lastUpdatedTime"
_COMMON = (_POINT, _DIRECTION, _RESOLUTION, _QUALITY, _INSERTED, _UPDATED)
"""What may be said of a value or of all of them. `insertDateTime` says when Elhub was told, which
is what its portal calls the registration; it goes before `lastUpdatedTime`."""

_OTHER_NAMES = {"usagePointId": _POINT, "gsrn": _POINT, "id": _POINT}
_GSRN_LENGTH = 18

_DIRECTIONS = {
    "CONSUMPTION": Direction.CONSUMPTION,
    "FORBRUK": Direction.CONSUMPTION,
    "OUT": Direction.CONSUMPTION,
    "PRODUCTION": Direction.PRODUCTION,
    "PRODUKSJON": Direction.PRODUCTION,
    "IN": Direction.PRODUCTION,
}
"""IN and OUT are seen from the grid (Elhub's format for the migration of metering values)."""

Members = dict[str, Scalar]


class JsonReadings:
    """Readings in JSON, of one metering point or of many; a `ReadingsFile`.

    Attributes:
        tally: How many values there are so far, and what is wrong with those that are refused.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._document = _Document(self.tally)
        self._stream = JsonStream(self._document)

    def feed(self, data: bytes) -> Iterator[Series]:
        """Reads the next bytes, and yields what is complete."""
        self._stream.feed(data)
        return self._document.gathering.take()

    def end(self) -> Iterator[Series]:
        """Yields the rest."""
        self._stream.end()
        if not self._document.has_values:
            raise BadFile.of(Refused("NOTHING_FOUND", expected=VALUES).at("file"))
        return self._document.gathering.end()


class _Frame:
    """An object or array that has begun and not ended.

    Attributes:
        is_object: Whether it is an object.
        holds_values: Whether it is an array of values.
        is_value: Whether it is an element of such an array.
        members: Of an object, what it says of values.
        waiting: Values in it that wait for the rest of it.
        is_used: Whether values in it have gone on already.
    """

    def __init__(self, *, is_object: bool, holds_values: bool, is_value: bool) -> None:
        self.is_object = is_object
        self.holds_values = holds_values
        self.is_value = is_value
        self.members: Members = {}
        self.waiting: list[_Waiting] = []
        self.is_used = False


class _Waiting:
    """A value that waits for what is said beside it."""

    __slots__ = ("common", "length", "place", "start", "wh")

    def __init__(self, place: int, start: int, length: int | None, wh: int) -> None:
        self.place = place
        self.start = start
        self.length = length
        self.wh = wh
        self.common: tuple[Scalar, ...] = (None,) * len(_COMMON)

    def learn(self, members: Members) -> None:
        """Takes what an object says; what one further in has said stays."""
        if members:
            told = zip(self.common, _COMMON, strict=True)
            self.common = tuple(members.get(name) if old is None else old for old, name in told)

    def value(self) -> Value:
        """Returns the value, with all that is said of it.

        Raises:
            Refused: If any of that is wrong.
        """
        point, direction, resolution, quality, inserted, updated = (
            None if told is None else str(told) for told in self.common
        )
        length = self.length or LENGTHS.get(resolution or "")
        if length is None:
            raise Refused("LENGTH_UNKNOWN")
        if length == QUARTERS and self.start % QUARTERS:
            raise Refused("NOT_A_FULL_HOUR")
        registered = inserted or updated
        return Value(
            gsrn=None if point is None else check_gsrn(point),
            direction=_direction(direction),
            start=self.start,
            quarters=length,
            wh=self.wh,
            quality=Quality.MEASURED if quality is None else parse_quality(quality),
            registered=int(parse_moment(registered).timestamp())
            if registered
            else NEVER_REGISTERED,
        )


class _Document:
    """Finds the values in a document.

    Attributes:
        gathering: Where they go.
        has_values: Whether there was an array of values.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.gathering = Gathering(
            tally,
            name="value {}".format,
            repeated=lambda place: Refused("TIME_REPEATED", place=f"value {place}"),
        )
        self.has_values = False
        self._frames: list[_Frame] = []
        self._key = ""
        self._waiting = 0

    def start(self, *, is_object: bool) -> None:
        """Takes the beginning of an object or an array."""
        is_value = self._is_in_values()
        is_named = self._key == VALUES and (not self._frames or self._frames[-1].is_object)
        holds_values = not is_object and not is_value and is_named
        self.has_values |= holds_values
        self._frames.append(
            _Frame(is_object=is_object, holds_values=holds_values, is_value=is_value)
        )

    def key(self, name: str) -> None:
        """Takes the name of the member that follows."""
        self._key = name

    def scalar(self, value: Scalar) -> None:
        """Takes a value of a member, or an element."""
        if self._is_in_values():
            self._refuse_element()
        elif self._frames and self._frames[-1].is_object:
            self._note(self._frames[-1], value)

    def end(self, *, is_object: bool) -> None:
        """Takes the end of an object or an array."""
        frame = self._frames.pop()
        if frame.is_value and is_object:
            self._take(frame.members)
        elif frame.is_value:
            self._refuse_element()
        else:
            self._leave(frame)

    def _is_in_values(self) -> bool:
        return bool(self._frames) and self._frames[-1].holds_values

    def _note(self, frame: _Frame, value: Scalar) -> None:
        name = _OTHER_NAMES.get(self._key, self._key)
        if self._key == "id" and len(str(value)) != _GSRN_LENGTH:
            return  # of the object itself, and not of a metering point
        if name in _COMMON and frame.is_used:
            raise BadFile.of(Refused("FIELD_TOO_LATE", field=self._key).at("file"))
        if name in _COMMON or (frame.is_value and name in (_START, _END, _KWH)):
            frame.members[name] = value

    def _take(self, members: Members) -> None:
        self._tally.rows += 1
        try:
            waiting = _parsed(self._tally.rows, members)
        except Refused as refused:
            self._refuse(self._tally.rows, refused)
            return
        waiting.learn(members)
        self._frames[-1].waiting.append(waiting)
        self._waiting += 1
        if self._waiting == MOST_WAITING:
            self._go_on_with_all()

    def _leave(self, frame: _Frame) -> None:
        """Lets the values of an object go on if it names their point, or they are of none."""
        for waiting in frame.waiting:
            waiting.learn(frame.members)
        if _POINT in frame.members or not self._frames:
            self._go_on(frame.waiting)
        else:
            self._frames[-1].waiting.extend(frame.waiting)
            self._frames[-1].is_used |= frame.is_used

    def _go_on_with_all(self) -> None:
        """Lets all values go on with what is known of them by now."""
        for depth, frame in enumerate(self._frames):
            around = self._frames[depth::-1]
            for outer in around:
                outer.is_used |= bool(frame.waiting)
                for waiting in frame.waiting:
                    waiting.learn(outer.members)
                if _POINT in outer.members:
                    break
            self._go_on(frame.waiting)
            frame.waiting = []

    def _go_on(self, all_waiting: list[_Waiting]) -> None:
        self._waiting -= len(all_waiting)
        for waiting in all_waiting:
            try:
                self.gathering.add(waiting.place, waiting.value())
            except Refused as refused:
                self._refuse(waiting.place, refused)

    def _refuse_element(self) -> None:
        self._tally.rows += 1
        self._refuse(self._tally.rows, Refused("REQUIRED_FIELD"))

    def _refuse(self, place: int, refused: Refused) -> None:
        self._tally.refuse(refused.at(f"value {place}"))


def _parsed(place: int, members: Members) -> _Waiting:
    start = parse_quarter(_text(members, _START))
    length = None
    if members.get(_END) is not None:
        length = parse_quarter(_text(members, _END)) - start
        if length not in LENGTHS.values():
            raise Refused("LENGTH_UNKNOWN")
    return _Waiting(place, start, length, _wh(members.get(_KWH)))


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise Refused("NOT_A_TIMESTAMP")
    return value


def _wh(kwh: Scalar) -> int:
    if kwh is None:
        raise Refused("NO_VALUE")
    if isinstance(kwh, str):
        return parse_point_wh(kwh)
    if isinstance(kwh, bool):
        raise Refused("NOT_A_NUMBER")
    return parse_decimal_wh(Decimal(kwh))


def _direction(text: str | None) -> Direction:
    if text is None:
        return Direction.CONSUMPTION
    direction = _DIRECTIONS.get(text.upper())
    if direction is None:
        raise Refused("NOT_A_CHOICE", choices=", ".join(_DIRECTIONS))
    return direction
