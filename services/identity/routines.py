"""What goes on by itself, in every replica."""

import asyncio
from datetime import timedelta

import structlog

from kit.clock import Clock
from services.identity.domain.store import Stores

TIDY_SECONDS = 3600.0
KEPT = timedelta(days=60)
"""For how long what is over is kept: as long as anybody may ask about it."""

_log = structlog.get_logger(__name__)


async def tidy(stores: Stores, clock: Clock) -> None:
    """Forgets what is over, again and again, until it is cancelled."""
    while True:
        now = clock.now()
        try:
            async with stores() as store:
                await store.forget_old(now, before=now - KEPT)
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning("not tidied", error=repr(error))
        await asyncio.sleep(TIDY_SECONDS)
