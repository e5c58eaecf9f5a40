"""Columns of numbers and moments as JSON arrays.

A column is a `bytes` field of equally typed little-endian values (`kundeapp.json.v1.column`). Short
columns go through orjson. Long ones are put together from cells of equal width whose digits are
looked up in tables, four at a time: JSON allows the blanks that pad them, and a year of hours costs
a small part of what formatting each value would.

Every digit is exact. A number of at most 15 digits survives the way through a double (IEEE 754
binary64 keeps 15 decimal digits); those with more are written by Python's own integers.
"""

import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import orjson

Integers: TypeAlias = npt.NDArray[np.int64]

_LONG: Final = 128  # rows from which tables are faster than orjson
_EXACT_IN_DOUBLE: Final = 10**15
_GROUP: Final = 10**4  # what one table look-up writes: four digits
_NARROW: Final = 100  # whole parts that leave room for the comma and the point in four bytes


class MalformedColumn(ValueError):  # noqa: N818 - names what it found
    """A column is no whole number of values."""


@dataclass(frozen=True, slots=True)
class IntegerType:
    """How the values of a column are stored.

    Attributes:
        code: As `struct` names it.
        size: In bytes.
    """

    code: str
    size: int

    @property
    def unknown(self) -> int:
        """The lowest number, which stands for an unknown value."""
        return -(2 ** (8 * self.size - 1))


INT32: Final = IntegerType("i", 4)
INT64: Final = IntegerType("q", 8)


def numbers(data: bytes, kind: IntegerType, scale: int) -> bytes:
    """Returns a column of numbers as a JSON array; the lowest number of the type is null.

    Args:
        data: The column.
        kind: How its values are stored.
        scale: How many of the digits are decimals.

    Raises:
        MalformedColumn: If the data is no whole number of values.
    """
    count = _count(data, kind)
    if count < _LONG:
        values: tuple[int, ...] = struct.unpack(f"<{count}{kind.code}", data)
        return _one_by_one(values, kind.unknown, scale)
    if data == data[: kind.size] * count:
        only = numbers(data[: kind.size], kind, scale)[1:-1]
        return b"[" + (only + b",") * (count - 1) + only + b"]"
    return _all_at_once(np.frombuffer(data, f"<i{kind.size}").astype(np.int64), kind, scale)


def _count(data: bytes, kind: IntegerType) -> int:
    count, rest = divmod(len(data), kind.size)
    if rest:
        raise MalformedColumn(f"{len(data)} bytes are no column of values of {kind.size} bytes")
    return count


def number(value: int, scale: int) -> object:
    """Returns a decimal number as orjson writes it exactly, for any size of integer."""
    if scale == 0:
        return value
    if -_EXACT_IN_DOUBLE < value < _EXACT_IN_DOUBLE:
        return value / 10**scale
    whole, decimals = divmod(abs(value), 10**scale)
    sign = "-" if value < 0 else ""
    return orjson.Fragment(f"{sign}{whole}.{decimals:0{scale}d}")


def _one_by_one(values: Sequence[int], unknown: int, scale: int) -> bytes:
    if scale == 0 and unknown not in values:
        return orjson.dumps(values)
    return orjson.dumps([None if value == unknown else number(value, scale) for value in values])


def _all_at_once(values: Integers, kind: IntegerType, scale: int) -> bytes:
    lowest, highest = int(values.min()), int(values.max())
    unknown = values == kind.unknown if lowest == kind.unknown else None
    if unknown is not None:
        lowest = int(values.min(where=~unknown, initial=0))
    if max(-lowest, highest) >= _GROUP * 10**scale:
        return _one_by_one(values.tolist(), kind.unknown, scale)
    magnitude = values if lowest >= 0 and unknown is None else np.abs(values)
    whole = magnitude // 10**scale if scale else magnitude
    rest = magnitude - whole * 10**scale if scale else magnitude
    if lowest < 0:
        whole = whole + _GROUP * (values < 0)
    if unknown is not None:
        whole[unknown] = 2 * _GROUP
    is_narrow = lowest >= 0 and unknown is None and highest < _NARROW * 10**scale
    leading = _narrow_leading(scale) if is_narrow else _leading(scale)
    return _cells(leading.take(whole), rest, scale, unknown)


def _cells(
    leading: npt.NDArray[np.unsignedinteger],
    rest: Integers,
    scale: int,
    unknown: npt.NDArray[np.bool_] | None,
) -> bytes:
    """Puts cells together: the whole part, and four bytes for every four decimals begun."""
    first = leading.itemsize // 4
    width = first + -(-scale // 4)
    text = np.empty(len(rest) * width * 4 + 1, np.uint8)
    cells = text[:-1].view(np.uint32).reshape(len(rest), width)
    cells[:, :first] = leading.view(np.uint32).reshape(len(rest), first)
    for column in range(first, width):
        digits = min(4, scale)
        scale -= digits
        group = rest // 10**scale if scale else rest
        rest = rest - group * 10**scale if scale else rest
        if unknown is not None:
            group[unknown] = _GROUP
        cells[:, column] = _digits(digits).take(group)
    text[0], text[-1] = b"[]"
    return text.tobytes()


@cache
def _leading(scale: int) -> npt.NDArray[np.uint64]:
    """Returns 8-byte cells: a comma and 0 to 9999, then the same below zero, then null."""
    point = "." if scale else " "
    positive = (f",{whole:6d}{point}" for whole in range(_GROUP))
    negative = (f",{f'-{whole}':>6}{point}" for whole in range(_GROUP))
    return np.frombuffer("".join([*positive, *negative, ",  null "]).encode(), np.uint64)


@cache
def _narrow_leading(scale: int) -> npt.NDArray[np.uint32]:
    """Returns 4-byte cells: a comma and 0 to 99."""
    point = "." if scale else " "
    cells = (f",{whole:2d}{point}" for whole in range(_NARROW))
    return np.frombuffer("".join(cells).encode(), np.uint32)


@cache
def _digits(count: int) -> npt.NDArray[np.uint32]:
    """Returns 4-byte cells: each number of `count` digits, and at 10,000 a blank one."""
    cells = [f"{number:0{count}d}".ljust(4) for number in range(10**count)]
    cells += ["    "] * (_GROUP + 1 - len(cells))
    return np.frombuffer("".join(cells).encode(), np.uint32)


class Moments:
    """Columns of moments, remembered because customers share their days and years."""

    def __init__(self, remembered_bytes: int = 32 * 2**20) -> None:
        self._room = remembered_bytes
        self._remembered: OrderedDict[tuple[str, int, bytes, bytes], tuple[bytes, bytes]] = (
            OrderedDict()
        )

    def render(self, data: bytes, zone: str) -> bytes:
        """Returns a column of moments as a JSON array of RFC 3339 strings.

        Args:
            data: Seconds since 1970-01-01T00:00:00Z, little-endian int64.
            zone: The IANA zone whose offsets are shown, UTC if empty.

        Raises:
            MalformedColumn: If the data is no whole number of values.
            zoneinfo.ZoneInfoNotFoundError: If there is no such zone.
        """
        # The ends stand for the whole: hashing all of it would cost more than comparing it once.
        key = (zone, len(data), data[:8], data[-8:])
        known = self._remembered.get(key)
        if known is not None and known[0] == data:
            self._remembered.move_to_end(key)
            return known[1]
        rendered = moments(data, zone)
        if known is None:
            self._remembered[key] = (data, rendered)
            self._room -= len(data) + len(rendered)
        while self._room < 0:
            _, (old_data, old_rendered) = self._remembered.popitem(last=False)
            self._room += len(old_data) + len(old_rendered)
        return rendered


_MOMENT = np.dtype(
    [
        ("open", "S2"),
        ("date", "S10"),
        ("hour", "S4"),
        ("minute", "S3"),
        ("second", "S2"),
        ("offset", "S6"),
        ("close", "S1"),
    ]
)
_HOURS = np.array([f"T{hour:02d}:".encode() for hour in range(24)])
_MINUTES = np.array([f"{minute:02d}:".encode() for minute in range(60)])
_SECONDS = np.array([f"{second:02d}".encode() for second in range(60)])


def moments(data: bytes, zone: str) -> bytes:
    """Returns a column of moments as a JSON array of RFC 3339 strings; see `Moments.render`."""
    if _count(data, INT64) == 0:
        return b"[]"
    seconds = np.frombuffer(data, "<i8").astype(np.int64)
    begins, offsets = _offsets(int(seconds.min()), int(seconds.max()), zone)
    period = np.searchsorted(begins, seconds, side="right") - 1
    day, second = np.divmod(seconds + offsets[period], 86_400)
    days, position = np.unique(day, return_inverse=True)
    cells = np.empty(len(seconds), _MOMENT)
    cells["open"] = b',"'
    cells["date"] = days.astype("datetime64[D]").astype("S10")[position]
    cells["hour"] = _HOURS[second // 3600]
    cells["minute"] = _MINUTES[second // 60 % 60]
    cells["second"] = _SECONDS[second % 60]
    cells["offset"] = np.array([_offset_text(int(offset)) for offset in offsets])[period]
    cells["close"] = b'"'
    return b"[" + cells.tobytes()[1:] + b"]"


def _offset_text(offset: int) -> bytes:
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{sign}{hours:02d}:{minutes:02d}".encode()


@lru_cache(maxsize=256)
def _offsets(first: int, last: int, zone: str) -> tuple[Integers, Integers]:
    """Returns when offsets begin to hold, and the offsets, between two moments; in seconds."""
    begins = [first]
    offsets = [_offset_at(first, zone)]
    year = datetime.fromtimestamp(first, UTC).year
    while year <= datetime.fromtimestamp(last, UTC).year:
        for begin, offset in _changes(year, zone):
            if first < begin <= last:
                begins.append(begin)
                offsets.append(offset)
        year += 1
    return np.array(begins), np.array(offsets)


@lru_cache(maxsize=1024)
def _changes(year: int, zone: str) -> tuple[tuple[int, int], ...]:
    """Returns when a zone's offset changes in a year of UTC, and to what, in order; in seconds."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    changes: list[tuple[int, int]] = []
    before = _offset_at(int(start.timestamp()) - 1, zone)
    for day in range(366):
        low = int((start + timedelta(days=day)).timestamp()) - 1
        high = low + 86_400
        after = _offset_at(high, zone)
        if after != before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _offset_at(middle, zone) == after else (middle, high)
            changes.append((high, after))
        before = after
    return tuple(changes)


def _offset_at(second: int, zone: str) -> int:
    offset = datetime.fromtimestamp(second, _zone(zone)).utcoffset()
    # RFC 3339 knows no seconds of an offset; only times before 1972 have them.
    return 0 if offset is None else int(offset.total_seconds()) // 60 * 60


@cache
def _zone(zone: str) -> ZoneInfo:
    return ZoneInfo(zone or "UTC")
