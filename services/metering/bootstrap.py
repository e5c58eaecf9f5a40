"""The composition root: everything of metering is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from kit.access import InternalTokens
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.database import Database
from kit.ids import Ids, SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.outbox import Outbox, Relay
from kit.server import Server, background
from kit.tls import Identity
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering import consumers
from services.metering.config import Settings
from services.metering.domain.price_list import parse_price_list
from services.metering.servicer import MeteringServicer
from services.metering.storage import PostgresReader, PostgresStore

SERVICE = pb.DESCRIPTOR.services_by_name["MeteringService"]

_NAME = "metering"


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
            Bus.open(settings.nats_url, workload, _NAME, replicas=settings.nats_replicas)
        )
        relay = Relay(_NAME, settings.database_url, outbox, bus)
        await stack.enter_async_context(background(relay.run()))
        customers = consumers.customers(PostgresStore)
        await stack.enter_async_context(background(consume(customers, bus, database)))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                MeteringServicer(
                    database=database,
                    reader_of=PostgresReader,
                    store_of=PostgresStore,
                    price_list=parse_price_list(settings.products.read_text()),
                    clock=clock,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
            )
        )
