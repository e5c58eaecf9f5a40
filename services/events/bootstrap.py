"""The composition root: everything of events is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from kit.access import InternalTokens
from kit.bus import Bus
from kit.channel import open_channel
from kit.clock import Clock, SystemClock
from kit.database import Database
from kit.ids import Ids, SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.outbox import Outbox, Relay
from kit.server import Server, background
from kit.tls import Identity
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from services.events import consumers, routines
from services.events.config import Settings
from services.events.identity import IdentityCustomers
from services.events.servicer import EventsServicer
from services.events.servicer.reserving import Reserving
from services.events.storage import PostgresReader, PostgresStore, PostgresStores

SERVICE = pb.DESCRIPTOR.services_by_name["EventsService"]

_NAME = "events"


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
            Bus.open(settings.nats_url, workload, _NAME, replicas=settings.nats_replicas)
        )
        identity = await stack.enter_async_context(open_channel(settings.identity, workload))
        stores = PostgresStores(database)
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            consume(consumers.customers(PostgresStore, ids, clock), bus, database),
            consume(consumers.offers(PostgresStore, ids, clock), bus, database),
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
                    ids=ids,
                    clock=clock,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
            )
        )
