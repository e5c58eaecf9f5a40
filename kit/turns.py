"""Turns at work of which only so much can be done at once.

Under more load than can be carried, a queue without an end serves nobody in time: what is at its
head has been waited for in vain. So the queue is as long as can be worked off within a time, in the
order of arrival, and whoever would wait longer is told at once when to come back. Those who are
told so are spread over the time to come, at the pace at which turns end.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable

import prometheus_client

from kit import errors

LONGEST_ABSENCE_SECONDS = 600
"""Nobody is told to come back later than this."""

_WEIGHT = 0.05
"""How much the last turn counts in what turns take."""
_PATIENCE = 2
"""How many times as long as was to be expected is waited in fact: turns do not all take as long."""

_under_way = prometheus_client.Gauge(
    "kundeapp_turns", "Turns that are taken, and those that are waited for.", ["process", "queue"]
)
_turned_away = prometheus_client.Counter(
    "kundeapp_turned_away_total",
    "Requests that were told to come back, since more was asked than can be done.",
    ["process", "queue"],
)


class Turns:
    """Turns, so many at once."""

    def __init__(
        self,
        process: str,
        queue: str,
        at_once: int,
        longest_wait: float,
        *,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Begins with nothing under way.

        Args:
            process: Whose turns these are.
            queue: What they are for.
            at_once: How many are taken at once.
            longest_wait: How long a turn may be waited for, as far as can be foreseen, in seconds.
            now: Tells the time, in seconds.
        """
        self._at_once = at_once
        self._longest_wait = longest_wait
        self._now = now
        self._free = asyncio.Semaphore(at_once)
        self._asked = 0
        self._seconds = 0.0
        self._back_at = 0.0
        self._turned_away = _turned_away.labels(process, queue)
        _under_way.labels(process, queue).set_function(lambda: self._asked)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Waits for a turn, and ends it.

        Raises:
            Overloaded: If it would have to be waited for too long.
        """
        ahead = self._asked + 1 - self._at_once
        if ahead * self._pace > self._longest_wait:
            raise self._refusal()
        self._asked += 1
        try:
            await self._wait()
            began = self._now()
            try:
                yield
            finally:
                self._free.release()
                self._seconds += _WEIGHT * (self._now() - began - self._seconds)
        finally:
            self._asked -= 1

    async def _wait(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(_PATIENCE * self._longest_wait):
                await self._free.acquire()
        except TimeoutError:  # turns have begun to take longer than they took
            raise self._refusal() from None

    @property
    def _pace(self) -> float:
        """The time between two turns that end while all are taken, in seconds."""
        return self._seconds / self._at_once

    def _refusal(self) -> errors.Overloaded:
        now = self._now()
        self._back_at = max(self._back_at, now + self._longest_wait) + self._pace
        self._turned_away.inc()
        return errors.Overloaded(
            retryAfter=min(max(1, math.ceil(self._back_at - now)), LONGEST_ABSENCE_SECONDS)
        )
