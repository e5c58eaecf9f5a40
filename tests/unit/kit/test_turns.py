"""Turns at what can be done only so often at once, without a socket or a clock."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from kit.errors import Overloaded
from kit.testing import eventually
from kit.turns import LONGEST_ABSENCE_SECONDS, Turns

LONG = 30.0
"""Longer than any of these tests lasts."""


@dataclass
class Work:
    """Work that ends when a test says so."""

    turns: Turns
    now: float = 0.0
    under_way: list[int] = field(default_factory=list[int])
    most: int = 0
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self, number: int = 0) -> None:
        async with self.turns.turn():
            self.under_way.append(number)
            self.most = max(self.most, len(self.under_way))
            try:
                await self.goes_on.wait()
            finally:
                self.under_way.remove(number)

    async def take(self, seconds: float) -> None:
        """Takes a turn that lasts so long."""
        async with self.turns.turn():
            self.now += seconds


def work_with(at_once: int, longest_wait: float = LONG) -> Work:
    made = Work(Turns("test", "work", at_once, longest_wait, now=lambda: made.now))
    return made


@contextlib.asynccontextmanager
async def waiting(work: Work, count: int) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Has so many ask, one after the other, and ends those that are left."""
    tasks = list[asyncio.Task[None]]()
    for number in range(count):
        tasks.append(asyncio.create_task(work.do(number)))
        await asyncio.sleep(0)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("at_once", [1, 3, 100])
async def test_as_many_are_under_way_as_may_be_and_no_more(at_once: int) -> None:
    work = work_with(at_once)
    async with waiting(work, 20) as tasks:
        assert len(work.under_way) == min(at_once, 20)
        work.goes_on.set()
        await asyncio.gather(*tasks)
    # With room for all of them, all are: what counts them would see it.
    assert work.most == min(at_once, 20)


async def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    work, order = work_with(1), list[int]()

    async def come(number: int) -> None:
        async with work.turns.turn():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(come(number) for number in range(10)))
    assert order == list(range(10))


async def test_whoever_would_wait_too_long_is_told_at_once() -> None:
    work = work_with(2, longest_wait=1.0)
    for _ in range(200):
        await work.take(0.5)  # two at once: a turn ends every quarter of a second
    async with waiting(work, 6):
        # Four of them wait, for a second at most.
        assert len(work.under_way) == 2
        with pytest.raises(Overloaded) as refusal:
            await work.do()
        assert refusal.value.facts == {"retryAfter": 2}


async def test_those_who_are_told_to_come_back_are_spread_over_the_time_to_come() -> None:
    work = work_with(1, longest_wait=0.0)
    for _ in range(200):
        await work.take(0.5)
    async with waiting(work, 1):
        told = list[int]()
        for _ in range(8):
            with pytest.raises(Overloaded) as refusal:
                await work.do()
            told.append(int(refusal.value.facts["retryAfter"]))
        assert told == [1, 1, 2, 2, 3, 3, 4, 4]  # two a second, as turns end

        work.now += 100
        with pytest.raises(Overloaded) as refusal:
            await work.do()
        assert refusal.value.facts == {"retryAfter": 1}


async def test_nobody_is_sent_away_for_longer_than_ten_minutes() -> None:
    work = work_with(1, longest_wait=0.0)
    for _ in range(200):
        await work.take(1000.0)
    async with waiting(work, 1):
        with pytest.raises(Overloaded) as refusal:
            await work.do()
    assert refusal.value.facts == {"retryAfter": LONGEST_ABSENCE_SECONDS}


async def test_turns_that_take_longer_than_ever_are_not_waited_for() -> None:
    work = work_with(1, longest_wait=0.01)
    async with waiting(work, 1):
        with pytest.raises(Overloaded):  # nothing told that the first one would last
            await work.do()


async def test_who_goes_away_leaves_the_turn_to_the_next() -> None:
    work = work_with(1)
    async with waiting(work, 4) as tasks:
        tasks[1].cancel()  # who waits
        tasks[0].cancel()  # who has it
        await eventually(lambda: work.under_way == [2])
        work.goes_on.set()
        await asyncio.gather(*tasks[2:])
    async with work.turns.turn():  # nothing was lost
        pass


async def test_work_that_fails_ends_its_turn() -> None:
    work = work_with(1, longest_wait=0.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="planned"):
            async with work.turns.turn():
                raise ValueError("planned")
    async with work.turns.turn():
        pass
