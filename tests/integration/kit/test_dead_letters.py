"""An event that could not be handled is looked at, handled once more, or settled without effect."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from kit import dead_letters
from kit.database import Database, Transaction
from kit.inbox import Effect
from kit.testing import Neighbours, eventually
from kundeapp.identity.v1 import identity_events_pb2 as events
from kundeapp.operations.v1 import operations_service_pb2 as pb
from tests.integration.kit.operating import Operator, operating, refused
from tests.integration.kit.world import SessionEnded, World, note


@dataclass
class Poisoned:
    """A service that fails to handle events until it is mended, and its operator."""

    world: World
    database: Database
    operator: Operator = field(init=False)
    is_mended: bool = False

    async def handle(self, event: events.SessionEnded, transaction: Transaction) -> None:
        """Notes the event, and then fails."""
        await note(event, transaction)
        if not self.is_mended:
            raise LookupError("no such account")

    async def bury(self, *told: SessionEnded) -> list[pb.DeadLetter]:
        """Publishes events, and waits until they are dead letters."""
        async with self.world.relaying(), self.world.consuming(self.handle, self.database):
            await self.world.publish(self.database, *told)
            await eventually(lambda: self._buried(len(told)))
        return list((await self.operator.letters()).dead_letters)

    async def _buried(self, count: int) -> bool:
        return await self.world.value("SELECT count(*) FROM dead_letter") == count


@pytest.fixture
async def poisoned(
    world: World, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Poisoned]:
    monkeypatch.setattr("kit.inbox.RETRY_DELAYS_SECONDS", (0.01,) * 4)
    async with world.database() as database, world.bus() as bus:
        poisoned = Poisoned(world, database)
        consumers = [world.consumer(poisoned.handle)]
        async with operating(
            neighbours, world, database, bus, consumers=consumers
        ) as poisoned.operator:
            yield poisoned


async def test_a_letter_says_what_failed_and_where(poisoned: Poisoned) -> None:
    [event] = poisoned.world.events(1)

    [letter] = await poisoned.bury(event)
    shown = await poisoned.operator.stub.GetDeadLetter(
        pb.GetDeadLetterRequest(consumer=letter.consumer, event_id=letter.event_id),
        metadata=poisoned.operator.metadata,
    )

    assert letter.failure == "LookupError('no such account')"
    assert letter.subject == poisoned.world.subject
    assert letter.outcome == pb.DeadLetter.OUTCOME_UNSPECIFIED
    assert letter.payload == b""
    told = events.SessionEnded.FromString(shown.payload)
    assert told.account_id == str(event.account_id)


async def test_a_replay_takes_effect_once_and_says_who_asked_for_it(poisoned: Poisoned) -> None:
    [event] = poisoned.world.events(1)
    [letter] = await poisoned.bury(event)
    assert await poisoned.world.effects() == []
    poisoned.is_mended = True

    settled = await poisoned.operator.replay(letter, "The account is back")

    assert await poisoned.world.effects() == [str(event.account_id)]
    assert settled.outcome == pb.DeadLetter.REPLAYED
    assert settled.settled_by == str(poisoned.operator.account_id)
    assert settled.settled_because == "The account is back"
    assert (await poisoned.operator.letters()).dead_letters == []
    [kept] = (await poisoned.operator.letters(settled=True)).dead_letters
    assert kept.outcome == pb.DeadLetter.REPLAYED
    with refused("DEAD_LETTER_SETTLED"):
        await poisoned.operator.replay(letter)
    assert await poisoned.world.effects() == [str(event.account_id)]


async def test_a_replay_that_fails_has_no_effect_and_says_why(poisoned: Poisoned) -> None:
    [letter] = await poisoned.bury(*poisoned.world.events(1))

    with refused("DEAD_LETTER_FAILS_AGAIN") as told:
        await poisoned.operator.replay(letter)

    assert told.metadata["detail"] == "LookupError('no such account')"
    assert await poisoned.world.effects() == []
    assert await poisoned.world.value("SELECT count(*) FROM inbox") == 0
    [kept] = (await poisoned.operator.letters()).dead_letters
    assert kept.outcome == pb.DeadLetter.OUTCOME_UNSPECIFIED


async def test_an_event_that_was_handled_meanwhile_takes_no_second_effect(
    poisoned: Poisoned,
) -> None:
    [event] = poisoned.world.events(1)
    [letter] = await poisoned.bury(event)
    poisoned.is_mended = True
    await poisoned.world.rows(
        "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)", letter.consumer, letter.event_id
    )

    settled = await poisoned.operator.replay(letter)

    assert settled.outcome == pb.DeadLetter.REPLAYED
    assert await poisoned.world.effects() == []


async def _replay_at_once(poisoned: Poisoned, times: int) -> int:
    """Replays the same letter several times at the same time; returns how many were admitted."""
    [letter] = await poisoned.bury(*poisoned.world.events(1))
    poisoned.is_mended = True
    answers = await asyncio.gather(
        *(poisoned.operator.replay(letter) for _ in range(times)), return_exceptions=True
    )
    return sum(isinstance(answer, pb.DeadLetter) for answer in answers)


async def test_two_operators_at_once_take_effect_once(poisoned: Poisoned) -> None:
    assert await _replay_at_once(poisoned, 5) == 1
    assert len(await poisoned.world.effects()) == 1


async def test_without_its_guards_the_same_replays_would_take_effect_again(
    poisoned: Poisoned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: neither the letter's lock nor the inbox stands in the way."""

    async def unlocked(connection: object, key: object) -> object:
        return await dead_letters.letter(connection, key)  # pyright: ignore[reportArgumentType]

    async def take(effect: Effect, transaction: Transaction, _id: UUID, payload: bytes) -> bool:
        await effect.handle(effect.message.FromString(payload), transaction)
        return True

    monkeypatch.setattr(dead_letters, "_locked", unlocked)
    monkeypatch.setattr(Effect, "take_once", take)

    assert await _replay_at_once(poisoned, 5) == 5
    assert len(await poisoned.world.effects()) == 5


async def test_a_retry_with_the_same_key_gets_the_first_answer(poisoned: Poisoned) -> None:
    [letter] = await poisoned.bury(*poisoned.world.events(1))
    poisoned.is_mended = True

    first = await poisoned.operator.replay(letter, key="once")
    second = await poisoned.operator.replay(letter, key="once")

    assert first == second
    assert len(await poisoned.world.effects()) == 1


async def test_a_discarded_event_never_takes_effect(poisoned: Poisoned) -> None:
    [letter] = await poisoned.bury(*poisoned.world.events(1))
    poisoned.is_mended = True

    settled = await poisoned.operator.discard(letter, "The account was a mistake")

    assert settled.outcome == pb.DeadLetter.DISCARDED
    assert settled.settled_because == "The account was a mistake"
    with refused("DEAD_LETTER_SETTLED") as told:
        await poisoned.operator.replay(letter)
    assert told.metadata["outcome"] == "DISCARDED"
    assert await poisoned.world.effects() == []


async def test_nothing_is_settled_without_a_reason(poisoned: Poisoned) -> None:
    [letter] = await poisoned.bury(*poisoned.world.events(1))
    for settle in (poisoned.operator.replay, poisoned.operator.discard):
        with refused("INVALID_FIELDS"):
            await settle(letter, " ")


async def test_what_is_asked_wrongly_is_said_by_name(poisoned: Poisoned) -> None:
    unknown = pb.DeadLetter(consumer="nobody", event_id="0195e0c0-0000-7000-8000-000000000001")
    with refused("NOT_FOUND"):
        await poisoned.operator.replay(unknown)
    with refused("INVALID_FIELDS"):
        await poisoned.operator.replay(pb.DeadLetter(consumer="nobody", event_id="x"))
    with refused("INVALID_FIELDS"):
        await poisoned.operator.letters(token="x")
    with refused("INVALID_FIELDS"):
        await poisoned.operator.letters(-1)


async def test_a_letter_of_a_consumer_that_is_gone_can_only_be_discarded(
    poisoned: Poisoned,
) -> None:
    [letter] = await poisoned.bury(*poisoned.world.events(1))
    await poisoned.world.rows("UPDATE dead_letter SET consumer = 'gone'")
    letter.consumer = "gone"

    with refused("CONSUMER_GONE"):
        await poisoned.operator.replay(letter)
    assert (await poisoned.operator.discard(letter)).outcome == pb.DeadLetter.DISCARDED


async def test_letters_come_in_pages_the_oldest_first(poisoned: Poisoned) -> None:
    told = poisoned.world.events(5)
    await poisoned.bury(*told)

    seen, token = list[str](), ""
    while not seen or token:
        page = await poisoned.operator.letters(2, token)
        assert len(page.dead_letters) <= 2
        seen += [letter.event_id for letter in page.dead_letters]
        token = page.next_page_token

    published = await poisoned.world.rows("SELECT id FROM outbox ORDER BY seq")
    assert seen == [str(row["id"]) for row in published]
