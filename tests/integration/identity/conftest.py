"""Identity on a database of its own, for each test."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import services.identity
from kit.database import Database
from kit.ids import SystemIds
from kit.outbox import Outbox
from kit.testing import FrozenClock, Neighbours
from services.identity.bootstrap import running
from services.identity.config import Settings
from tests.integration.identity.world import Identity

MIGRATIONS = Path(services.identity.__file__).parent / "migrations"
CONNECTIONS = 20


@pytest.fixture
def clock() -> FrozenClock:
    """The clock that identity goes by; a file of tests may have its own."""
    return FrozenClock()


@pytest.fixture
def more_settings() -> Mapping[str, object]:
    """What identity is told beside the usual; a file of tests may have its own."""
    return {}


@pytest.fixture
async def identity(
    neighbours: Neighbours,
    tmp_path: Path,
    clock: FrozenClock,
    more_settings: Mapping[str, object],
) -> AsyncGenerator[Identity]:
    ids = SystemIds()
    settings = neighbours.settings(
        Settings,
        await neighbours.database(MIGRATIONS),
        workload="identity",
        signing_keys=neighbours.pki.access_signing_keys,
        secret_keys=neighbours.pki.identity_secret_keys,
        mailbox=tmp_path,
        public_url="https://kundeapp.example.no",
        **more_settings,
    )
    outbox = Outbox("identity", ids, clock)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(settings, clock, ids))
        channels = {
            workload: await stack.enter_async_context(
                neighbours.channel(server.port, workload=workload)
            )
            for workload in ("gateway", "cli", "events", "consent")
        }
        database = await stack.enter_async_context(
            Database.open(settings.database_url, outbox, connections=CONNECTIONS)
        )
        yield Identity(neighbours, settings, channels, database, clock, ids)
