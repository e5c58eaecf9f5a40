"""Who on the waiting list gets the free seats."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.events.domain.inventory import Inventory
from services.events.domain.waiting_list import Allocation, Entry
from tests.unit.events.samples import EVENT, NOW, lines, party

LONG = timedelta(hours=48)
LAST_DAY = EVENT.starts_at - timedelta(hours=24)


def handed_out(line: Sequence[Entry], inventory: Inventory, now: datetime = NOW) -> Allocation:
    """Hands out the free seats of an event as a transaction does."""
    allocation = Allocation(EVENT, inventory, now)
    for entry in line:
        if not allocation.is_done:
            allocation.consider(entry)
    return allocation


def offers(allocation: Allocation) -> dict[UUID, int]:
    return {entry.id: seats for entry, seats in allocation.offered}


def pools(allocation: Allocation) -> dict[UUID, int]:
    return {entry.id: entry.pooled for entry in allocation.pooled}


class Reference:
    """Goes by the sentences of the specification, from the head of the line each time."""

    def __init__(self, line: Sequence[Entry], free: int, now: datetime) -> None:
        self.free = free
        self.now = now
        self.offers: dict[UUID, int] = {}
        self.pooled = {entry.id: entry.pooled for entry in line}
        self.skips = {entry.id: entry.skips for entry in line}
        while self.free > 0 and self._somebody_gets_something(line):
            pass

    def _somebody_gets_something(self, line: Sequence[Entry]) -> bool:
        waiting = [entry for entry in line if entry.id not in self.offers]
        for number, entry in enumerate(waiting):
            seats = self.free + self.pooled[entry.id]
            if entry.least <= seats:
                self.offers[entry.id] = min(entry.wanted, seats)
                self.free = seats - self.offers[entry.id]
                self.pooled[entry.id] = 0
                for passed_over in waiting[:number]:
                    self.skips[passed_over.id] += 1
                return True
            if self._is_large(entry):
                self.pooled[entry.id] = seats
                self.free = 0
                return True
        return False

    def _is_large(self, entry: Entry) -> bool:
        waits_long = self.now - entry.joined_at >= LONG
        return self.now < LAST_DAY and (waits_long or self.skips[entry.id] >= 3)


@st.composite
def inventories(draw: st.DrawFn, line: Sequence[Entry]) -> Inventory:
    """Counters that hold what is put aside, some of them above the capacity."""
    held = sum(entry.pooled for entry in line) + draw(st.integers(0, 5))
    reserved = draw(st.integers(0, 10))
    return Inventory(max(reserved + held + draw(st.integers(-5, 12)), 0), reserved, held)


cases = lines().flatmap(lambda line: st.tuples(st.just(line), inventories(line)))
times = st.sampled_from([NOW, LAST_DAY])
often = settings(max_examples=300, deadline=None)


@often
@given(cases, times)
def test_seats_are_handed_out_as_the_specification_says(
    case: tuple[Sequence[Entry], Inventory], now: datetime
) -> None:
    line, inventory = case
    allocation = handed_out(line, inventory, now)
    reference = Reference(line, inventory.free, now)

    assert offers(allocation) == reference.offers
    changed = {entry.id: entry for entry in (*allocation.skipped.values(), *allocation.pooled)}
    for entry in line:
        if entry.id not in reference.offers:
            known = changed.get(entry.id, entry)
            assert known.pooled == reference.pooled[entry.id]
            assert known.skips == reference.skips[entry.id]
    assert allocation.inventory.free == reference.free


@often
@given(cases, times)
def test_nothing_is_sold_twice(case: tuple[Sequence[Entry], Inventory], now: datetime) -> None:
    line, inventory = case
    allocation = handed_out(line, inventory, now)
    after = allocation.inventory

    given_out = sum(offers(allocation).values()) + sum(pools(allocation).values())
    touched = {*offers(allocation), *pools(allocation)}
    had = sum(entry.pooled for entry in line if entry.id in touched)
    assert after.held - inventory.held == given_out - had
    assert after.reserved == inventory.reserved
    assert after.free >= min(inventory.free, 0)


@often
@given(cases, times)
def test_nobody_who_fits_is_left(case: tuple[Sequence[Entry], Inventory], now: datetime) -> None:
    line, inventory = case
    allocation = handed_out(line, inventory, now)
    pooled = pools(allocation)
    free = allocation.inventory.free
    for entry in line:
        if entry.id not in offers(allocation) and free > 0:
            assert entry.least > free + pooled.get(entry.id, entry.pooled)


@often
@given(cases, times)
def test_handing_out_again_at_once_changes_nothing(
    case: tuple[Sequence[Entry], Inventory], now: datetime
) -> None:
    line, inventory = case
    first = handed_out(line, inventory, now)
    changed = {entry.id: entry for entry in (*first.skipped.values(), *first.pooled)}
    left = [changed.get(entry.id, entry) for entry in line if entry.id not in offers(first)]

    again = handed_out(left, first.inventory, now)

    assert (again.offered, again.pooled, again.skipped) == ([], [], {})


@often
@given(cases, times)
def test_nobody_is_stored_twice(case: tuple[Sequence[Entry], Inventory], now: datetime) -> None:
    allocation = handed_out(*case, now)
    stored = [*allocation.skipped, *pools(allocation), *offers(allocation)]
    assert len(stored) == len(set(stored))


def test_who_is_first_in_line_is_served_first() -> None:
    first, second = party(1), party(2)
    assert offers(handed_out([first, second], Inventory(1))) == {first.id: 1}


@pytest.mark.parametrize(("free", "seats"), [(2, 2), (3, 3), (4, 4), (9, 4)])
def test_a_party_gets_as_many_as_it_wants_of_the_free_seats(free: int, seats: int) -> None:
    one = party(1, wanted=4, least=2)
    allocation = handed_out([one], Inventory(free))
    assert offers(allocation) == {one.id: seats}
    assert allocation.inventory.held == seats


def test_a_party_that_does_not_fit_is_passed_over_and_that_is_counted() -> None:
    large, small, other = party(1, wanted=4), party(2), party(3)
    allocation = handed_out([large, small, other], Inventory(2))
    assert offers(allocation) == {small.id: 1, other.id: 1}
    assert allocation.skipped == {large.id: replace(large, skips=2)}


def test_who_does_not_fit_while_nobody_else_is_served_was_not_passed_over() -> None:
    large, larger = party(1, wanted=4), party(2, wanted=5)
    allocation = handed_out([large, larger], Inventory(3))
    assert allocation.skipped == {}
    assert allocation.inventory.free == 3


def test_who_is_ahead_of_whoever_is_served_and_only_they_are_passed_over() -> None:
    large, small, larger = party(1, wanted=4), party(2), party(3, wanted=5)
    allocation = handed_out([large, small, larger], Inventory(2))
    assert allocation.skipped == {large.id: replace(large, skips=1)}


@pytest.mark.parametrize(
    "large",
    [
        pytest.param(party(1, wanted=4, skips=3), id="passed over three times"),
        pytest.param(party(1, wanted=4, waited=LONG), id="has waited for 48 hours"),
    ],
)
def test_seats_are_put_aside_for_a_party_that_is_too_large(large: Entry) -> None:
    small = party(2)
    allocation = handed_out([large, small], Inventory(2))
    assert pools(allocation) == {large.id: 2}
    assert offers(allocation) == {}
    assert allocation.inventory.free == 0


@pytest.mark.parametrize(
    "large",
    [
        pytest.param(party(1, wanted=4, skips=2), id="passed over twice"),
        pytest.param(party(1, wanted=4, waited=LONG - timedelta(seconds=1)), id="not yet 48 hours"),
    ],
)
def test_nothing_is_put_aside_before(large: Entry) -> None:
    allocation = handed_out([large, party(2)], Inventory(1))
    assert pools(allocation) == {}
    assert offers(allocation) == {party(2).id: 1}


def test_a_party_that_is_passed_over_for_the_third_time_gets_what_is_left_put_aside() -> None:
    large, small = party(1, wanted=4, skips=2), party(2)
    allocation = handed_out([large, small, party(3)], Inventory(3))
    assert offers(allocation) == {small.id: 1}
    assert pools(allocation) == {large.id: 2}
    assert allocation.inventory.free == 0


def test_seats_that_were_put_aside_make_the_offer_when_there_are_enough() -> None:
    large = party(1, wanted=6, least=4, pooled=3, skips=3)
    allocation = handed_out([large], Inventory(capacity=10, reserved=6, held=3))
    assert offers(allocation) == {large.id: 4}
    assert allocation.offered[0][0].pooled == 0
    assert (allocation.inventory.held, allocation.inventory.free) == (4, 0)


def test_nothing_is_put_aside_in_the_last_day_before_the_start() -> None:
    large = party(1, wanted=4, skips=3, waited=LONG)
    assert pools(handed_out([large], Inventory(2), LAST_DAY - timedelta(seconds=1)))
    allocation = handed_out([large, party(2)], Inventory(2), LAST_DAY)
    assert pools(allocation) == {}
    assert offers(allocation) == {party(2).id: 1}


@pytest.mark.parametrize("free", [0, -3])
def test_where_nothing_is_free_nobody_gets_anything(free: int) -> None:
    inventory = Inventory(capacity=10, reserved=10 - free)
    allocation = handed_out([party(1), party(2, skips=3)], inventory)
    assert (allocation.offered, allocation.pooled, allocation.skipped) == ([], [], {})
    assert allocation.inventory == inventory
