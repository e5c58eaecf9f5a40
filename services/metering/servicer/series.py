"""Series as they travel: columns of bytes."""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from kit.errors import FieldError
from kundeapp.metering.v1 import imports_pb2 as pb
from services.metering.domain.batches import Batch, Batcher, SeriesKey
from services.metering.domain.calendar import DAY_STARTS, SECONDS_PER_HOUR, Whole
from services.metering.domain.layout import Flags
from services.metering.domain.readings import (
    MAX_HOUR_WH,
    MISSING,
    Direction,
    Quality,
    Readings,
)

_GSRN = re.compile(r"[0-9]{18}")
_WH = np.dtype("<i4")
_DIRECTIONS = {direction.value: direction for direction in Direction}

Value = TypeVar("Value")

_Series = pb.WriteReadingsRequest.Series


@dataclass(frozen=True)
class ReadSeries:
    """What series say.

    Attributes:
        batches: Its values, in the order in which they are to be stored.
        refused: How many others there are, which cannot be read.
        problems: Why, for each of their series.
    """

    batches: Sequence[Batch]
    refused: int
    problems: Sequence[FieldError]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Series side by side, an entry each."""

    gsrns: Sequence[str]
    directions: Whole
    seconds: Whole
    nanos: Whole
    wh: Sequence[bytes]
    qualities: Sequence[bytes]
    registered: Whole

    @staticmethod
    def of(series: Sequence[_Series]) -> "_Columns":
        """Takes series apart."""
        starts = [each.start for each in series]
        return _Columns(
            gsrns=[each.gsrn for each in series],
            directions=_whole(each.direction for each in series),
            seconds=_whole(start.seconds for start in starts),
            nanos=_whole(start.nanos for start in starts),
            wh=[each.wh for each in series],
            qualities=[each.qualities for each in series],
            # Left out it is 0, which is NEVER_REGISTERED.
            registered=_whole(each.registered.seconds for each in series),
        )

    @cached_property
    def hours(self) -> Whole:
        """How many hours each has."""
        return _whole(map(len, self.wh)) // _WH.itemsize

    @cached_property
    def told_qualities(self) -> Whole:
        """How many qualities each tells."""
        return _whole(map(len, self.qualities))

    def chosen(self, flags: Flags) -> "_Columns":
        """Returns the chosen series only."""
        if flags.all():
            return self
        return _Columns(
            gsrns=_chosen(self.gsrns, flags),
            directions=self.directions[flags],
            seconds=self.seconds[flags],
            nanos=self.nanos[flags],
            wh=_chosen(self.wh, flags),
            qualities=_chosen(self.qualities, flags),
            registered=self.registered[flags],
        )


def read_series(series: Sequence[_Series]) -> ReadSeries:
    """Reads series; those that cannot be read are left out and named."""
    problems: list[FieldError] = []
    refused = 0
    columns = _Columns.of(series)
    for are_good, problem, facts in (
        (_have_numbers, "NOT_A_GSRN", {}),
        (_have_columns, "SERIES_INVALID", {}),
        (_have_values, "SERIES_VALUES", {"limit": MAX_HOUR_WH}),
    ):
        good = are_good(columns)
        refused += int(columns.hours[~good].sum())
        problems += [FieldError(gsrn, problem, facts) for gsrn in _chosen(columns.gsrns, ~good)]
        columns = columns.chosen(good)
    return ReadSeries(_batches(columns), refused, problems)


def _have_numbers(columns: _Columns) -> Flags:
    """Tells of each series whether it names what can be a metering point."""
    return np.array([_GSRN.fullmatch(gsrn) is not None for gsrn in columns.gsrns], np.bool_)


def _have_columns(columns: _Columns) -> Flags:
    """Tells of each series whether its hours can be told."""
    sizes, told = _whole(map(len, columns.wh)), columns.told_qualities
    first = columns.seconds // SECONDS_PER_HOUR
    return (
        (sizes > 0)
        & (sizes % _WH.itemsize == 0)
        & ((told == 1) | (told == columns.hours))
        & (columns.seconds % SECONDS_PER_HOUR == 0)
        & (columns.nanos == 0)
        & (first >= DAY_STARTS[0])
        & (first + columns.hours <= DAY_STARTS[-1])
        & np.isin(columns.directions, list(_DIRECTIONS))
    )


def _have_values(columns: _Columns) -> Flags:
    """Tells of each series, which has its columns, whether all its values can be."""
    good = np.ones(len(columns.gsrns), np.bool_)
    wh = np.frombuffer(b"".join(columns.wh), _WH)
    impossible = (wh != MISSING) & ((wh < 0) | (wh > MAX_HOUR_WH))
    good[_owners(columns.hours)[impossible]] = False
    qualities = np.frombuffer(b"".join(columns.qualities), np.uint8)
    unknown = (qualities < min(Quality)) | (qualities > max(Quality))
    good[_owners(columns.told_qualities)[unknown]] = False
    return good


def _batches(columns: _Columns) -> Sequence[Batch]:
    """Puts series together; where an hour comes again, it is stored after the first."""
    directions = [_DIRECTIONS[direction] for direction in columns.directions.tolist()]
    keys = list(map(SeriesKey, columns.gsrns, directions))
    if not keys:
        return ()
    readings, owners = _readings(columns)
    numbers: dict[SeriesKey, int] = {}
    series = _whole(numbers.setdefault(key, len(numbers)) for key in keys)
    if not _share_hours(columns, series):
        return [Batch(list(numbers), series[owners], readings)]
    batcher, batches = Batcher(), list[Batch]()
    edges = np.searchsorted(owners, np.arange(len(keys) + 1)).tolist()
    for key, (start, end) in zip(keys, itertools.pairwise(edges), strict=True):
        if start < end:
            batches.extend(batcher.add(key, readings.chosen(slice(start, end))))
    return [*batches, *batcher.rest()]


def _share_hours(columns: _Columns, series: Whole) -> bool:
    """Tells whether an hour of a series comes twice, each of which has a number."""
    starts = columns.seconds // SECONDS_PER_HOUR
    in_order = np.lexsort((starts, series))
    starts, ends, series = (each[in_order] for each in (starts, starts + columns.hours, series))
    return bool(((series[1:] == series[:-1]) & (starts[1:] < ends[:-1])).any())


def _readings(columns: _Columns) -> tuple[Readings, Whole]:
    """Returns all values that there are, and which series each belongs to, from 0."""
    lengths = columns.hours
    wh = np.frombuffer(b"".join(columns.wh), _WH)
    starts = np.cumsum(lengths) - lengths
    first = columns.seconds // SECONDS_PER_HOUR
    told = np.frombuffer(b"".join(columns.qualities), np.uint8)
    readings = Readings(
        hours=np.repeat(first - starts, lengths) + np.arange(len(wh)),
        wh=wh,
        # One that is told for a whole series counts for each of its hours.
        qualities=np.repeat(
            told,
            np.repeat(np.where(columns.told_qualities == 1, lengths, 1), columns.told_qualities),
        ),
        registered=np.repeat(columns.registered, lengths),
    )
    known = wh != MISSING
    return readings.chosen(known), _owners(lengths)[known]


def _owners(lengths: Whole) -> Whole:
    """Returns which series each value belongs to, from 0, if they have so many."""
    return np.repeat(np.arange(len(lengths)), lengths)


def _whole(values: Iterable[int]) -> Whole:
    return np.fromiter(values, np.int64)


def _chosen(values: Sequence[Value], flags: Flags) -> Sequence[Value]:
    return [*itertools.compress(values, flags.tolist())]
