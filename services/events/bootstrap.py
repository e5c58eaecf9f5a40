"""The composition root: everything of events is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from kit import operations
from kit.access import InternalTokens
from kit.bus import Bus
from kit.channel import open_channel
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
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from services.events import consumers, routines
from services.events.config import Settings
from services.events.identity import IdentityCustomers
from services.events.servicer import EventsServicer
from services.events.servicer.joining import Joining
from services.events.servicer.reserving import Reserving
from services.events.storage import PostgresReader, PostgresStore, PostgresStores
from services.events.storage.gauges import QUERIES

SERVICE = pb.DESCRIPTOR.services_by_name["EventsService"]

_NAME = "events"
_MIGRATIONS = Path(__file__).with_name("migrations")


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncGenerator[Server]:
    """Runs events for as long as the context is open."""
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
        identity = await stack.enter_async_context(open_channel(settings.identity, workload))
        stores = PostgresStores(database)
        heard = (
            consumers.customers(PostgresStore, ids, clock),
            consumers.offers(PostgresStore, ids, clock),
        )
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            *(consume(each, bus, database) for each in heard),
            measure_database(_NAME, database, consumers=heard, queries=QUERIES),
            measure_bus(_NAME, bus, heard),
            routines.learn_customer_names(stores, IdentityCustomers(IdentityServiceStub(identity))),
            routines.tend_events(
                database,
                PostgresReader,
                stores,
                ids=ids,
                clock=clock,
                seconds=settings.sweep_seconds,
            ),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                EventsServicer(
                    database=database,
                    reader_of=PostgresReader,
                    store_of=PostgresStore,
                    reserving=Reserving(database, PostgresReader, PostgresStore, ids, clock),
                    joining=Joining(database, PostgresStore, ids, clock),
                    ids=ids,
                    clock=clock,
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
