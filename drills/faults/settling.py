"""Waits until nothing is under way any more."""

import time
from collections.abc import Sequence

import asyncpg
import nats.errors

from drills.faults.invariants import in_flight
from drills.faults.people import People

SECONDS = 90.0
_PAUSE_SECONDS = 0.05


class NotSettled(Exception):  # noqa: N818 - says what happened
    """Something is under way for ever."""


def settle(people: People) -> None:
    """Waits until nothing is under way, and meanwhile starts again what has ended.

    Raises:
        NotSettled: If that takes too long.
    """
    until = time.monotonic() + SECONDS
    waits: Sequence[str] = ()
    while people.suite.tend() or (waits := _under_way(people)):
        if time.monotonic() > until:
            raise NotSettled("; ".join(waits))
        time.sleep(_PAUSE_SECONDS)


def _under_way(people: People) -> Sequence[str]:
    try:
        return in_flight(people.suite, people.journal)
    except (OSError, TimeoutError, asyncpg.PostgresError, nats.errors.Error) as error:
        return [repr(error)]
