"""A crowd that was served well is found to be, and every planted injustice is found."""

from dataclasses import replace

import orjson
import pytest

from drills import fairness
from drills.crowd import Asked, Kind, Person
from drills.fairness import Sold
from drills.ingress import Answer

BUYS, COMES_LATE, WAITS = (Person(number) for number in range(3))


def answer(status: int, *, retry_after: int | None = None, **body: object) -> Answer:
    return Answer(status, retry_after, orjson.dumps(body))


def asked(who: Person, kind: Kind, sent: float, came_of_it: Answer) -> Asked:
    return Asked(kind, who, sent, sent, sent + 1, came_of_it)


def sold_out(available: int) -> Answer:
    return answer(409, code="NOT_ENOUGH_TICKETS", available=available)


SHED = answer(503, retry_after=5, code="OVERLOADED")
WELL = [
    asked(BUYS, Kind.LOGIN, 0, SHED),
    asked(BUYS, Kind.LOGIN, 5, answer(200)),
    asked(BUYS, Kind.RESERVATION, 10, answer(200, quantity=2)),
    asked(COMES_LATE, Kind.RESERVATION, 12, answer(200, quantity=1)),
    asked(WAITS, Kind.RESERVATION, 14, sold_out(0)),
    asked(WAITS, Kind.WAITING_LIST, 16, answer(200)),
    asked(BUYS, Kind.WAITING_LIST, 18, answer(200)),
]
SEATS = Sold(
    capacity=3,
    counted=3,
    tickets=3,
    quantities=3,
    buyers=[BUYS.customer_id, COMES_LATE.customer_id],
    line=[WAITS.customer_id, BUYS.customer_id],
)


def test_nothing_is_wrong_with_a_crowd_that_was_served_well() -> None:
    assert fairness.faults(WELL, SEATS) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (answer(500, code="INTERNAL"), "500 INTERNAL"),
        (answer(503, code="OVERLOADED"), "503 OVERLOADED"),
        (answer(409, code="ALREADY_RESERVED"), "409 ALREADY_RESERVED"),
        (answer(404, code="NOT_ENOUGH_TICKETS"), "404 NOT_ENOUGH_TICKETS"),
        (Answer(0, None, b"TimeoutError"), "0 TimeoutError"),
    ],
    ids=["a failure", "come back, but not when", "another conflict", "another status", "silence"],
)
def test_an_answer_that_should_not_be_is_found(planted: Answer, found: str) -> None:
    [fault] = fairness.faults([*WELL, asked(WAITS, Kind.RESERVATION, 20, planted)], SEATS)
    assert fault == f"1 answers: reserve: {found}"


@pytest.mark.parametrize(
    ("seats", "found"),
    [
        (replace(SEATS, capacity=2), "3 tickets for 2 seats"),
        (replace(SEATS, counted=4), "4 tickets are counted, 3 are there"),
        (replace(SEATS, tickets=2), "3 tickets are counted, 2 are there"),
        (replace(SEATS, quantities=2), "3 are there, 2 are in reservations"),
        (replace(SEATS, counted=2, tickets=2, quantities=2), "3 were told of"),
        (replace(SEATS, line=[WAITS.customer_id]), "2 were told that they wait, 1 do"),
        (replace(SEATS, buyers=SEATS.buyers[::-1]), "1 people with tickets were overtaken"),
        (replace(SEATS, line=SEATS.line[::-1]), "1 people in line were overtaken, such as 2 by 0"),
    ],
)
def test_seats_that_do_not_add_up_are_found(seats: Sold, found: str) -> None:
    assert any(found in fault for fault in fairness.faults(WELL, seats))


@pytest.mark.parametrize(("left", "is_wrong"), [(1, False), (0, True)])
def test_tickets_that_somebody_was_refused_go_to_nobody_who_asks_later(
    left: int, *, is_wrong: bool
) -> None:
    """Whoever wanted two when one was left is not passed over by who wants that one."""
    asks = [
        asked(WAITS, Kind.RESERVATION, 10, sold_out(left)),
        asked(COMES_LATE, Kind.RESERVATION, 12, answer(200, quantity=1)),
    ]
    assert bool(fairness.passed_over(asks)) == is_wrong


def test_who_asks_before_another_is_answered_may_be_served_in_any_order() -> None:
    together = [
        asked(BUYS, Kind.RESERVATION, 10, answer(200, quantity=1)),
        asked(COMES_LATE, Kind.RESERVATION, 10.5, answer(200, quantity=1)),
    ]
    for order in (SEATS.buyers, SEATS.buyers[::-1]):
        assert fairness.overtaken(together, order) == []


@pytest.mark.parametrize(
    ("arrivals", "lead"), [([], 0), ([1, 2, 3], 0), ([1, 4, 2, 3], 2), ([1, 5, 4, 2], 3)]
)
def test_the_lead_of_the_most_favoured_is_found(arrivals: list[float], lead: float) -> None:
    assert fairness.lead(arrivals) == lead
