"""Days as bytes, among them those on which the clock is changed."""

from datetime import date

import numpy as np
import pytest

from services.metering.domain.calendar import day_of
from services.metering.domain.layout import Layout
from services.metering.storage import blocks

WIDTH = 4


@pytest.mark.parametrize(
    ("first", "lengths"),
    [
        (date(2026, 6, 1), [24, 24]),
        (date(2026, 3, 28), [24, 23]),
        (date(2026, 10, 25), [25, 24]),
        (date(2026, 10, 25), [25]),
        (date(2026, 10, 25), []),
    ],
)
def test_each_day_takes_its_hours_whatever_the_length_and_however_many_zeros(
    first: date, lengths: list[int]
) -> None:
    layout = Layout(np.arange(len(lengths)) + day_of(first))
    wh = np.arange(sum(lengths), dtype=np.int32)
    wh[-5:] = 0

    days = blocks.wh_of_days(layout, wh)

    assert [len(day) for day in days] == [length * WIDTH for length in lengths]
    assert blocks.read_wh(b"".join(days)).tolist() == wh.tolist()
