"""Who gets tickets among those who ask at once: each all that were asked for, or none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Problem
from services.events.domain.event import Event
from services.events.domain.event import Status as EventStatus
from services.events.domain.inventory import (
    Ask,
    Decision,
    Granted,
    GrantedBefore,
    Held,
    Inventory,
    decide,
)
from services.events.domain.problems import (
    AlreadyReserved,
    BallotOpen,
    EventIsCancelled,
    NotEnoughTickets,
    SalesClosed,
    SalesNotOpen,
    TooManyTickets,
)
from services.events.domain.tickets import Reservation, Status
from tests.unit.events.samples import BALLOT, EVENT, NOW

KARI, OLA, PER = (UUID(int=number) for number in (11, 12, 13))


def reservation(customer_id: UUID, quantity: int) -> Reservation:
    status = Status.ACTIVE if quantity else Status.RELEASED
    return Reservation(UUID(int=99), EVENT.id, customer_id, status, quantity, NOW)


def decided(
    inventory: Inventory,
    *asks: Ask,
    known: Reservation | None = None,
    event: Event = EVENT,
    now: datetime = NOW,
) -> tuple[Sequence[Decision], Inventory]:
    reservations = {known.customer_id: known} if known else {}
    return decide(event, inventory, asks, reservations, now)


def refusal(decision: Decision) -> tuple[type[Problem], dict[str, object]]:
    assert isinstance(decision, Problem)
    return type(decision), dict(decision.facts)


def test_who_comes_first_gets_tickets_and_who_comes_too_late_is_told_how_many_are_left() -> None:
    decisions, after = decided(Inventory(5), Ask(KARI, 3), Ask(OLA, 3), Ask(PER, 2))
    assert decisions[0] == decisions[2] == Granted(None)
    assert refusal(decisions[1]) == (NotEnoughTickets, {"available": 2})
    assert after == Inventory(5, reserved=5)


def test_seats_that_are_held_for_others_are_not_there() -> None:
    [decision], after = decided(Inventory(5, reserved=2, held=2), Ask(KARI, 2))
    assert refusal(decision) == (NotEnoughTickets, {"available": 1})
    assert after == Inventory(5, reserved=2, held=2)


def test_more_taken_than_there_is_room_for_is_told_as_none_left() -> None:
    [decision], _ = decided(Inventory(5, reserved=7), Ask(KARI, 1))
    assert refusal(decision) == (NotEnoughTickets, {"available": 0})


def test_nobody_gets_more_than_the_most() -> None:
    decisions, _ = decided(Inventory(100), Ask(KARI, 5), Ask(OLA, 4))
    assert refusal(decisions[0]) == (TooManyTickets, {"limit": 4})
    assert decisions[1] == Granted(None)


def test_who_has_as_many_already_is_shown_them_even_when_nothing_is_left() -> None:
    known = reservation(KARI, 2)
    [decision], after = decided(Inventory(2, reserved=2), Ask(KARI, 2), known=known)
    assert decision == Held(known)
    assert after.reserved == 2


def test_who_has_another_number_is_told_which() -> None:
    [decision], _ = decided(Inventory(9, reserved=2), Ask(KARI, 3), known=reservation(KARI, 2))
    assert refusal(decision) == (AlreadyReserved, {"reserved": 2})


def test_who_has_given_all_back_gets_tickets_to_the_same_reservation() -> None:
    known = reservation(KARI, 0)
    [decision], _ = decided(Inventory(9), Ask(KARI, 3), known=known)
    assert decision == Granted(known)


def test_who_asks_twice_at_once_gets_tickets_once() -> None:
    decisions, after = decided(Inventory(9), Ask(OLA, 1), Ask(KARI, 2), Ask(KARI, 2), Ask(KARI, 3))
    assert decisions[1:3] == [Granted(None), GrantedBefore(1)]
    assert refusal(decisions[3]) == (AlreadyReserved, {"reserved": 2})
    assert after.reserved == 3


def test_who_was_refused_may_get_a_smaller_number_in_the_same_go() -> None:
    decisions, after = decided(Inventory(2), Ask(KARI, 3), Ask(KARI, 2))
    assert refusal(decisions[0]) == (NotEnoughTickets, {"available": 2})
    assert decisions[1] == Granted(None)
    assert after.reserved == 2


CLOSED = [
    pytest.param(replace(EVENT, status=EventStatus.CANCELLED), NOW, EventIsCancelled, id="off"),
    pytest.param(EVENT, EVENT.sales_open_at - timedelta(seconds=1), SalesNotOpen, id="too early"),
    pytest.param(EVENT, EVENT.sales_close_at, SalesClosed, id="too late"),
    pytest.param(replace(EVENT, ballot=BALLOT), NOW, BallotOpen, id="before the draw"),
]


@pytest.mark.parametrize(("event", "now", "problem"), CLOSED)
def test_nobody_gets_tickets_out_of_time(
    event: Event, now: datetime, problem: type[Problem]
) -> None:
    [decision], after = decided(Inventory(9), Ask(KARI, 1), event=event, now=now)
    assert isinstance(decision, problem)
    assert after == Inventory(9)


@pytest.mark.parametrize(("event", "now", "problem"), CLOSED)
def test_who_has_tickets_is_shown_them_out_of_time_too(
    event: Event, now: datetime, problem: type[Problem]
) -> None:
    known = reservation(KARI, 1)
    [decision, other], _ = decided(
        Inventory(9), Ask(KARI, 1), Ask(OLA, 1), known=known, event=event, now=now
    )
    assert decision == Held(known)
    assert isinstance(other, problem)


@pytest.mark.parametrize(
    "now", [EVENT.sales_open_at, EVENT.sales_close_at - timedelta(microseconds=1)]
)
def test_tickets_can_be_had_from_the_first_to_the_last_moment(now: datetime) -> None:
    [decision], _ = decided(Inventory(9), Ask(KARI, 1), now=now)
    assert decision == Granted(None)


def test_tickets_can_be_had_once_a_ballot_is_drawn() -> None:
    drawn = replace(EVENT, ballot=replace(BALLOT, drawn_at=NOW))
    assert decided(Inventory(9), Ask(KARI, 1), event=drawn)[0] == [Granted(None)]


asks = st.lists(
    st.builds(Ask, st.sampled_from([KARI, OLA, PER]), st.integers(1, 6)), min_size=1, max_size=12
)
inventories = st.builds(Inventory, st.integers(0, 12), st.integers(0, 8), st.integers(0, 4))


@given(inventories, asks)
def test_no_more_is_given_than_is_free_and_nothing_is_refused_that_fits(
    inventory: Inventory, asked: list[Ask]
) -> None:
    decisions, after = decided(inventory, *asked)

    free = inventory.free
    for ask, decision in zip(asked, decisions, strict=True):
        if isinstance(decision, Granted):
            assert ask.quantity <= min(free, EVENT.max_per_customer)
            free -= ask.quantity
        elif isinstance(decision, NotEnoughTickets):
            assert ask.quantity > free
            assert decision.facts == {"available": max(free, 0)}
    assert after == replace(inventory, reserved=inventory.reserved + inventory.free - free)
