"""Passwords at rest."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Generator

import pytest

from kit import errors
from kit.keyed_hash import KeyedHash, SecretKey
from services.identity.hashing import Argon2Passwords, Cost

OLD_KEY = SecretKey("old", b"o" * 32)
NEW_KEY = SecretKey("new", b"n" * 32)
CHEAP = Cost(memory_kib=64, passes=1)
DEARER = Cost(memory_kib=128, passes=1)
PASSWORD = "fire tilfeldige ord"


@contextlib.contextmanager
def hashes_with(
    *keys: SecretKey, cost: Cost = CHEAP, longest_wait: float = 30.0
) -> Generator[Argon2Passwords]:
    keyed = KeyedHash(keys, "password")
    hashes = Argon2Passwords(keyed, cost, threads=1, longest_wait=longest_wait)
    try:
        yield hashes
    finally:
        hashes.close()


async def test_the_right_password_matches_and_others_do_not() -> None:
    with hashes_with(NEW_KEY) as hashes:
        kept = await hashes.hash(PASSWORD)

        assert await hashes.matches(kept, PASSWORD)
        assert not await hashes.matches(kept, PASSWORD + "x")
        assert not await hashes.matches(None, PASSWORD)


async def test_a_hash_is_argon2id_with_19_mib_two_passes_and_one_lane() -> None:
    with hashes_with(NEW_KEY, cost=Cost()) as hashes:
        kept = await hashes.hash(PASSWORD)

    assert kept.startswith("new$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_hash_without_its_pepper_is_worthless() -> None:
    with hashes_with(NEW_KEY) as hashes:
        kept = await hashes.hash(PASSWORD)
    stranger = SecretKey("new", b"another key of the same name....")
    with hashes_with(stranger) as hashes:
        assert not await hashes.matches(kept, PASSWORD)


async def test_a_hash_of_another_cost_or_key_still_matches_and_is_to_be_renewed() -> None:
    with hashes_with(OLD_KEY) as hashes:
        kept = await hashes.hash(PASSWORD)
        assert hashes.is_current(kept)
    with hashes_with(OLD_KEY, cost=DEARER) as hashes:
        assert await hashes.matches(kept, PASSWORD)
        assert not hashes.is_current(kept)
    with hashes_with(NEW_KEY, OLD_KEY) as hashes:
        assert await hashes.matches(kept, PASSWORD)
        assert not hashes.is_current(kept)


async def test_the_same_password_never_hashes_to_the_same() -> None:
    with hashes_with(NEW_KEY) as hashes:
        assert await hashes.hash(PASSWORD) != await hashes.hash(PASSWORD)


@pytest.mark.parametrize(
    ("longest_wait", "told"), [(0.0, [str] * 3 + [errors.Overloaded]), (30.0, [str] * 4)]
)
async def test_who_comes_when_there_is_no_turn_is_told_to_come_back(
    longest_wait: float, told: list[type]
) -> None:
    with hashes_with(NEW_KEY, longest_wait=longest_wait) as hashes:
        answers = await asyncio.gather(
            *(hashes.hash(PASSWORD) for _ in range(4)), return_exceptions=True
        )

        assert [type(answer) for answer in answers] == told
        assert await hashes.hash(PASSWORD)


async def test_a_turn_is_enough_for_all_that_is_hashed_in_it() -> None:
    with hashes_with(NEW_KEY, longest_wait=0.0) as hashes:
        async with contextlib.AsyncExitStack() as turns:
            for _ in range(2):
                await turns.enter_async_context(hashes.turn())
            kept = await hashes.hash(PASSWORD)
            assert await hashes.matches(kept, PASSWORD)


async def test_hashing_gives_way_to_all_else_in_the_process() -> None:
    class Witness(Argon2Passwords):
        def _hash(self, password: str) -> str:
            niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super()._hash(password)

    niceness = list[int]()
    hashes = Witness(KeyedHash([NEW_KEY], "password"), CHEAP, threads=1, longest_wait=30.0)
    try:
        await hashes.hash(PASSWORD)
        assert niceness[-1] > os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        hashes.close()
