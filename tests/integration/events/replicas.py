"""More than one of the service: as processes of their own, or as parts that are called directly."""

import os
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cli.local.readiness import grpc_ready
from kit.clock import Clock
from kit.database import Database
from kit.ids import SystemIds
from kit.local.processes import Child, free_port
from kit.outbox import Outbox
from kit.server import Call
from kit.testing import FrozenClock, Neighbours
from services.events.config import Settings
from services.events.domain.store import Listing
from services.events.servicer import EventsServicer
from services.events.servicer.reserving import Reserving
from services.events.storage import PostgresReader, PostgresStore
from tests.integration.events.world import Customer, caller_of

_START_SECONDS = 60.0


@contextmanager
def process(neighbours: Neighbours, settings: Settings, folder: Path) -> Generator[Child]:
    """Runs a process of the service; its port is the last part of its name."""
    port = free_port()
    values = settings.model_dump() | {"listen": f"127.0.0.1:{port}"}
    environment = {f"KUNDEAPP_EVENTS_{name}".upper(): str(value) for name, value in values.items()}
    child = Child(
        name=f"events-{port}",
        command=(sys.executable, "-m", "services.events"),
        log=folder / f"events-{port}.log",
        record=folder / f"events-{port}.json",
        environment={**os.environ, **environment},
    )
    child.start()
    try:
        child.wait_until_ready(grpc_ready(port, neighbours.pki.identity("cli")), _START_SECONDS)
        yield child
    finally:
        child.stop()


class RunningClock(FrozenClock):
    """The machine's own clock, for what is said to processes of their own."""

    def now(self) -> datetime:
        """Returns the present moment."""
        return datetime.now(UTC)


def port_of(child: Child) -> int:
    """Returns the port of a process."""
    return int(child.name.rpartition("-")[2])


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
            servicers.append(
                EventsServicer(database, PostgresReader, PostgresStore, reserving, ids, clock)
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
