"""What goes on by itself, in every replica at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from kit.clock import Clock
from kit.ids import Ids
from services.consent.domain.store import Stores
from services.consent.handlers import programme
from services.consent.handlers.programme import Desk

PROGRAMME_SECONDS = 15.0

_log = structlog.get_logger(__name__)


async def tend_programme(stores: Stores, ids: Ids, clock: Clock, *, digest: timedelta) -> None:
    """Asks who comes, hands out guest lists, and tells staff what has happened, when it is time."""

    async def tend() -> None:
        async with stores() as store:
            await programme.hand_out_guest_lists(Desk(store, ids, clock))
        while await _in_a_transaction(programme.ask_who_comes):
            pass
        while await _in_a_transaction(lambda desk: programme.tell_staff(desk, every=digest)):
            pass

    async def _in_a_transaction(work: Callable[[Desk], Awaitable[bool]]) -> bool:
        async with stores() as store:
            return await work(Desk(store, ids, clock))

    await _repeat("the programme is not tended", tend, PROGRAMME_SECONDS)


async def _repeat(failing: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning(failing, error=repr(error))
        await asyncio.sleep(seconds)
