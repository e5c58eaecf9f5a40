"""The composition root: everything of consent is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from kit.access import InternalTokens
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.database import Database
from kit.ids import Ids, SystemIds
from kit.inbox import consume
from kit.jwt import KeyFile
from kit.keyed_hash import KeyedHash, secret_keys
from kit.outbox import Outbox, Relay
from kit.server import Server, background
from kit.tls import Identity
from kundeapp.consent.v1 import consent_service_pb2 as pb
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from services.consent import consumers, routines
from services.consent.config import Settings
from services.consent.domain.controller import Controller
from services.consent.handlers.suppression import Desk
from services.consent.hashing import KeyedAddressHashes
from services.consent.identity import CHANNEL_OPTIONS, IdentityContacts
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
    async with AsyncExitStack() as stack:
        outbox = Outbox(_NAME, ids, clock)
        database = await stack.enter_async_context(
            Database.open(settings.database_url, outbox, connections=settings.database_connections)
        )
        workload = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
        bus = await stack.enter_async_context(
            Bus.open(settings.nats_url, workload, _NAME, replicas=settings.nats_replicas)
        )
        identity = await stack.enter_async_context(
            grpc.aio.secure_channel(
                settings.identity, workload.channel_credentials(), CHANNEL_OPTIONS
            )
        )
        keys = secret_keys(settings.secret_keys)
        hashes, retry = KeyedAddressHashes(keys), KeyedHash(keys, "retry")
        stores = PostgresStores(database)
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            consume(consumers.customers(PostgresStore, clock), bus, database),
            routines.learn_contacts(
                stores, IdentityContacts(IdentityServiceStub(identity)), hashes, clock
            ),
            routines.anchor_ledger(stores, clock),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                ConsentServicer(
                    database=database,
                    store_of=PostgresStore,
                    stores=stores,
                    desk=Desk(hashes, ids, clock),
                    retry_secret=retry.digest(retry.current_key, ""),
                    controller=Controller(
                        settings.controller_name, settings.controller_contact, settings.public_url
                    ),
                    ids=ids,
                    clock=clock,
                ),
                settings,
                InternalTokens(KeyFile(settings.internal_keys), clock),
                database.ping,
            )
        )
