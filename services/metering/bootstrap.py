"""The composition root: everything of metering is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from kit import operations
from kit.access import InternalTokens
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.database import Database
from kit.gauges import measure_bus, measure_database
from kit.ids import Ids, SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.operations import Operations
from kit.outbox import Outbox, Relay
from kit.repeat import background
from kit.server import Server
from kit.tls import Identity
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering import consumers
from services.metering.config import Settings
from services.metering.handlers.rates import RateBooks
from services.metering.servicer import MeteringServicer
from services.metering.storage import PostgresReader, PostgresStore
from services.metering.storage.gauges import QUERIES

SERVICE = pb.DESCRIPTOR.services_by_name["MeteringService"]

_NAME = "metering"
_MIGRATIONS = Path(__file__).with_name("migrations")


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncGenerator[Server]:
    """Runs metering for as long as the context is open."""
    clock, ids = clock or SystemClock(), ids or SystemIds()
    async with AsyncExitStack() as stack:
        outbox = Outbox(_NAME, ids, clock)
        database = await stack.enter_async_context(
            Database.open(settings.database_url, outbox, connections=settings.database_connections)
        )
        workload = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
        bus = await stack.enter_async_context(
            Bus.open(
                settings.nats_url,
                workload,
                _NAME,
                replicas=settings.nats_replicas,
                since=settings.consume_from,
            )
        )
        heard = (consumers.customers(PostgresStore),)
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            *(consume(each, bus, database) for each in heard),
            measure_database(_NAME, database, consumers=heard, queries=QUERIES),
            measure_bus(_NAME, bus, heard),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                MeteringServicer(
                    database=database,
                    reader_of=PostgresReader,
                    store_of=PostgresStore,
                    rate_books=RateBooks(),
                    clock=clock,
                    ids=ids,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
                beside={
                    operations.SERVICE: Operations(
                        _NAME, _MIGRATIONS, database, bus, outbox, heard, clock
                    )
                },
            )
        )
