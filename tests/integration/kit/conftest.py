"""A fresh world for each test, on the shared neighbours or, for outages, on its own."""

from collections.abc import Generator
from pathlib import Path

import pytest

from kit import migrations
from kit.local.nats import LocalNats
from kit.local.postgres import LocalPostgres
from kit.testing import Neighbours
from tests.integration.kit.world import MIGRATIONS, World


@pytest.fixture
async def world(neighbours: Neighbours) -> World:
    url = await neighbours.database(MIGRATIONS)
    return World(url, neighbours.nats.url, neighbours.pki.identity("identity"))


@pytest.fixture
def own_nats(neighbours: Neighbours, tmp_path: Path) -> Generator[LocalNats]:
    """A bus that a test may stop."""
    identity = neighbours.pki.identity("nats")
    with LocalNats(tmp_path / "nats", durable=False, identity=identity) as nats:
        yield nats


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Generator[LocalPostgres]:
    """A database server that a test may stop."""
    with LocalPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as postgres:
        yield postgres


@pytest.fixture
async def fragile_world(neighbours: Neighbours, own_postgres: LocalPostgres) -> World:
    """A world on a database server that the test may stop."""
    url = own_postgres.url("postgres")
    await migrations.upgrade(MIGRATIONS, url)
    return World(url, neighbours.nats.url, neighbours.pki.identity("identity"))
