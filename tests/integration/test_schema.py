"""The models say what the migrations have made."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

import services.consent.migrations
import services.events.migrations
import services.identity.migrations
import services.metering.migrations
from kit import postgres
from kit.testing import Neighbours
from services.consent.storage.tables import ConsentRow
from services.events.storage.tables import EventRow
from services.identity.storage.tables import AccountRow
from services.metering.storage.tables import MeteringPointRow


@pytest.mark.parametrize(
    ("migrations", "models"),
    [
        pytest.param(services.identity.migrations, AccountRow.metadata, id="identity"),
        pytest.param(services.consent.migrations, ConsentRow.metadata, id="consent"),
        pytest.param(services.events.migrations, EventRow.metadata, id="events"),
        pytest.param(services.metering.migrations, MeteringPointRow.metadata, id="metering"),
    ],
)
async def test_the_migrated_schema_is_the_one_of_the_models(
    neighbours: Neighbours, migrations: ModuleType, models: MetaData
) -> None:
    url = await neighbours.database(Path(str(migrations.__file__)).parent)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: postgres.connect(url)
    )
    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences, models)
    await engine.dispose()

    assert differences == []


async def test_a_difference_would_be_seen(neighbours: Neighbours) -> None:
    url = await neighbours.database(Path(str(services.identity.migrations.__file__)).parent)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: postgres.connect(url)
    )
    async with engine.connect() as connection:
        await connection.exec_driver_sql("ALTER TABLE account ADD COLUMN planted text")
        differences = await connection.run_sync(_differences, AccountRow.metadata)
    await engine.dispose()

    assert "planted" in str(differences)


def _differences(connection: Connection, models: MetaData) -> list[Any]:
    """Compares the tables that have a model; the others are queried with plain SQL."""

    def has_model(_thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or name in models.tables

    options = {"compare_type": True, "include_object": has_model}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), models))
