"""Brings a service's database to the newest schema: `python -m services.<service>.migrations`.

Migrations run one at a time, under an advisory lock, and give up soon when a table is in use, so
that they never make the service's requests queue up behind them.
"""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from kit import postgres

LOCK_TIMEOUT = "3s"
LONGEST_SECONDS = 3600.0
"""How long a statement of a migration may take."""

_LOCK = 0x6D696772617465  # "migrate"


def main(folder: Path, database_url: str) -> None:
    """Upgrades a database to the newest revision, and says what it did.

    Args:
        folder: The service's `migrations` folder, with the revisions in `versions`.
        database_url: The service's database.
    """
    try:
        before, after = asyncio.run(upgrade(folder, database_url))
    except OSError as error:
        sys.exit(f"The database is out of reach ({error}). Start it or correct its URL, and retry.")
    print(f"{before or 'empty'} -> {after}" if before != after else f"{after}: up to date")  # noqa: T201 - the command's answer


async def upgrade(
    folder: Path, database_url: str, to: str = "head"
) -> tuple[str | None, str | None]:
    """Upgrades a database to a revision, the newest one unless another is named.

    Returns:
        The revisions before and after.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: postgres.connect(database_url, answer_seconds=LONGEST_SECONDS),
    )
    try:
        async with engine.begin() as connection:
            await _prepare(connection)
            return await connection.run_sync(_upgrade, folder, to)
    finally:
        await engine.dispose()


def newest_revision(folder: Path) -> str:
    """Returns the newest revision in a service's `migrations` folder."""
    return revisions(folder).get_current_head() or ""


def revisions(folder: Path) -> ScriptDirectory:
    """Returns the revisions in a service's `migrations` folder."""
    return ScriptDirectory.from_config(_config(folder))


async def _prepare(connection: AsyncConnection) -> None:
    await connection.execute(text("SET LOCAL lock_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    await connection.execute(text("SET LOCAL statement_timeout = 0"))


def _upgrade(connection: Connection, folder: Path, to: str) -> tuple[str | None, str | None]:
    context = MigrationContext.configure(connection)
    before = context.get_current_revision()
    with _environment(folder, to) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        with Operations.context(environment.get_context()):
            environment.run_migrations()
    return before, context.get_current_revision()


@contextmanager
def _environment(folder: Path, to: str) -> Generator[EnvironmentContext]:
    """Sets up what an Alembic `env.py` gets, so that no service needs one."""
    config, script = _config(folder), revisions(folder)

    def steps(current: "str | tuple[str, ...]", _context: MigrationContext) -> object:
        return script._upgrade_revs(to, current)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportArgumentType] - as Alembic's own `upgrade` does

    with EnvironmentContext(config, script, fn=steps, destination_rev=to) as environment:
        yield environment


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
