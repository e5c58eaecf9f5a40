"""What is asked for meanwhile goes together, in order; who is alone waits for nobody."""

import asyncio
from collections.abc import Sequence

import pytest

from kit.errors import Unavailable
from kit.group_commit import LARGEST_BATCH, GroupCommit
from kit.testing import eventually


class Refused(Exception):  # noqa: N818 - says what happened
    """One of a batch is refused."""


class Ledger:
    """Commits batches, each once it is let go.

    Attributes:
        begun: The batches that were begun, in order, with their key.
        done: The items that were committed, in order.
        bad: Items that make the transaction fail in which they are.
        refused: Items that are refused, and do no harm to others.
    """

    def __init__(self) -> None:
        self.begun: list[tuple[str, list[int]]] = []
        self.done: list[int] = []
        self.bad: dict[int, Exception] = {}
        self.refused: set[int] = set()
        self._gates: dict[str, asyncio.Event] = {}
        self.group = GroupCommit[str, int, str](self.commit)

    async def commit(self, key: str, items: Sequence[int]) -> Sequence[str | Exception]:
        self.begun.append((key, list(items)))
        gate = self._gates.get(key)
        if gate is not None:
            await gate.wait()
        for item in items:
            if item in self.bad:
                raise self.bad[item]
        self.done += [item for item in items if item not in self.refused]
        return [Refused() if item in self.refused else f"did {item}" for item in items]

    def hold(self, key: str = "a") -> asyncio.Event:
        """Holds up what is committed for a key, until the gate is set."""
        return self._gates.setdefault(key, asyncio.Event())

    def ask(self, *items: int, key: str = "a") -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.group.submit(key, item)) for item in items]

    async def meanwhile(self, *items: int) -> list[asyncio.Task[str]]:
        """Asks for 0, and for the others while it is in flight; returns who asked for them."""
        gate = self.hold()
        first = self.ask(0)
        await eventually(lambda: self.begun)
        tasks = self.ask(*items)
        gate.set()
        await first[0]
        return tasks

    def batches(self) -> list[list[int]]:
        return [items for _, items in self.begun]


async def test_a_lone_request_waits_for_nobody() -> None:
    ledger = Ledger()
    assert await ledger.group.submit("a", 1) == "did 1"
    assert await ledger.group.submit("a", 2) == "did 2"
    assert ledger.batches() == [[1], [2]]


async def test_those_who_ask_meanwhile_go_together_in_the_order_of_their_arrival() -> None:
    ledger = Ledger()
    tasks = await ledger.meanwhile(3, 1, 2)
    assert await asyncio.gather(*tasks) == ["did 3", "did 1", "did 2"]
    assert ledger.batches() == [[0], [3, 1, 2]]


async def test_those_who_come_while_a_group_is_in_flight_go_into_the_next() -> None:
    ledger = Ledger()
    gate = ledger.hold()
    tasks = ledger.ask(1)
    await eventually(lambda: len(ledger.begun) == 1)
    tasks += ledger.ask(2, 3)
    gate.set()
    await tasks[0]
    gate.clear()
    await eventually(lambda: len(ledger.begun) == 2)
    tasks += ledger.ask(4)
    gate.set()
    await asyncio.gather(*tasks)
    assert ledger.batches() == [[1], [2, 3], [4]]


async def test_a_refusal_is_of_whoever_was_refused() -> None:
    ledger = Ledger()
    ledger.refused = {2}
    outcomes = await asyncio.gather(*await ledger.meanwhile(1, 2, 3), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == ["did 1", "did 3"]
    assert isinstance(outcomes[1], Refused)
    assert ledger.batches() == [[0], [1, 2, 3]]


async def test_of_a_group_that_failed_only_the_one_fails_that_made_it_fail() -> None:
    ledger = Ledger()
    ledger.bad = {2: ValueError("two")}
    outcomes = await asyncio.gather(*await ledger.meanwhile(1, 2, 3), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == ["did 1", "did 3"]
    assert repr(outcomes[1]) == "ValueError('two')"
    assert ledger.batches() == [[0], [1, 2, 3], [1], [2], [3]]
    assert ledger.done == [0, 1, 3]


async def test_who_comes_while_a_failed_group_is_tried_again_is_not_forgotten() -> None:
    ledger = Ledger()
    ledger.bad = {1: ValueError()}
    tasks = await ledger.meanwhile(1, 2)
    await eventually(lambda: len(ledger.begun) >= 3)
    late = ledger.ask(3)
    await asyncio.gather(*tasks, *late, return_exceptions=True)
    assert ledger.done == [0, 2, 3]


async def test_a_database_that_is_away_fails_the_rest_at_once() -> None:
    ledger = Ledger()
    ledger.bad = {1: Unavailable(), 2: Unavailable(), 3: Unavailable()}
    outcomes = await asyncio.gather(*await ledger.meanwhile(1, 2, 3), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert ledger.batches() == [[0], [1, 2, 3], [1]]


async def test_after_a_failure_the_next_is_done() -> None:
    ledger = Ledger()
    ledger.bad = {1: Unavailable()}
    with pytest.raises(Unavailable):
        await ledger.group.submit("a", 1)
    assert await ledger.group.submit("a", 2) == "did 2"


async def queued(ledger: Ledger, *items: int) -> list[asyncio.Task[str]]:
    """Asks, and lets those who ask come as far as the queue."""
    tasks = ledger.ask(*items)
    await asyncio.sleep(0)
    return tasks


async def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    ledger = Ledger()
    gate = ledger.hold()
    [first] = ledger.ask(1)
    await eventually(lambda: ledger.begun)
    gone, last = await queued(ledger, 2, 3)
    gone.cancel()
    gate.set()
    assert await asyncio.gather(first, last) == ["did 1", "did 3"]
    assert ledger.batches() == [[1], [3]]


async def test_when_all_have_gone_away_nothing_is_done() -> None:
    ledger = Ledger()
    gate = ledger.hold()
    [first] = ledger.ask(1)
    await eventually(lambda: ledger.begun)
    for task in await queued(ledger, 2, 3):
        task.cancel()
    gate.set()
    await first
    assert await ledger.group.submit("a", 4) == "did 4"
    assert ledger.batches() == [[1], [4]]


async def test_who_goes_away_while_it_is_done_takes_nothing_from_the_others() -> None:
    ledger = Ledger()
    gate = ledger.hold()
    [only] = ledger.ask(1)
    await eventually(lambda: ledger.begun)
    only.cancel()
    others = ledger.ask(2)
    gate.set()
    assert await asyncio.gather(*others) == ["did 2"]
    assert ledger.done == [1, 2]


async def test_a_group_is_never_larger_than_the_largest() -> None:
    ledger = Ledger()
    numbers = list(range(1, 2 * LARGEST_BATCH + 6))
    await asyncio.gather(*await ledger.meanwhile(*numbers))
    assert [len(batch) for batch in ledger.batches()] == [1, LARGEST_BATCH, LARGEST_BATCH, 5]
    assert ledger.done == [0, *numbers]


async def test_keys_do_not_wait_for_each_other() -> None:
    ledger = Ledger()
    ledger.hold("a")
    [held_up] = ledger.ask(1, key="a")
    await eventually(lambda: ledger.begun)
    assert await ledger.group.submit("b", 2) == "did 2"
    assert not held_up.done()
    ledger.hold("a").set()
    assert await held_up == "did 1"


async def test_a_fault_in_what_commits_is_told_to_all_and_stops_nobody_after_them() -> None:
    """It answers for fewer than were asked."""

    async def commit(_key: str, items: Sequence[int]) -> Sequence[str | Exception]:
        return ["fine" for item in items if item > 0]

    group = GroupCommit[str, int, str](commit)
    with pytest.raises(ValueError, match="shorter"):
        await group.submit("a", 0)
    assert await group.submit("a", 1) == "fine"


async def test_a_batch_that_does_not_end_is_given_up_and_those_behind_it_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kit.group_commit.BATCH_SECONDS", 0.05)
    ledger = Ledger()
    gate = ledger.hold()
    [stuck] = ledger.ask(0)
    with pytest.raises(Unavailable):
        await stuck
    gate.set()
    [behind] = ledger.ask(1)
    assert await behind == "did 1"
    assert ledger.done == [1]


async def test_without_an_end_those_behind_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr("kit.group_commit.BATCH_SECONDS", 60)
    ledger = Ledger()
    gate = ledger.hold()
    waiting = [*ledger.ask(0), *ledger.ask(1)]
    done, _ = await asyncio.wait(waiting, timeout=0.2)
    assert not done
    gate.set()
    await asyncio.gather(*waiting)
