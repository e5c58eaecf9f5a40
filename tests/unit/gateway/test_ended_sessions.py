"""A session that has ended is refused, whoever told of it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from gateway.ended_sessions import REMEMBERED_FOR, EndedSessions
from kit import errors
from kit.envelope import Envelope
from kit.testing import FrozenClock, eventually
from kundeapp.identity.v1.identity_events_pb2 import SessionEnded

SESSION = UUID("01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52")


class Identity:
    """Tells which sessions have ended, and counts how often it is asked."""

    def __init__(self) -> None:
        self.ended: list[tuple[UUID, datetime]] = []
        self.asked: list[datetime] = []
        self.is_down = False

    async def fetch(self, after: datetime) -> Sequence[tuple[UUID, datetime]]:
        self.asked.append(after)
        if self.is_down:
            raise errors.Unavailable
        return [each for each in self.ended if each[1] > after]


class House:
    """The gateway's knowledge, at a moment that stands still."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.identity = Identity()
        self.ended = EndedSessions(self.identity.fetch, self.clock)
        self.told: list[UUID] = []
        self.ended.tell(self.told.append)

    def event(self, session_id: UUID = SESSION) -> Envelope:
        message = SessionEnded(session_id=str(session_id), account_id=str(uuid4()))
        return Envelope(
            id=uuid4(),
            subject=f"kundeapp.identity.session.{session_id}.ended",
            type=SessionEnded.DESCRIPTOR.full_name,
            payload=message.SerializeToString(),
            occurred_at=self.clock.now(),
            trace=None,
        )

    @contextlib.asynccontextmanager
    async def keeping_up(self) -> AsyncGenerator[None]:
        keeping_up = asyncio.create_task(self.ended.keep_up())
        try:
            yield
        finally:
            keeping_up.cancel()
            await asyncio.wait({keeping_up})


@pytest.fixture
async def house() -> House:
    return House()


async def test_the_bus_tells_at_once(house: House) -> None:
    assert SESSION not in house.ended
    house.ended.hear(house.event())
    assert SESSION in house.ended
    assert uuid4() not in house.ended


async def test_what_the_bus_did_not_tell_identity_does(house: House) -> None:
    house.identity.ended = [(SESSION, house.clock.now())]
    async with house.keeping_up():
        await eventually(lambda: SESSION in house.ended)


async def test_after_an_interruption_identity_is_asked_at_once(house: House) -> None:
    async with house.keeping_up():
        await eventually(lambda: len(house.identity.asked) == 1)
        house.identity.ended = [(SESSION, house.clock.now())]
        house.ended.miss()
        await eventually(lambda: SESSION in house.ended, seconds=1)


async def test_identity_out_of_reach_is_asked_again_for_all_that_was_missed(house: House) -> None:
    house.identity.is_down = True
    async with house.keeping_up():
        await eventually(lambda: len(house.identity.asked) == 1)
        house.clock.advance(timedelta(minutes=5))
        house.identity.ended = [(SESSION, house.clock.now() - timedelta(minutes=4))]
        house.identity.is_down = False
        house.ended.miss()
        await eventually(lambda: SESSION in house.ended)


async def test_a_listener_is_told_once_however_often_it_is_heard(house: House) -> None:
    house.identity.ended = [(SESSION, house.clock.now())]
    house.ended.hear(house.event())
    house.ended.hear(house.event())
    async with house.keeping_up():
        await eventually(lambda: len(house.identity.asked) == 1)
    assert house.told == [SESSION]


async def test_what_no_token_can_outlive_is_forgotten(house: House) -> None:
    house.ended.hear(house.event())
    house.clock.advance(REMEMBERED_FOR + timedelta(seconds=1))
    async with house.keeping_up():
        await eventually(lambda: SESSION not in house.ended)
