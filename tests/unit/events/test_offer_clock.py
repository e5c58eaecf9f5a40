"""How long an offer is open: by the distance to the start, and never at the cost of a night."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.offer_clock import EVENING, MORNING, OSLO, after_waking, term_of

NOON = datetime(2026, 3, 2, 12, tzinfo=OSLO)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)

moments = st.one_of(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: JANUARY + minutes * MINUTE),
    st.integers(-3000, 3000).map(lambda minutes: SPRING + minutes * MINUTE),
    st.integers(-3000, 3000).map(lambda minutes: AUTUMN + minutes * MINUTE),
)
durations = st.integers(1, 30 * 60).map(lambda minutes: minutes * MINUTE)


def is_day(moment: datetime) -> bool:
    return MORNING <= moment.astimezone(OSLO).time() < EVENING


def minutes_by_day(start: datetime, end: datetime) -> int:
    """Counts the minutes by day, one by one."""
    minutes = int((end - start) / MINUTE)
    return sum(is_day(start + number * MINUTE) for number in range(minutes))


def lifetime(left: timedelta) -> timedelta:
    """Returns how much time of day an offer has that is made at noon, so long before the start."""
    starts_at = NOON.astimezone(UTC) + left
    term = term_of(NOON.astimezone(UTC), starts_at, starts_at)
    return minutes_by_day(NOON.astimezone(UTC), term.expires_at) * MINUTE


@pytest.mark.parametrize(
    ("left", "hours"),
    [
        (timedelta(days=60), 24),
        (timedelta(days=7) + MINUTE, 24),
        (timedelta(days=7), 4),
        (timedelta(hours=48) + MINUTE, 4),
        (timedelta(hours=48), 1),
        (timedelta(hours=6), 1),
    ],
)
def test_the_nearer_the_start_the_shorter_is_an_offer(left: timedelta, hours: int) -> None:
    assert lifetime(left) == hours * HOUR


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        pytest.param("2026-03-02T12:00+01:00", 4, "2026-03-02T16:00+01:00", id="within a day"),
        pytest.param("2026-03-02T18:00+01:00", 4, "2026-03-02T22:00+01:00", id="until the night"),
        pytest.param("2026-03-02T20:00+01:00", 4, "2026-03-03T09:00+01:00", id="over a night"),
        pytest.param("2026-03-02T22:00+01:00", 4, "2026-03-03T11:00+01:00", id="as night begins"),
        pytest.param("2026-03-02T23:30+01:00", 4, "2026-03-03T11:00+01:00", id="before midnight"),
        pytest.param("2026-03-03T00:30+01:00", 4, "2026-03-03T11:00+01:00", id="after midnight"),
        pytest.param("2026-03-03T07:00+01:00", 4, "2026-03-03T11:00+01:00", id="as day begins"),
        pytest.param("2026-03-02T12:00+01:00", 24, "2026-03-03T21:00+01:00", id="a day and a half"),
        pytest.param("2026-03-02T12:00+01:00", 30, "2026-03-04T12:00+01:00", id="two nights"),
        pytest.param("2026-03-28T20:00+01:00", 4, "2026-03-29T09:00+02:00", id="spring"),
        pytest.param("2026-03-29T02:59+02:00", 4, "2026-03-29T11:00+02:00", id="the lost hour"),
        pytest.param("2026-10-24T20:00+02:00", 4, "2026-10-25T09:00+01:00", id="autumn"),
        pytest.param("2026-10-25T02:30+02:00", 4, "2026-10-25T11:00+01:00", id="first half past 2"),
        pytest.param(
            "2026-10-25T02:30+01:00", 4, "2026-10-25T11:00+01:00", id="second half past 2"
        ),
    ],
)
def test_the_night_pauses_the_clock(start: str, duration: int, end: str) -> None:
    began = datetime.fromisoformat(start).astimezone(UTC)
    assert after_waking(began, duration * HOUR) == datetime.fromisoformat(end)


@given(moments, durations)
def test_the_time_by_day_adds_up_to_what_was_given(start: datetime, duration: timedelta) -> None:
    end = after_waking(start, duration)
    assert minutes_by_day(start, end) * MINUTE == duration


@given(moments, durations)
def test_an_offer_never_ends_in_the_night(start: datetime, duration: timedelta) -> None:
    end = after_waking(start, duration)
    assert is_day(end - MINUTE)


@given(moments, moments, durations)
def test_who_is_told_later_never_has_to_answer_earlier(
    one: datetime, other: datetime, duration: timedelta
) -> None:
    earlier, later = sorted([one, other])
    assert after_waking(earlier, duration) <= after_waking(later, duration)


@given(moments, st.integers(1, 20 * 24 * 60), st.integers(1, 24 * 60))
def test_an_offer_ends_by_day_or_when_the_waiting_list_closes_and_is_brought_to_mind_before(
    now: datetime, minutes_left: int, closes_before: int
) -> None:
    starts_at = now + (minutes_left + closes_before) * MINUTE
    closes_at = now + minutes_left * MINUTE

    term = term_of(now, starts_at, closes_at)

    assert term.expires_at == closes_at or is_day(term.expires_at - MINUTE)
    assert now < term.warn_at < term.expires_at <= closes_at


def test_an_offer_is_brought_to_mind_when_three_quarters_of_its_time_have_passed() -> None:
    now = NOON.astimezone(UTC)
    far_off = now + timedelta(days=5)
    assert term_of(now, far_off, far_off).warn_at == now + 3 * HOUR


def test_the_night_pauses_the_reminder_too() -> None:
    evening = NOON.replace(hour=20).astimezone(UTC)
    far_off = evening + timedelta(days=5)
    assert term_of(evening, far_off, far_off).warn_at == datetime(2026, 3, 3, 8, tzinfo=OSLO)


def test_an_offer_that_the_closing_cuts_short_is_brought_to_mind_within_what_is_left() -> None:
    now = NOON.astimezone(UTC)
    term = term_of(now, now + timedelta(days=30), now + HOUR)
    assert term.expires_at == now + HOUR
    assert term.warn_at == now + timedelta(minutes=45)


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_moments_come_back_in_the_zone_in_which_they_were_given(hour: int) -> None:
    now = NOON.replace(hour=hour).astimezone(UTC)
    term = term_of(now, now + timedelta(days=1), now + timedelta(days=1))
    assert term.warn_at.tzinfo is UTC
    assert term.expires_at.tzinfo is UTC
