"""Quiet hours follow the clock in Norway, also in the nights in which it is changed."""

from datetime import UTC, datetime, timedelta

import pytest

from services.consent.domain.quiet import QuietHours

QUIET = QuietHours(22, 7)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "morning"),
    [
        # 2 March, winter time: 22:00 is 21:00 UTC, and 07:00 is 06:00 UTC.
        ("2026-03-02T20:59:59", None),
        ("2026-03-02T21:00:00", "2026-03-03T06:00"),
        ("2026-03-02T23:30:00", "2026-03-03T06:00"),
        ("2026-03-03T05:59:59", "2026-03-03T06:00"),
        ("2026-03-03T06:00:00", None),
        # To summer time on 29 March: the evening is in winter time, the morning is not.
        ("2026-03-28T20:59:59", None),
        ("2026-03-28T21:00:00", "2026-03-29T05:00"),
        ("2026-03-29T01:00:00", "2026-03-29T05:00"),
        ("2026-03-29T04:59:59", "2026-03-29T05:00"),
        ("2026-03-29T05:00:00", None),
        ("2026-03-29T20:00:00", "2026-03-30T05:00"),
        # Back to winter time on 25 October.
        ("2026-10-24T19:59:59", None),
        ("2026-10-24T20:00:00", "2026-10-25T06:00"),
        ("2026-10-25T00:30:00", "2026-10-25T06:00"),
        ("2026-10-25T01:30:00", "2026-10-25T06:00"),
        ("2026-10-25T05:59:59", "2026-10-25T06:00"),
        ("2026-10-25T06:00:00", None),
        ("2026-10-25T21:00:00", "2026-10-26T06:00"),
        # The last night of the year.
        ("2026-12-31T21:00:00", "2027-01-01T06:00"),
    ],
)
def test_what_comes_at_night_waits_for_the_morning(moment: str, morning: str | None) -> None:
    assert QUIET.morning_after(utc(moment)) == (utc(morning) if morning else None)


@pytest.mark.parametrize(
    ("eve", "hours"), [("2026-03-02T21:00", 9), ("2026-03-28T21:00", 8), ("2026-10-24T20:00", 10)]
)
def test_a_night_is_as_long_as_the_clock_makes_it(eve: str, hours: int) -> None:
    assert QUIET.morning_after(utc(eve)) == utc(eve) + timedelta(hours=hours)


def test_quiet_hours_may_lie_within_a_day_or_not_be_at_all() -> None:
    siesta = QuietHours(12, 14)
    assert siesta.morning_after(utc("2026-03-02T10:59")) is None
    assert siesta.morning_after(utc("2026-03-02T11:00")) == utc("2026-03-02T13:00")
    assert siesta.morning_after(utc("2026-03-02T13:00")) is None
    assert QuietHours(7, 7).morning_after(utc("2026-03-02T06:30")) is None
