"""One PostgreSQL and one NATS for all tests, a database and a service for each."""

import contextlib
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import grpc
import orjson
import pytest
from joserfc.jwk import ECKey

import services.identity
from kit import migrations
from kit.database import Database
from kit.ids import SystemIds
from kit.local.nats import LocalNats
from kit.local.pki import LocalPki
from kit.local.postgres import LocalPostgres
from kit.outbox import Outbox
from services.identity.bootstrap import running
from services.identity.config import Settings
from tests.integration.identity.world import FrozenClock, Identity

MIGRATIONS = Path(services.identity.__file__).parent / "migrations"
CONNECTIONS = 20


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    pki = LocalPki(tmp_path_factory.mktemp("pki"))
    pki.prepare()
    return pki


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Generator[LocalPostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *list(folder.parents)[:2]):
        parent.chmod(0o755)
    with LocalPostgres(folder, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory, pki: LocalPki) -> Generator[LocalNats]:
    with LocalNats(tmp_path_factory.mktemp("nats"), identity=pki.identity("gateway")) as server:
        yield server


@pytest.fixture
async def identity(
    pki: LocalPki, postgres: LocalPostgres, nats: LocalNats
) -> AsyncGenerator[Identity]:
    clock, ids = FrozenClock(), SystemIds()
    name = f"identity_{ids.new_id().hex}"
    postgres.create_database(name)
    await migrations.upgrade(MIGRATIONS, postgres.url(name))
    tls = pki.identity("identity")
    settings = Settings(
        tls_certificate=tls.certificate,
        tls_key=tls.key,
        tls_authority=tls.authority,
        internal_keys=pki.internal_keys,
        signing_keys=pki.access_signing_keys,
        secret_keys=pki.identity_secret_keys,
        database_url=postgres.url(name),
        nats_url=nats.url,
        grace_seconds=0,
    )
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(settings, clock, ids))
        channels = {
            workload: await stack.enter_async_context(
                grpc.aio.secure_channel(
                    f"localhost:{server.port}", pki.identity(workload).channel_credentials()
                )
            )
            for workload in ("gateway", "cli")
        }
        database = await stack.enter_async_context(
            Database.open(
                settings.database_url, Outbox("identity", ids, clock), connections=CONNECTIONS
            )
        )
        yield Identity(settings, channels, gateway_key(pki), database, clock, ids)


def gateway_key(pki: LocalPki) -> ECKey:
    return ECKey.import_key(orjson.loads(pki.internal_signing_keys.read_bytes())["keys"][0])
