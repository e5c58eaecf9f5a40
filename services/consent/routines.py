"""What goes on by itself, in every replica at once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from kit.clock import Clock
from kit.ids import Ids
from kit.repeat import repeat
from services.consent.domain.contacts import AddressHashes, Contacts
from services.consent.domain.quiet import QuietHours
from services.consent.domain.store import Stores
from services.consent.handlers import contacts as handlers
from services.consent.handlers import mailings, programme, verification
from services.consent.handlers.mailings import Newsroom
from services.consent.handlers.programme import Desk
from services.consent.handlers.writing import Writer

ANCHOR_SECONDS = 3600.0
CONTACTS_SECONDS = 1.0
WRITING_SECONDS = 1.0
PROGRAMME_SECONDS = 15.0
TIDY_SECONDS = 3600.0
KEPT = timedelta(days=60)
"""For how long what was told is known: longer than an event may be told of again."""

_log = structlog.get_logger(__name__)


async def anchor_ledger(stores: Stores, clock: Clock) -> None:
    """Keeps once a day what the ledger is, again and again, until it is cancelled."""

    async def anchor() -> None:
        async with stores() as store:
            kept = await verification.anchor(store, clock)
        if kept is not None:
            _log.info("the ledger is anchored", position=kept.position)

    await repeat("the ledger is not anchored", anchor, ANCHOR_SECONDS)


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

    await repeat("contacts are not learned", learn, CONTACTS_SECONDS)


async def write_due(writer: Writer) -> None:
    """Writes what is due, again and again."""

    async def write() -> None:
        while await writer.write_due():
            pass

    await repeat("what is due is not written", write, WRITING_SECONDS)


async def tend_mailings(stores: Stores, newsroom: Newsroom) -> None:
    """Goes further with mailings, again and again."""

    async def tend() -> None:
        while await mailings.tend_all(stores, newsroom):
            pass

    await repeat("mailings are not tended", tend, WRITING_SECONDS)


async def tend_programme(
    stores: Stores, ids: Ids, clock: Clock, quiet: QuietHours, *, digest: timedelta
) -> None:
    """Asks who comes, hands out guest lists, and tells staff what has happened, when it is time."""

    async def in_a_transaction(work: Callable[[Desk], Awaitable[bool]]) -> bool:
        async with stores() as store:
            return await work(Desk(store, ids, clock))

    async def tend() -> None:
        async with stores() as store:
            await programme.hand_out_guest_lists(Desk(store, ids, clock))
        while await in_a_transaction(programme.ask_who_comes):
            pass
        # What happens in the night is told together in the morning.
        if quiet.morning_after(clock.now()) is None:
            while await in_a_transaction(lambda desk: programme.tell_staff(desk, every=digest)):
                pass

    await repeat("the programme is not tended", tend, PROGRAMME_SECONDS)


async def tidy(stores: Stores, clock: Clock) -> None:
    """Forgets what was told, when nobody asks about it any longer, again and again."""

    async def forget() -> None:
        async with stores() as store:
            await store.forget_notifications(clock.now() - KEPT)

    await repeat("nothing is forgotten", forget, TIDY_SECONDS)
