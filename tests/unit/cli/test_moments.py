"""Moments as staff write and read them."""

from datetime import UTC, datetime

import pytest

from cli import moments


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-05 19:00", datetime(2026, 12, 5, 18, tzinfo=UTC)),
        ("2026-07-05 19:00", datetime(2026, 7, 5, 17, tzinfo=UTC)),
        ("2026-12-05T19:00:00+01:00", datetime(2026, 12, 5, 18, tzinfo=UTC)),
        ("2026-12-05T18:00:00Z", datetime(2026, 12, 5, 18, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_local_or_has_its_offset(text: str, moment: datetime) -> None:
    assert moments.parse(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2026-12-05", "2026-12-05T19:00:00", "2026-13-01 19:00", "19:00"),
        *("0001-01-01 00:00", "0001-01-01T00:00:00+23:59", "9999-12-30T23:59:59-23:59"),
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="Write it like `2026-12-05 19:00`"):
        moments.parse(text)


@pytest.mark.parametrize("text", ["2026-03-29 02:30", "2026-10-25 02:30"])
def test_a_moment_that_clocks_show_never_or_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Clocks are changed"):
        moments.parse(text)


def test_a_moment_is_shown_as_norwegian_clocks_show_it() -> None:
    assert moments.show(datetime(2026, 12, 5, 18, tzinfo=UTC)) == "2026-12-05 19:00"
    assert moments.show(datetime(2026, 7, 5, 22, 30, tzinfo=UTC)) == "2026-07-06 00:30"
