"""What adds up at the door, and whose clock counts."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.door import Found, Kind, Outcome, Presence, by_our_clock
from services.events.domain.tickets import Reservation, Status
from tests.unit.events.samples import NOW

MINUTE = timedelta(minutes=1)
PARTY = Found(Reservation(UUID(int=1), UUID(int=2), UUID(int=3), Status.ACTIVE, 4, NOW))


@pytest.mark.parametrize(
    ("tickets", "admitted", "guests", "outcome"),
    [
        pytest.param(4, 0, 4, Outcome.ADMITTED, id="all at once"),
        pytest.param(4, 3, 1, Outcome.ADMITTED, id="the last one"),
        pytest.param(4, 0, 5, Outcome.ALREADY_ADMITTED, id="more than have tickets"),
        pytest.param(4, 4, 1, Outcome.ALREADY_ADMITTED, id="all are in"),
        pytest.param(4, 3, 2, Outcome.ALREADY_ADMITTED, id="only one remains"),
        pytest.param(0, 0, 1, Outcome.RELEASED, id="all were given back"),
        pytest.param(0, 4, 1, Outcome.RELEASED, id="all were given back, and all are in"),
    ],
)
def test_whoever_does_not_add_up_waits_for_staff_to_decide(
    tickets: int, admitted: int, guests: int, outcome: Outcome
) -> None:
    assert Presence(tickets, admitted).admitting(PARTY, guests) is outcome


@pytest.mark.parametrize(
    ("admitted", "releasable"),
    [
        pytest.param(0, 4, id="nobody is in"),
        pytest.param(3, 1, id="some are in"),
        pytest.param(4, 0, id="all are in"),
        pytest.param(6, 0, id="more are in than have tickets"),
        pytest.param(-1, 4, id="more came out than went in"),
    ],
)
def test_tickets_of_guests_who_are_in_stay(admitted: int, releasable: int) -> None:
    assert Presence(4, admitted).releasable == releasable


def test_a_ticket_that_was_given_back_lets_nobody_in() -> None:
    shown = replace(PARTY, is_released=True)
    assert Presence(4, 0).admitting(shown, 1) is Outcome.RELEASED


def test_a_ticket_that_is_shown_again_waits_for_staff_to_decide() -> None:
    shown = replace(PARTY, was_shown=True)
    assert Presence(4, 1).admitting(shown, 1) is Outcome.ALREADY_ADMITTED


def test_a_ticket_may_be_shown_again_once_the_admission_was_taken_back() -> None:
    shown = replace(PARTY, was_shown=True)
    assert Presence(4, 0).admitting(shown, 1) is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("kind", "guests", "conflicts"),
    [
        (Kind.ADMIT, 2, False),
        (Kind.ADMIT, 3, True),
        (Kind.UNDO, 2, False),
        (Kind.UNDO, 3, True),
    ],
)
def test_what_has_happened_conflicts_when_it_does_not_add_up(
    kind: Kind, guests: int, *, conflicts: bool
) -> None:
    assert Presence(4, 2).conflicts(kind, PARTY, guests) is conflicts


kinds_and_guests = st.lists(st.tuples(st.sampled_from(Kind), st.integers(1, 5)), max_size=10)


@given(kinds_and_guests)
def test_how_many_are_in_is_the_sum_of_what_happened_in_whatever_order(
    records: list[tuple[Kind, int]],
) -> None:
    def after(records: list[tuple[Kind, int]]) -> Presence:
        presence = Presence(4, 0)
        for kind, guests in records:
            presence = presence.after(kind, guests)
        return presence

    expected = sum(guests if kind is Kind.ADMIT else -guests for kind, guests in records)
    assert after(records) == after(records[::-1]) == Presence(4, expected)


@pytest.mark.parametrize(
    ("happened_at", "device_time", "ours"),
    [
        pytest.param(NOW - 5 * MINUTE, NOW, NOW - 5 * MINUTE, id="right"),
        pytest.param(NOW - 25 * MINUTE, NOW - 20 * MINUTE, NOW - 5 * MINUTE, id="slow"),
        pytest.param(NOW + 15 * MINUTE, NOW + 20 * MINUTE, NOW - 5 * MINUTE, id="fast"),
        pytest.param(NOW + MINUTE, NOW, NOW, id="set back meanwhile"),
    ],
)
def test_a_wrong_clock_is_reckoned_with(
    happened_at: datetime, device_time: datetime, ours: datetime
) -> None:
    assert by_our_clock(happened_at, device_time, NOW) == ours


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**4))
def test_how_wrong_a_clock_is_does_not_matter(wrong_by: int, ago: int) -> None:
    device_time = NOW + wrong_by * MINUTE
    assert by_our_clock(device_time - ago * MINUTE, device_time, NOW) == NOW - ago * MINUTE
