"""More than one of the service: as processes of their own, or as parts that are called directly."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from kit.clock import Clock
from kit.database import Database
from kit.ids import SystemIds
from kit.outbox import Outbox
from kit.server import Call
from services.events.config import Settings
from services.events.domain.store import Listing
from services.events.servicer import EventsServicer
from services.events.servicer.joining import Joining
from services.events.servicer.reserving import Reserving
from services.events.storage import PostgresReader, PostgresStore
from tests.integration.events.world import Customer, caller_of


@asynccontextmanager
async def replicas(
    settings: Settings, clock: Clock, count: int = 2
) -> AsyncGenerator[Sequence[EventsServicer]]:
    """Makes servicers on pools of their own, called without gRPC in between."""
    async with AsyncExitStack() as stack:
        servicers: list[EventsServicer] = []
        for _ in range(count):
            ids = SystemIds()
            database = await stack.enter_async_context(
                Database.open(settings.database_url, Outbox("events", ids, clock))
            )
            reserving = Reserving(database, PostgresReader, PostgresStore, ids, clock)
            joining = Joining(database, PostgresStore, ids, clock)
            servicers.append(
                EventsServicer(
                    database, PostgresReader, PostgresStore, reserving, joining, ids, clock
                )
            )
        yield servicers


def call_of(customer: Customer, clock: Clock, method: str = "test") -> Call:
    """Returns a call of a customer's."""
    return Call(caller_of(customer, clock), method, "nn")


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the lock out, for the controls: the same race must then be seen to go wrong."""

    async def lock_event(self: Any, event_id: UUID) -> Listing | None:
        return await self.listing(event_id)

    monkeypatch.setattr(PostgresStore, "lock_event", lock_event)
