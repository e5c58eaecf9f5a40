"""What goes on by itself, in every replica at once."""

from collections.abc import Callable

import structlog

from kit.clock import Clock
from kit.database import Database
from kit.ids import Ids
from kit.postgres import Connection
from kit.repeat import repeat
from services.events.domain.store import Customers, Reader, Stores
from services.events.handlers import waiting_list
from services.events.handlers.customers import learn_names

_NAMES_SECONDS = 1.0

_log = structlog.get_logger(__name__)


async def tend_events(
    database: Database,
    reader_of: Callable[[Connection], Reader],
    stores: Stores,
    *,
    ids: Ids,
    clock: Clock,
    seconds: float,
) -> None:
    """Does what is due, again and again: expires offers, closes lists, draws ballots."""

    async def tend() -> None:
        async with database.reader() as connection:
            due = await reader_of(connection).events_to_tend(clock.now())
        for event_id in due:
            try:
                async with stores() as store:
                    await waiting_list.tend(store, ids, clock, event_id)
            except Exception as error:  # noqa: BLE001 - the others are tended all the same
                _log.warning("an event is not tended", event_id=str(event_id), error=repr(error))

    await repeat("events are not tended", tend, seconds)


async def learn_customer_names(stores: Stores, customers: Customers) -> None:
    """Asks identity, again and again, for names that may be others than are known."""

    async def learn() -> None:
        while await learn_names(stores, customers):
            pass

    await repeat("names are not learned", learn, _NAMES_SECONDS)
