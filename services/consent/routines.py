"""What goes on by itself, in every replica at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from kit.clock import Clock
from services.consent.domain.contacts import AddressHashes, Contacts
from services.consent.domain.store import Stores
from services.consent.handlers import contacts as handlers
from services.consent.handlers import mailings, verification
from services.consent.handlers.mailings import Newsroom
from services.consent.handlers.writing import Writer

ANCHOR_SECONDS = 3600.0
CONTACTS_SECONDS = 1.0
WRITING_SECONDS = 1.0
TIDY_SECONDS = 3600.0
KEPT = timedelta(days=60)
"""For how long what was told is known: longer than an event may be told of again."""

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


async def learn_contacts(
    stores: Stores, contacts: Contacts, hashes: AddressHashes, clock: Clock
) -> None:
    """Asks identity, again and again, how customers are reached who may be reached otherwise."""
    has_marked = False

    async def learn() -> None:
        nonlocal has_marked
        if not has_marked:
            await handlers.mark_unreadable(stores, hashes)
            has_marked = True
        while await handlers.learn_contacts(stores, contacts, hashes, clock):
            pass

    await _repeat("contacts are not learned", learn, CONTACTS_SECONDS)


async def write_due(writer: Writer) -> None:
    """Writes what is due, again and again."""

    async def write() -> None:
        while await writer.write_due():
            pass

    await _repeat("what is due is not written", write, WRITING_SECONDS)


async def tend_mailings(stores: Stores, newsroom: Newsroom) -> None:
    """Goes further with mailings, again and again."""

    async def tend() -> None:
        while await mailings.tend_all(stores, newsroom):
            pass

    await _repeat("mailings are not tended", tend, WRITING_SECONDS)


async def tidy(stores: Stores, clock: Clock) -> None:
    """Forgets what was told, when nobody asks about it any longer, again and again."""

    async def forget() -> None:
        async with stores() as store:
            await store.forget_notifications(clock.now() - KEPT)

    await _repeat("nothing is forgotten", forget, TIDY_SECONDS)


async def _repeat(failing: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning(failing, error=repr(error))
        await asyncio.sleep(seconds)
