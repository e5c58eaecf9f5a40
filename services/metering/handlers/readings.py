"""Readings of metering points."""

from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np

from kit.errors import FieldError, Invalid, NotFound
from services.metering.domain.batches import Batch, without
from services.metering.domain.calendar import Whole
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.layout import Layout
from services.metering.domain.outcomes import Outcomes
from services.metering.domain.problems import SHOWN_LINES, ImportEnded, Refused
from services.metering.domain.readings import merge
from services.metering.domain.store import UNKNOWN_SERIES, Store


async def require_point(store: Store, *, gsrn: str) -> None:
    """Makes sure of a point that a member of staff names.

    Raises:
        Invalid: If it can be none; staff are told what is wrong with it.
        NotFound: If there is no such point.
    """
    try:
        check_gsrn(gsrn)
    except Refused as refused:
        raise Invalid(refused.at("gsrn")) from None
    if not await store.has_point(gsrn):
        raise NotFound


async def import_batch(store: Store, *, key: bytes, number: int, batch: Batch) -> None:
    """Takes a batch of an import, unless it is stored already.

    Args:
        store: What is stored.
        key: What tells the import from all others.
        number: Which of its batches this is, from 0.
        batch: The values.

    Raises:
        ImportEnded: If somebody else has ended the same import meanwhile.
    """
    stored = await store.lock_import(key)
    if stored is None:
        raise ImportEnded
    if number >= stored:
        series = await store.lock_series(batch.keys)
        await store.note_batch(key, await _put(store, batch, series))


async def end_import(store: Store, *, key: bytes, batches: int, import_id: UUID) -> Outcomes:
    """Ends an import, and tells what became of its values.

    Args:
        store: What is stored.
        key: What tells the import from all others.
        batches: How many there were; if there was none, the import never began.
        import_id: The import, as others are told of it.

    Raises:
        ImportEnded: If somebody else has ended the same import meanwhile.
    """
    if batches and await store.lock_import(key) is None:
        raise ImportEnded
    outcomes = await store.end_import(key)
    _tell(store, outcomes, import_id)
    return outcomes


async def write_readings(
    store: Store, *, batches: Sequence[Batch], import_id: UUID, locked: Callable[[], None]
) -> Sequence[Outcomes]:
    """Takes values that another service brings, one batch after the other, all or none.

    Args:
        store: What is stored.
        batches: The values.
        import_id: The import, as others are told of it.
        locked: Called once nobody else can write any of these series before this does: what comes
            later may begin.
    """
    all_outcomes: list[Outcomes] = []
    for batch in batches:
        series = await store.lock_series(batch.keys)
        if batch is batches[-1]:
            locked()
        all_outcomes.append(await _put(store, batch, series))
    for outcomes in all_outcomes:
        _tell(store, outcomes, import_id)
    return all_outcomes


def unknown_points(outcomes: Outcomes) -> list[FieldError]:
    """Names the first points that are not in the register, each as a problem."""
    return [
        FieldError(gsrn, "UNKNOWN_METERING_POINT", {"gsrn": gsrn, "values": values})
        for gsrn, values in outcomes.unknown_points()[:SHOWN_LINES]
    ]


async def _put(store: Store, batch: Batch, locked_series: Whole) -> Outcomes:
    """Merges a batch into what is stored; values of points that are not registered are refused."""
    series = locked_series[batch.owners]
    refused = series == UNKNOWN_SERIES
    taken, owners = without(batch, refused).readings, series[~refused]
    created, changed = np.zeros(len(series), np.bool_), np.zeros(len(series), np.bool_)
    if len(owners):
        layout = Layout.of(taken.hours, owners)
        merged = merge(await store.blocks(layout), taken, owners)
        await store.save_blocks(merged)
        created[~refused], changed[~refused] = merged.created, merged.changed
    return Outcomes.of(batch, refused, created, changed)


def _tell(store: Store, outcomes: Outcomes, import_id: UUID) -> None:
    for event in outcomes.events(import_id):
        store.publish(event)
