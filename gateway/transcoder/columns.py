"""Columns of numbers and moments as JSON arrays.

A column is a `bytes` field of equally typed little-endian values (`kundeapp.json.v1.column`). Short
columns go through orjson. Long ones are put together from cells of equal width whose digits are
looked up in tables, four at a time: JSON allows the blanks that pad them, and a year of hours costs
a small part of what formatting each value would.

Every digit is exact. A number of at most 15 digits survives the way through a double (IEEE 754
binary64 keeps 15 decimal digits); those with more are written by Python's own integers.
"""

from collections import OrderedDict
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
_UNKNOWN = {np.dtype("<i4"): -(2**31), np.dtype("<i8"): -(2**63)}

_GROUP = 10**4  # what one table look-up writes: four digits
_LEADING_NULL = 2 * _GROUP
_BLANK_GROUP = _GROUP


class MalformedColumn(ValueError):  # noqa: N818 - names what it found
    """A column is no whole number of values."""


def numbers(data: bytes, dtype: np.dtype[np.signedinteger], scale: int) -> bytes:
    """Returns a column of numbers as a JSON array; the lowest number of the type is null.

    Args:
        data: The column.
        dtype: Little-endian int32 or int64.
        scale: How many of the digits are decimals.

    Raises:
        MalformedColumn: If the data is no whole number of values.
    """
    values = _values(data, dtype)
    count = len(values)
    if count >= _LONG and data == data[: dtype.itemsize] * count:
        only = numbers(data[: dtype.itemsize], dtype, scale)[1:-1]
        return b"[" + (only + b",") * (count - 1) + only + b"]"
    return _numbers(values.astype(np.int64, copy=False), _UNKNOWN[dtype], scale)


def _values(data: bytes, dtype: np.dtype[np.signedinteger]) -> npt.NDArray[np.signedinteger]:
    if len(data) % dtype.itemsize:
        raise MalformedColumn(f"{len(data)} bytes are no column of {dtype.name}")
    return np.frombuffer(data, dtype)


def _numbers(values: Integers, unknown: int, scale: int) -> bytes:
    if not len(values):
        return b"[]"
    lowest, highest = int(values.min()), int(values.max())
    has_unknown = lowest == unknown
    if has_unknown:
        known = values != unknown
        lowest = int(values.min(where=known, initial=0))
    if max(-lowest, highest) >= _EXACT_IN_DOUBLE:
        texts = (b"null" if value == unknown else text(value, scale) for value in values.tolist())
        return b"[" + b",".join(texts) + b"]"
    if len(values) < _LONG or max(-lowest, highest) >= _GROUP * 10**scale:
        return _by_orjson(values, unknown if has_unknown else None, scale)
    return _by_tables(values, unknown if has_unknown else None, scale, negative=lowest < 0)


def text(value: int, scale: int) -> bytes:
    """Returns a decimal number as JSON, for any size of integer."""
    whole, decimals = divmod(abs(value), 10**scale)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{decimals:0{scale}d}".encode() if scale else f"{value}".encode()


def _by_orjson(values: Integers, unknown: int | None, scale: int) -> bytes:
    if scale == 0 and unknown is None:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    if scale == 0:
        return orjson.dumps([None if value == unknown else value for value in values.tolist()])
    decimals = values / 10**scale
    if unknown is not None:
        decimals[values == unknown] = np.nan  # orjson writes null
    return orjson.dumps(decimals, option=orjson.OPT_SERIALIZE_NUMPY)


def _by_tables(values: Integers, unknown: int | None, scale: int, *, negative: bool) -> bytes:
    """Writes values whose whole part has four digits at most.

    A cell is `,` and the whole part, right-aligned in eight bytes, and four bytes for every four
    decimals begun.
    """
    groups = -(-scale // 4)
    cells = np.empty((len(values), 2 + groups), np.uint32)
    magnitude = np.abs(values) if negative or unknown is not None else values
    missing = None if unknown is None else values == unknown
    whole = magnitude // 10**scale
    rest = magnitude - whole * 10**scale if scale else magnitude
    if negative:
        whole = whole + _GROUP * (values < 0)
    if missing is not None:
        whole[missing] = _LEADING_NULL
    cells[:, :2].view(np.uint64)[:, 0] = _leading(scale).take(whole)
    digits_left = scale
    for group in range(groups):
        digits = min(4, digits_left)
        digits_left -= digits
        part = rest // 10**digits_left if digits_left else rest
        if digits_left:
            rest = rest - part * 10**digits_left
        if missing is not None:
            part[missing] = _BLANK_GROUP
        cells[:, 2 + group] = _digits(digits).take(part)
    rendered = bytearray(cells.tobytes())
    rendered[:1] = b"["
    rendered += b"]"
    return bytes(rendered)


@cache
def _leading(scale: int) -> npt.NDArray[np.uint64]:
    """Returns 8-byte cells: 0 to 9999, then the same below zero, then null."""
    point = "." if scale else " "
    positive = (f",{whole:6d}{point}" for whole in range(_GROUP))
    negative = (f",{f'-{whole}':>6}{point}" for whole in range(_GROUP))
    return np.frombuffer("".join([*positive, *negative, ",  null "]).encode(), np.uint64)


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
    seconds = _values(data, np.dtype("<i8")).astype(np.int64, copy=False)
    if not len(seconds):
        return b"[]"
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
