"""How long to wait before another attempt."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from kit.courier.delivery import delay_after


def test_it_is_twice_as_long_each_time_up_to_an_hour() -> None:
    seconds = [delay_after(attempt, 0).total_seconds() for attempt in range(1, 13)]
    assert seconds == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


@given(st.integers(1, 32_767), st.floats(0, 1))
def test_it_is_scattered_by_a_fifth(attempt: int, scatter: float) -> None:
    full = delay_after(attempt, 0)
    assert full * 0.8 <= delay_after(attempt, scatter) <= full <= timedelta(hours=1)
