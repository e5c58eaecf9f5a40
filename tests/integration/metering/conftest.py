"""Metering, on a fresh database for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

import services.metering
from kit.testing import Neighbours
from kundeapp.metering.v1.metering_service_pb2_grpc import MeteringServiceStub
from services.metering.bootstrap import running
from services.metering.config import Settings
from tests.integration.metering.world import Metering

_MIGRATIONS = Path(services.metering.__file__).parent / "migrations"


@pytest.fixture
async def settings(neighbours: Neighbours) -> Settings:
    await neighbours.forget_events()
    database_url = await neighbours.database(_MIGRATIONS)
    return neighbours.settings(Settings, database_url, workload="metering")


@pytest.fixture
async def metering(neighbours: Neighbours, settings: Settings) -> AsyncGenerator[Metering]:
    async with running(settings) as server, neighbours.channel(server.port) as channel:
        yield Metering(neighbours, settings.database_url, MeteringServiceStub(channel))
