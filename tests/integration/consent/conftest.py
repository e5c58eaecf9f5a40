"""Consent, on a fresh database for each test."""

from collections.abc import AsyncGenerator

import pytest

from kit.keyed_hash import secret_keys
from kit.testing import FrozenClock, Neighbours
from services.consent.config import Settings
from tests.integration.consent.people import People
from tests.integration.consent.world import MIGRATIONS, NOBODY, NOW, Consent, House, serving


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
async def settings(neighbours: Neighbours) -> Settings:
    await neighbours.forget_events()
    return neighbours.settings(
        Settings,
        await neighbours.database(MIGRATIONS),
        workload="consent",
        identity=NOBODY,
        events=NOBODY,
        secret_keys=neighbours.pki.consent_secret_keys,
    )


@pytest.fixture
async def consent(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> AsyncGenerator[Consent]:
    async with serving(neighbours, settings, clock) as consent:
        yield consent


@pytest.fixture
async def house(settings: Settings, clock: FrozenClock) -> AsyncGenerator[House]:
    async with House.on(settings.database_url, clock) as house:
        yield house


@pytest.fixture
def neighbourhood(settings: Settings, house: House) -> People:
    """Customers of the running service, whose addresses are hashed with its own keys."""
    return People(house, keys=secret_keys(settings.secret_keys))
