"""Whole days as bytes: little-endian, an hour after the other, shortened where all are alike."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import Whole
from services.metering.domain.layout import Flags, Layout
from services.metering.domain.prices import PriceAmounts
from services.metering.domain.readings import WattHours

_DAY_NUMBERS = np.dtype(">i4")  # as PostgreSQL's int4send writes them
_WH = np.dtype("<i4")
_AMOUNTS = np.dtype("<i4")
_BYTES: np.dtype[np.uint8] = np.dtype("u1")
_REGISTERED: np.dtype[np.int64] = np.dtype("<i8")

Number = TypeVar("Number", np.uint8, np.int64)


def read_days(data: bytes | None) -> Layout:
    """Returns the days of `string_agg(int4send(…))`, which is null where there are none."""
    return Layout(np.frombuffer(data or b"", _DAY_NUMBERS).astype(np.int64))


def read_wh(data: bytes | None) -> WattHours:
    """Returns the energy of days that were laid end to end."""
    return np.frombuffer(data or b"", _WH)


def read_amounts(data: bytes | None) -> PriceAmounts:
    """Returns the prices of days that were laid end to end."""
    return np.frombuffer(data or b"", _AMOUNTS)


def read_qualities(layout: Layout, days: Iterable[bytes]) -> NDArray[np.uint8]:
    """Returns the qualities of each day's hours, laid end to end."""
    return _lengthened(layout, days, _BYTES)


def read_registered(layout: Layout, days: Iterable[bytes]) -> Whole:
    """Returns the registration times of each day's hours, laid end to end."""
    return _lengthened(layout, days, _REGISTERED)


def read_provisional(layout: Layout, days: Iterable[bytes]) -> Flags:
    """Returns whether each day's prices are provisional, hour by hour, laid end to end."""
    return _lengthened(layout, days, _BYTES) == 1


def provisional_of_days(layout: Layout, provisional: Flags, known: Flags) -> Sequence[bytes]:
    """Returns the bytes of which prices of each day are provisional."""
    return _shortened(layout, provisional.astype(_BYTES), known)


def wh_of_days(layout: Layout, wh: WattHours) -> Sequence[bytes]:
    """Returns the bytes of each day's energy."""
    return _cut(layout, wh.astype(_WH))


def amounts_of_days(layout: Layout, amounts: PriceAmounts) -> Sequence[bytes]:
    """Returns the bytes of each day's prices."""
    return _cut(layout, amounts.astype(_AMOUNTS))


def qualities_of_days(
    layout: Layout, qualities: NDArray[np.uint8], known: Flags
) -> Sequence[bytes]:
    """Returns the bytes of each day's qualities."""
    return _shortened(layout, qualities.astype(_BYTES), known)


def registered_of_days(layout: Layout, registered: Whole, known: Flags) -> Sequence[bytes]:
    """Returns the bytes of each day's registration times."""
    return _shortened(layout, registered.astype(_REGISTERED), known)


def _cut(layout: Layout, values: NDArray[np.generic]) -> Sequence[bytes]:
    data, width = values.tobytes(), values.itemsize
    if len(np.unique(layout.lengths)) == 1:
        # As most are: no clock is changed on them. NumPy cuts them much faster than we do.
        return np.frombuffer(data, np.dtype((np.void, int(layout.lengths[0]) * width))).tolist()
    return [data[part.start * width : part.stop * width] for part in layout.slices()]


def _shortened(layout: Layout, values: NDArray[Number], known: Flags) -> Sequence[bytes]:
    """Cuts into days; a day whose known values are all alike becomes one value.

    Missing hours have no quality and no registration time, and take those of the others.
    """
    limits = np.iinfo(values.dtype)
    starts = layout.offsets[:-1]
    lowest = np.minimum.reduceat(np.where(known, values, limits.max), starts)
    highest = np.maximum.reduceat(np.where(known, values, limits.min), starts)
    data, width = lowest.astype(values.dtype).tobytes(), values.itemsize
    ones = [data[start : start + width] for start in range(0, len(data), width)]
    all_alike = lowest == highest
    if all_alike.all():
        return ones
    columns = zip(all_alike.tolist(), ones, _cut(layout, values), strict=True)
    return [one if alike else hours for alike, one, hours in columns]


def _lengthened(layout: Layout, days: Iterable[bytes], dtype: np.dtype[Number]) -> NDArray[Number]:
    values = np.empty(layout.size, dtype)
    for part, data in zip(layout.slices(), days, strict=True):
        values[part] = np.frombuffer(data, dtype)
    return values
