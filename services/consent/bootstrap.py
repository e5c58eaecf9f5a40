"""The composition root: everything of consent is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from kit import operations
from kit.access import InternalTokens
from kit.bus import Bus
from kit.channel import open_channel
from kit.clock import Clock, SystemClock
from kit.courier import Courier, deliver, open_transports
from kit.database import Database
from kit.gauges import measure_bus, measure_database
from kit.ids import Ids, SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.keyed_hash import KeyedHash, secret_keys
from kit.operations import Operations
from kit.outbox import Outbox, Relay
from kit.repeat import background
from kit.server import Server
from kit.tls import Identity
from kundeapp.consent.v1 import consent_service_pb2 as pb
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from services.consent import consumers, routines
from services.consent.config import Settings
from services.consent.domain.channels import Channel
from services.consent.domain.controller import Controller
from services.consent.domain.customer_service import parse_customer_service
from services.consent.domain.quiet import QuietHours
from services.consent.event_service import EventsEventFiles, EventsReservations
from services.consent.handlers.details import ProgrammeDetails
from services.consent.handlers.mailings import Newsroom
from services.consent.handlers.releases import Returns
from services.consent.handlers.suppression import Desk
from services.consent.handlers.writing import Links, Writer
from services.consent.hashing import KeyedAddressHashes
from services.consent.identity import IdentityCustomers
from services.consent.letters import write
from services.consent.post import Bounces, ConsentPermits, CourierPost
from services.consent.servicer import ConsentServicer
from services.consent.storage import PostgresStore, PostgresStores, PostgresWritingStores
from services.consent.storage.gauges import QUERIES
from services.consent.tokens import KeyedReleaseTokens, KeyedUnsubscribeTokens

SERVICE = pb.DESCRIPTOR.services_by_name["ConsentService"]

_NAME = "consent"
_MIGRATIONS = Path(__file__).with_name("migrations")


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
            Bus.open(
                settings.nats_url,
                workload,
                _NAME,
                replicas=settings.nats_replicas,
                since=settings.consume_from,
            )
        )
        identity = await stack.enter_async_context(open_channel(settings.identity, workload))
        events = await stack.enter_async_context(open_channel(settings.events, workload))
        keys = secret_keys(settings.secret_keys)
        hashes, retry = KeyedAddressHashes(keys), KeyedHash(keys, "retry")
        tokens, release_tokens = KeyedUnsubscribeTokens(keys), KeyedReleaseTokens(keys)
        quiet = QuietHours(settings.quiet_from, settings.quiet_until)
        transports = await stack.enter_async_context(open_transports(settings, clock))
        courier = Courier([key.value for key in keys], transports.keys(), ids, clock, permits=True)
        stores = PostgresStores(database)
        events_stub = EventsServiceStub(events)
        customers = IdentityCustomers(IdentityServiceStub(identity))
        links = Links(settings.public_url.rstrip("/"), tokens, release_tokens)
        desk = Desk(hashes, ids, clock)
        writer = Writer(
            stores=PostgresWritingStores(database, CourierPost(courier)),
            recipients=customers,
            details=ProgrammeDetails(stores, EventsEventFiles(events_stub), customers, links),
            write=partial(write, phone=customer_service.phone.shown),
            links=links,
            hashes=hashes,
            channels={Channel[channel.name] for channel in transports},
            quiet=quiet,
            clock=clock,
        )
        newsroom = Newsroom(writer, ids, clock)
        heard = (
            consumers.customers(PostgresStore, clock),
            consumers.events(PostgresStore, ids, clock),
            consumers.waiting_list(PostgresStore, ids, clock),
        )
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            *(consume(each, bus, database) for each in heard),
            measure_database(_NAME, database, consumers=heard, queries=QUERIES),
            measure_bus(_NAME, bus, heard),
            routines.anchor_ledger(stores, clock),
            routines.learn_contacts(stores, customers, hashes, clock),
            routines.tend_mailings(stores, newsroom),
            routines.tend_programme(
                stores, ids, clock, quiet, digest=timedelta(minutes=settings.digest_minutes)
            ),
            routines.write_due(writer),
            routines.tidy(stores, clock),
            deliver(
                courier,
                database,
                transports,
                per_hour=settings.messages_per_hour,
                ids=ids,
                clock=clock,
                permits=ConsentPermits(PostgresStore, hashes, quiet, clock),
                on_dead_address=Bounces(PostgresStore, desk).note,
            ),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                ConsentServicer(
                    database=database,
                    store_of=PostgresStore,
                    stores=stores,
                    controller=Controller(
                        settings.controller_name, settings.controller_contact, settings.public_url
                    ),
                    newsroom=newsroom,
                    tokens=tokens,
                    returns=Returns(release_tokens, EventsReservations(events_stub), clock),
                    desk=desk,
                    retry_secret=retry.digest(retry.current_key, ""),
                    ids=ids,
                    clock=clock,
                    customer_service=customer_service,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
                beside={
                    operations.SERVICE: Operations(
                        _NAME, _MIGRATIONS, database, bus, outbox, heard, clock, transports
                    )
                },
            )
        )
