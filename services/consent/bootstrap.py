"""The composition root: everything of consent is wired here."""

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
from kundeapp.consent.v1 import consent_service_pb2 as pb
from services.consent import consumers
from services.consent.config import Settings
from services.consent.domain.customer_service import parse_customer_service
from services.consent.servicer import ConsentServicer
from services.consent.storage import PostgresStore, PostgresStores

SERVICE = pb.DESCRIPTOR.services_by_name["ConsentService"]

_NAME = "consent"


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncGenerator[Server]:
    """Runs consent for as long as the context is open."""
    clock, ids = clock or SystemClock(), ids or SystemIds()
    customer_service = parse_customer_service(settings.customer_service.read_text("utf-8"))
    async with AsyncExitStack() as stack:
        outbox = Outbox(_NAME, ids, clock)
        database = await stack.enter_async_context(
            Database.open(settings.database_url, outbox, connections=settings.database_connections)
        )
        workload = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
        bus = await stack.enter_async_context(
            Bus.open(settings.nats_url, workload, _NAME, replicas=settings.nats_replicas)
        )
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            consume(consumers.customers(PostgresStore), bus, database),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                ConsentServicer(
                    database=database,
                    store_of=PostgresStore,
                    stores=PostgresStores(database),
                    ids=ids,
                    clock=clock,
                    customer_service=customer_service,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
            )
        )
