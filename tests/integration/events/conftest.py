"""Events, on a fresh database for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

import services.events
from kit.testing import FrozenClock, Neighbours
from services.events.config import Settings
from tests.integration.events.world import NOBODY, NOW, Events, serving

_MIGRATIONS = Path(services.events.__file__).parent / "migrations"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
async def settings(neighbours: Neighbours) -> Settings:
    await neighbours.forget_events()
    return neighbours.settings(
        Settings,
        await neighbours.database(_MIGRATIONS),
        workload="events",
        identity=NOBODY,
        sweep_seconds=0.05,
    )


@pytest.fixture
async def events(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> AsyncGenerator[Events]:
    async with serving(neighbours, settings, clock) as events:
        yield events
