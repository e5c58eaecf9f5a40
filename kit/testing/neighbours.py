"""Real neighbours for tests: PostgreSQL, NATS and a certificate for every workload."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import contextlib
import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

import asyncpg
import grpc
import nats
from nats.js.errors import NotFoundError

from kit import access, jwt, migrations
from kit.access import Caller
from kit.bus import STREAM
from kit.channel import open_channel
from kit.local.nats import LocalNats
from kit.local.pki import LocalPki
from kit.local.postgres import LocalPostgres
from kit.settings import ServiceSettings

_Settings = TypeVar("_Settings", bound=ServiceSettings)


@dataclass
class Neighbours:
    """What a service needs around it, started once for many tests.

    Attributes:
        pki: Certificates and keys.
        postgres: The database server; each test gets a database of its own.
        nats: The bus.
    """

    pki: LocalPki
    postgres: LocalPostgres
    nats: LocalNats
    _names: "itertools.count[int]" = field(default_factory=itertools.count)
    _templates: dict[Path, str] = field(default_factory=dict[Path, str])

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path) -> Generator[Self]:
        """Starts the neighbours in a folder, and stops them at the end."""
        pki = LocalPki(folder / "pki")
        pki.prepare()
        nats = LocalNats(folder / "nats", durable=False, identity=pki.identity("nats"))
        with LocalPostgres(folder / "postgres", durable=False) as postgres, nats:
            yield cls(pki, postgres, nats)

    async def database(self, migrations_folder: Path) -> str:
        """Returns the URL of a new database with a service's newest schema.

        The schema is made once and copied from then on.

        Args:
            migrations_folder: The service's `migrations` folder.
        """
        if migrations_folder not in self._templates:
            template = await self._create_database()
            await migrations.upgrade(migrations_folder, self.postgres.url(template))
            self._templates[migrations_folder] = template
        return self.postgres.url(await self._create_database(self._templates[migrations_folder]))

    async def empty_database(self) -> str:
        """Returns the URL of a new database without any table."""
        return self.postgres.url(await self._create_database())

    async def forget_events(self) -> None:
        """Empties the bus of what other tests have published, and of its consumers."""
        client = await nats.connect(self.nats.url, tls=self.pki.identity("nats").client_context())
        try:
            with contextlib.suppress(NotFoundError):
                await client.jsm().delete_stream(STREAM)
        finally:
            await client.close()

    def settings(
        self, kind: type[_Settings], database_url: str, *, workload: str, **more: object
    ) -> _Settings:
        """Returns a service's settings for these neighbours.

        Args:
            kind: The service's class of settings.
            database_url: The service's database.
            workload: Whose certificate it shows.
            more: The service's own settings.
        """
        identity = self.pki.identity(workload)
        return kind.model_validate(
            {
                "tls_certificate": identity.certificate,
                "tls_key": identity.key,
                "tls_authority": identity.authority,
                "internal_keys": self.pki.internal_keys,
                "database_url": database_url,
                "nats_url": self.nats.url,
                "grace_seconds": 1,
                "drain_seconds": 0,
                **more,
            }
        )

    def channel(self, port: int, *, workload: str = "gateway") -> grpc.aio.Channel:
        """Returns a channel to a service on this machine, with a workload's certificate."""
        return open_channel(f"localhost:{port}", self.pki.identity(workload))

    def metadata(
        self, caller: Caller | None = None, *, now: datetime | None = None, **more: str
    ) -> Sequence[tuple[str, str]]:
        """Returns the metadata of a call, with an internal token where somebody is logged in."""
        pairs = list(more.items())
        if caller is not None:
            key = jwt.KeyFile(self.pki.internal_signing_keys).signing_key()
            token = access.mint_internal_token(key, caller, now or datetime.now(UTC))
            pairs.append(("authorization", f"Bearer {token.value}"))
        return pairs

    async def _create_database(self, template: str = "template1") -> str:
        name = f"test_{next(self._names)}"
        connection = await asyncpg.connect(self.postgres.url("postgres"))
        try:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY = FILE_COPY"
            )
        finally:
            await connection.close()
        return name
