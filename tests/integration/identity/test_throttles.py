"""So many tries within any stretch of time, and not one more."""

import asyncio
from datetime import timedelta

from services.identity.domain.throttles import Throttle, Try
from services.identity.storage import PostgresStore
from tests.integration.identity.world import Identity, StoresOf

THROTTLE = Throttle("test", 3, timedelta(seconds=10))
AT_ONCE = 20


def reference(gaps: list[int]) -> list[bool]:
    """Which tries are allowed, by looking at all that were."""
    allowed: list[int] = []
    answers: list[bool] = []
    now = 0
    for gap in gaps:
        now += gap
        within = [at for at in allowed if at > now - 10]
        answers.append(len(within) < 3)
        if answers[-1]:
            allowed.append(now)
    return answers


async def test_a_window_slides(identity: Identity) -> None:
    stores = StoresOf(identity.database, PostgresStore)

    async def answers(gaps: list[int]) -> list[bool]:
        key = identity.ids.random_bytes(32)
        given_answers: list[bool] = []
        now = identity.clock.now()
        for gap in gaps:
            now += timedelta(seconds=gap)
            async with stores() as store:
                wait = await store.count_tries([Try(THROTTLE, key)], now)
            given_answers.append(wait is None)
            assert wait is None or timedelta() < wait <= THROTTLE.within
        return given_answers

    for gaps in (
        [0] * 5,
        [0, 4, 4, 1, 1, 1, 1, 5],
        [0, 5, 5, 5, 5],
        [0, 0, 9, 1, 1, 1, 9, 0],
        [3, 3, 3, 3, 3, 3, 3, 3, 3, 3],
        [0, 1, 2, 7, 0, 0, 1, 2, 20, 0, 0, 0],
    ):
        assert await answers(gaps) == reference(gaps), gaps


async def test_of_many_tries_at_once_as_many_are_allowed(identity: Identity) -> None:
    stores = StoresOf(identity.database, PostgresStore)
    key = identity.ids.random_bytes(32)
    now = identity.clock.now()

    async def attempt() -> bool:
        async with stores() as store:
            return await store.count_tries([Try(THROTTLE, key)], now) is None

    allowed = await asyncio.gather(*(attempt() for _ in range(AT_ONCE)))
    assert sum(allowed) == THROTTLE.most


async def test_a_try_that_is_given_back_can_be_made_again(identity: Identity) -> None:
    tries = [Try(THROTTLE, identity.ids.random_bytes(32))]
    now = identity.clock.now()
    async with StoresOf(identity.database, PostgresStore)() as store:
        for _ in range(THROTTLE.most):
            assert await store.count_tries(tries, now) is None
        await store.give_back(tries)
        assert await store.count_tries(tries, now) is None
        assert await store.count_tries(tries, now) == THROTTLE.within


async def test_what_is_over_is_forgotten_and_what_counts_is_not(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    session = await identity.log_in()
    stores = StoresOf(identity.database, PostgresStore)
    tables = ("throttle", "challenge", "device", "session", "refresh_token")

    async def rows() -> list[int]:
        return [
            (await identity.fetch(f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608 - a constant
            for table in tables
        ]

    before = await rows()
    now = identity.clock.now()
    async with stores() as store:
        await store.forget_old(now, before=now - timedelta(days=60))
    assert (await rows())[1:] == before[1:]
    assert await identity.refresh(session.refresh_token)

    later = now + timedelta(days=401)
    async with stores() as store:
        await store.forget_old(later, before=later - timedelta(days=60))
    assert await rows() == [0, 0, 0, 0, 0]
