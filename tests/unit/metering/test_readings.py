from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.metering.domain.calendar import hour_of
from services.metering.domain.layout import Layout
from services.metering.domain.readings import (
    MISSING,
    DayBlocks,
    Merge,
    Quality,
    Readings,
    merge,
)
from services.metering.storage import blocks as stored

FIRST = hour_of(datetime(2026, 3, 27, 23, tzinfo=UTC))  # three local days, one of 23 hours
LAYOUT = Layout.of(np.arange(FIRST, FIRST + 71))


class Value(NamedTuple):
    hour: int
    wh: int
    quality: int
    registered: int


values = st.builds(
    Value,
    hour=st.integers(FIRST, FIRST + 70),
    wh=st.integers(0, 5),
    quality=st.sampled_from(Quality).map(int),
    registered=st.integers(0, 3),
)
files = st.lists(values, min_size=1, max_size=30, unique_by=lambda value: value.hour)


def readings(file: Sequence[Value]) -> Readings:
    rows = sorted(file)
    return Readings(
        np.array([row.hour for row in rows], np.int64),
        np.array([row.wh for row in rows], np.int32),
        np.array([row.quality for row in rows], np.uint8),
        np.array([row.registered for row in rows], np.int64),
    )


def put(blocks: DayBlocks, merged: Merge) -> DayBlocks:
    """Does what the store does: puts the days that were written back among the others."""
    at = blocks.layout.positions(merged.written.layout.hours)
    after = DayBlocks(
        blocks.layout, blocks.wh.copy(), blocks.qualities.copy(), blocks.registered.copy()
    )
    after.wh[at] = merged.written.wh
    after.qualities[at] = merged.written.qualities
    after.registered[at] = merged.written.registered
    return after


def after_all(imports: Sequence[Sequence[Value]]) -> DayBlocks:
    blocks = DayBlocks.empty(LAYOUT)
    for file in imports:
        blocks = put(blocks, merge(blocks, readings(file)))
    return blocks


def contents(blocks: DayBlocks) -> list[tuple[int, int, int]]:
    columns = (blocks.wh.tolist(), blocks.qualities.tolist(), blocks.registered.tolist())
    return list(zip(*columns, strict=True))


@given(st.lists(files, max_size=4), files)
def test_a_file_that_comes_again_changes_nothing(
    before: list[list[Value]], file: list[Value]
) -> None:
    once = after_all([*before, file])
    again = merge(once, readings(file))
    assert not (again.created | again.changed).any()
    assert len(again.written.layout.days) == 0


@given(st.lists(files, max_size=5), st.randoms())
def test_the_order_of_files_does_not_matter_where_each_is_registered_at_its_own_time(
    imports: list[list[Value]], random: np.random.Generator
) -> None:
    told = [
        [value._replace(registered=time) for value in file] for time, file in enumerate(imports, 1)
    ]
    shuffled = told.copy()
    random.shuffle(shuffled)
    assert contents(after_all(told)) == contents(after_all(shuffled))


@given(st.lists(files, max_size=4), files)
def test_the_newest_registration_wins_and_it_is_told_what_became_of_each_value(
    before: list[list[Value]], file: list[Value]
) -> None:
    known = {
        hour: row
        for hour, row in zip(LAYOUT.hours.tolist(), contents(after_all(before)), strict=True)
        if row[0] != MISSING
    }
    created = [value for value in file if value.hour not in known]
    changed = [
        value
        for value in file
        if value.hour in known
        and value.registered >= known[value.hour][2]
        and (value.wh, value.quality) != known[value.hour][:2]
    ]
    merged = merge(after_all(before), readings(file))
    hours = readings(file).hours
    assert hours[merged.created].tolist() == sorted(value.hour for value in created)
    assert hours[merged.changed].tolist() == sorted(value.hour for value in changed)


@given(st.lists(files, min_size=1, max_size=4))
def test_a_replaced_day_is_kept_as_it_was(imports: list[list[Value]]) -> None:
    before = after_all(imports[:-1])
    merged = merge(before, readings(imports[-1]))
    at = before.layout.positions(merged.replaced.layout.hours)
    assert merged.replaced.wh.tolist() == before.wh[at].tolist()
    assert bool(len(merged.replaced.layout.days)) == merged.changed.any()


def test_an_older_registration_changes_nothing_and_a_newer_one_replaces_an_estimate() -> None:
    estimate = Value(FIRST, 1000, Quality.ESTIMATED, 100)
    blocks = after_all([[estimate]])
    older = merge(blocks, readings([Value(FIRST, 1, Quality.MEASURED, 99)]))
    assert not older.changed.any()
    newer = merge(blocks, readings([Value(FIRST, 900, Quality.MEASURED, 101)]))
    assert newer.changed.all()
    assert newer.replaced.estimated().tolist() == [1]
    assert newer.written.estimated().tolist() == [0]


def test_a_newer_registration_of_the_same_value_is_remembered_but_no_news() -> None:
    blocks = after_all([[Value(FIRST, 1000, Quality.MEASURED, 100)]])
    confirmed = merge(blocks, readings([Value(FIRST, 1000, Quality.MEASURED, 200)]))
    assert not (confirmed.created | confirmed.changed).any()
    late = merge(put(blocks, confirmed), readings([Value(FIRST, 900, Quality.MEASURED, 150)]))
    assert not late.changed.any()


def test_a_value_that_elhub_registered_wins_over_one_that_nobody_did_in_either_order() -> None:
    elhub = Value(FIRST, 2949, Quality.MEASURED, 1_775_126_825)
    meter = Value(FIRST, 2947, Quality.MEASURED, 0)
    assert after_all([[elhub], [meter]]).wh[0] == 2949
    assert after_all([[meter], [elhub]]).wh[0] == 2949


def test_a_day_is_summed_up_without_its_missing_hours() -> None:
    blocks = after_all(
        [[Value(FIRST, 5, Quality.TEMPORARY, 1), Value(FIRST + 1, 7, Quality.CALCULATED, 1)]]
    )
    assert blocks.sums_wh().tolist() == [12, 0, 0]
    assert blocks.highest_wh().tolist() == [7, MISSING, MISSING]
    assert blocks.missing().tolist() == [22, 23, 24]
    assert blocks.estimated().tolist() == [1, 0, 0]


@given(st.lists(files, min_size=1, max_size=4))
def test_bytes_tell_what_was_stored(imports: list[list[Value]]) -> None:
    blocks = after_all(imports)
    layout, known = blocks.layout, blocks.known
    wh = stored.read_wh(b"".join(stored.wh_of_days(layout, blocks.wh)))
    qualities = stored.read_qualities(
        layout, stored.qualities_of_days(layout, blocks.qualities, known)
    )
    registered = stored.read_registered(
        layout, stored.registered_of_days(layout, blocks.registered, known)
    )
    assert wh.tolist() == blocks.wh.tolist()
    assert qualities[known].tolist() == blocks.qualities[known].tolist()
    assert registered[known].tolist() == blocks.registered[known].tolist()


def test_a_day_whose_values_are_alike_takes_one_quality_and_one_registration_time() -> None:
    blocks = after_all([[Value(FIRST + hour, 5, Quality.MEASURED, 7) for hour in range(20)]])
    layout, known = blocks.layout, blocks.known
    first_day = stored.qualities_of_days(layout, blocks.qualities, known)[0]
    assert first_day == bytes([Quality.MEASURED])
    assert len(stored.registered_of_days(layout, blocks.registered, known)[0]) == 8
    assert len(stored.wh_of_days(layout, blocks.wh)[0]) == 96
