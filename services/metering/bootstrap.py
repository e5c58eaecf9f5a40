"""Metering's composition root: everything is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from kit.access import InternalTokens
from kit.bus import Bus
from kit.clock import SystemClock
from kit.database import Database
from kit.ids import SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.outbox import Outbox, Relay
from kit.server import Server, background
from kit.tls import Identity
from kundeapp.metering.v1 import metering_service_pb2
from services.metering import consumers
from services.metering.config import Settings
from services.metering.domain.pricing import parse_price_list
from services.metering.servicer import MeteringServicer
from services.metering.storage import PostgresReader, PostgresStore

_SERVICE = metering_service_pb2.DESCRIPTOR.services_by_name["MeteringService"]


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Server]:
    """Runs metering until the context is left; what was started last stops first."""
    ids, clock = SystemIds(), SystemClock()
    identity = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
    outbox = Outbox("metering", ids, clock)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database.open(settings.database_url, outbox, connections=settings.database_connections)
        )
        bus = await stack.enter_async_context(
            Bus.open(settings.nats_url, identity, "metering", replicas=settings.nats_replicas)
        )
        relay = Relay("metering", settings.database_url, outbox, bus)
        await stack.enter_async_context(background(relay.run()))
        await stack.enter_async_context(
            background(consume(consumers.customers(PostgresStore), bus, database))
        )
        servicer = MeteringServicer(
            database=database,
            reader_of=PostgresReader,
            store_of=PostgresStore,
            price_list=parse_price_list(settings.products.read_text()),
        )
        yield await stack.enter_async_context(
            Server.serving(
                _SERVICE,
                servicer,
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
            )
        )
