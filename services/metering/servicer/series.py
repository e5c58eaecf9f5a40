"""Series as they travel: columns of bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.errors import FieldError
from kundeapp.metering.v1 import imports_pb2 as pb
from services.metering.domain.batches import Batch, Batcher, SeriesKey
from services.metering.domain.calendar import DAY_STARTS, SECONDS_PER_HOUR
from services.metering.domain.layout import Flags
from services.metering.domain.readings import (
    MAX_HOUR_WH,
    MISSING,
    NEVER_REGISTERED,
    Direction,
    Quality,
    Readings,
)

_GSRN = re.compile(r"[0-9]{18}")
_WH = np.dtype("<i4")
_DIRECTIONS = {direction.value: direction for direction in Direction}

_Series = pb.WriteReadingsRequest.Series


@dataclass(frozen=True)
class ReadSeries:
    """What a message says.

    Attributes:
        batches: Its values, in the order in which they are to be stored.
        refused: How many others there are, which cannot be read.
        problems: Why, for each of their series.
    """

    batches: Sequence[Batch]
    refused: int
    problems: Sequence[FieldError]


def read_series(series: Sequence[_Series]) -> ReadSeries:
    """Reads the series of a message; those that cannot be read are left out and named."""
    problems: list[FieldError] = []
    refused = 0

    def keep(series: Sequence[_Series], good: Flags, problem: str, **facts: int) -> list[_Series]:
        nonlocal refused
        for at in np.flatnonzero(~good).tolist():
            refused += len(series[at].wh) // _WH.itemsize
            problems.append(FieldError(series[at].gsrn, problem, facts))
        return [series[at] for at in np.flatnonzero(good).tolist()]

    series = keep(series, _have_numbers(series), "NOT_A_GSRN")
    series = keep(series, _have_columns(series), "SERIES_INVALID")
    series = keep(series, _have_values(series), "SERIES_VALUES", limit=MAX_HOUR_WH)
    return ReadSeries(_batches(series), refused, problems)


def _have_numbers(series: Sequence[_Series]) -> Flags:
    """Tells of each series whether it names what can be a metering point."""
    return np.array([_GSRN.fullmatch(each.gsrn) is not None for each in series], np.bool_)


def _have_columns(series: Sequence[_Series]) -> Flags:
    """Tells of each series whether its hours can be told."""
    sizes = np.array([len(each.wh) for each in series], np.int64)
    hours = sizes // _WH.itemsize
    qualities = np.array([len(each.qualities) for each in series], np.int64)
    seconds = np.array([each.start.seconds for each in series], np.int64)
    nanos = np.array([each.start.nanos for each in series], np.int64)
    directions = np.array([each.direction for each in series], np.int64)
    first = seconds // SECONDS_PER_HOUR
    return (
        (sizes > 0)
        & (sizes % _WH.itemsize == 0)
        & ((qualities == 1) | (qualities == hours))
        & (seconds % SECONDS_PER_HOUR == 0)
        & (nanos == 0)
        & (first >= DAY_STARTS[0])
        & (first + hours <= DAY_STARTS[-1])
        & np.isin(directions, list(_DIRECTIONS))
    )


def _have_values(series: Sequence[_Series]) -> Flags:
    """Tells of each series, which has its columns, whether all its values can be."""
    good = np.ones(len(series), np.bool_)
    wh = np.frombuffer(b"".join(each.wh for each in series), _WH)
    owners = np.repeat(np.arange(len(series)), [len(each.wh) // _WH.itemsize for each in series])
    good[owners[(wh != MISSING) & ((wh < 0) | (wh > MAX_HOUR_WH))]] = False
    qualities = np.frombuffer(b"".join(each.qualities for each in series), np.uint8)
    owners = np.repeat(np.arange(len(series)), [len(each.qualities) for each in series])
    good[owners[(qualities < min(Quality)) | (qualities > max(Quality))]] = False
    return good


def _batches(series: Sequence[_Series]) -> Sequence[Batch]:
    """Puts series together; one that comes again is stored after the first."""
    keys = [SeriesKey(each.gsrn, _DIRECTIONS[each.direction]) for each in series]
    if not keys:
        return ()
    if len(set(keys)) == len(keys):
        return [_batch(keys, series)]
    batcher, batches = Batcher(), list[Batch]()
    for key, each in zip(keys, series, strict=True):
        readings = _batch([key], [each]).readings
        if len(readings.hours):
            batches.extend(batcher.add(key, readings))
    return [*batches, *batcher.rest()]


def _batch(keys: Sequence[SeriesKey], series: Sequence[_Series]) -> Batch:
    wh = np.frombuffer(b"".join(each.wh for each in series), _WH)
    lengths = np.array([len(each.wh) // _WH.itemsize for each in series], np.int64)
    owners = np.repeat(np.arange(len(series)), lengths)
    first = np.array([each.start.seconds // SECONDS_PER_HOUR for each in series], np.int64)
    starts = np.cumsum(lengths) - lengths
    hours = np.repeat(first - starts, lengths) + np.arange(len(wh))
    registered = np.array([_registered(each) for each in series], np.int64)
    known = wh != MISSING
    return Batch(
        keys,
        owners[known],
        Readings(
            hours[known],
            wh[known],
            _qualities(series, lengths)[known],
            np.repeat(registered, lengths)[known],
        ),
    )


def _qualities(
    series: Sequence[_Series], lengths: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Returns the quality of each value, also where a series tells one for all."""
    told = np.frombuffer(b"".join(each.qualities for each in series), np.uint8)
    counts = np.array([len(each.qualities) for each in series], np.int64)
    return np.repeat(told, np.repeat(np.where(counts == 1, lengths, 1), counts))


def _registered(series: _Series) -> int:
    return series.registered.seconds if series.HasField("registered") else NEVER_REGISTERED
