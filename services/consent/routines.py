"""What goes on by itself, in every replica."""

import asyncio

import structlog

from kit.clock import Clock
from services.consent.domain.store import Stores
from services.consent.handlers import verification

ANCHOR_SECONDS = 3600.0

_log = structlog.get_logger(__name__)


async def anchor_ledger(stores: Stores, clock: Clock) -> None:
    """Keeps once a day what the ledger is, again and again, until it is cancelled."""
    while True:
        try:
            async with stores() as store:
                anchor = await verification.anchor(store, clock)
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning("the ledger is not anchored", error=repr(error))
        else:
            if anchor is not None:
                _log.info("the ledger is anchored", position=anchor.position)
        await asyncio.sleep(ANCHOR_SECONDS)
