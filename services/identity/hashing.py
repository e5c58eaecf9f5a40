"""Passwords at rest: argon2id over a keyed hash, in a pool of its own.

argon2id (RFC 9106) with m=19 MiB, t=2, p=1: the least that the OWASP Password Storage Cheat Sheet
(2025) asks. The keyed hash before it, the pepper, makes a copy of the database worthless by itself,
and a long password cost no more than a short one.
"""

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

import argon2
from argon2.exceptions import VerifyMismatchError

from kit.keyed_hash import KeyedHash
from kit.turns import Turns

_BESIDE_HASHING: Final = 2
"""Turns beyond the threads: while some hash, others look up what they hash for."""
_NICENESS: Final = 5

_Result = TypeVar("_Result")
_has_turn: ContextVar[bool] = ContextVar("identity_hashing_turn", default=False)


@dataclass(frozen=True)
class Cost:
    """What a hash costs.

    Attributes:
        memory_kib: Memory, in KiB.
        passes: Passes over it.
        lanes: Lanes, and threads.
    """

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


class Argon2Passwords:
    """Hashes in threads of its own, so that logins do not keep other requests waiting.

    A hash at rest is `<key id>$argon2id$…`: the pepper's key stands before argon2's own encoding.
    """

    def __init__(self, pepper: KeyedHash, cost: Cost, *, threads: int, longest_wait: float) -> None:
        """Starts with nothing under way.

        Args:
            pepper: The keyed hash that comes before argon2id.
            cost: What a new hash costs.
            threads: How many are hashed at once; argon2 lets other Python threads run meanwhile.
            longest_wait: How long a turn may be waited for, in seconds; whoever would wait longer
                is told when to come back.
        """
        self._pepper = pepper
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._pool = ThreadPoolExecutor(
            threads, thread_name_prefix="argon2", initializer=_let_others_go_first
        )
        self._turns = Turns("identity", "passwords", threads + _BESIDE_HASHING, longest_wait)
        self._decoy = self._hash(secrets.token_urlsafe())

    def close(self) -> None:
        """Waits for the hash under way, and drops those that wait."""
        self._pool.shutdown(cancel_futures=True)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Waits for a turn, in which passwords are hashed; one within another is the same turn.

        Raises:
            Overloaded: If it would have to be waited for too long.
        """
        if _has_turn.get():
            yield
            return
        async with self._turns.turn():
            token = _has_turn.set(True)
            try:
                yield
            finally:
                _has_turn.reset(token)

    async def hash(self, password: str) -> str:
        """Returns a password as it is kept.

        Raises:
            Overloaded: If it has no turn, and would have to wait for one too long.
        """
        return await self._run(lambda: self._hash(password))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Tells whether it is the right password; a missing one takes as long as a wrong one.

        Raises:
            Overloaded: If it has no turn, and would have to wait for one too long.
        """
        if kept is None:
            return await self._run(lambda: self._matches(self._decoy, password))
        return await self._run(lambda: self._matches(kept, password))

    def is_current(self, kept: str) -> bool:
        """Tells whether a password would be hashed with the same cost and key today."""
        key_id, _, encoded = kept.partition("$")
        return key_id == self._pepper.current_key and not self._argon2.check_needs_rehash(
            "$" + encoded
        )

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        async with self.turn():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _hash(self, password: str) -> str:
        key_id = self._pepper.current_key
        return key_id + self._argon2.hash(self._pepper.digest(key_id, password))

    def _matches(self, kept: str, password: str) -> bool:
        key_id, _, encoded = kept.partition("$")
        try:
            return self._argon2.verify("$" + encoded, self._pepper.digest(key_id, password))
        except VerifyMismatchError:
            return False


def _let_others_go_first() -> None:
    """Has a thread hash in what time is left: whoever is logged in is served before who logs in."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
