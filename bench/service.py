"""One service by itself: its own process, PostgreSQL and NATS, and nothing else of the suite."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.local.readiness import grpc_ready
from kit.local.nats import LocalNats
from kit.local.pki import LocalPki
from kit.local.postgres import LocalPostgres
from kit.local.processes import Child, free_port

_START_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A service that is measured.

    Attributes:
        pki: Certificates and keys.
        url: Its database.
        folder: For what must be a file.
        port: Of its process.
        process: The id of that.
    """

    pki: LocalPki
    url: str
    folder: Path
    port: int
    process: int


@contextlib.contextmanager
def alone(
    name: str, *, database: Mapping[str, str] | None = None, **settings: str
) -> Generator[Service]:
    """Runs a service on a fresh database, with fsync on.

    Args:
        name: The service.
        database: Settings of PostgreSQL.
        settings: Settings of the service that has no default for them.
    """
    with (
        tempfile.TemporaryDirectory(prefix="kundeapp-bench-") as made,
        contextlib.ExitStack() as up,
    ):
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        pki = LocalPki(folder / "pki")
        pki.prepare()
        postgres = LocalPostgres(folder / "postgres", settings=database or {})
        nats = LocalNats(folder / "nats", identity=pki.identity("nats"))
        for server in (postgres, nats):
            up.enter_context(server)
        postgres.create_database(name)
        url, port = postgres.url(name), free_port()
        needed = {"database_url": url, "nats_url": nats.url, "listen": f"127.0.0.1:{port}"}
        environment = _environment(name, pki, {**needed, **settings})

        def child(module: str) -> Child:
            made = Child(
                name=module,
                command=(sys.executable, "-m", module),
                log=folder / f"{name}.log",
                record=folder / f"{module}.json",
                environment=environment,
            )
            up.callback(made.stop)
            made.start()
            return made

        child(f"services.{name}.migrations").finish(_START_SECONDS)
        process = child(f"services.{name}")
        process.wait_until_ready(grpc_ready(port, pki.identity("cli")), _START_SECONDS)
        yield Service(pki, url, folder, port, process.pid)


def _environment(name: str, pki: LocalPki, settings: Mapping[str, str]) -> Mapping[str, str]:
    tls = pki.identity(name)
    all_settings = {
        "tls_certificate": tls.certificate,
        "tls_key": tls.key,
        "tls_authority": tls.authority,
        "internal_keys": pki.internal_keys,
        **settings,
    }
    prefix = f"KUNDEAPP_{name}_"
    return {
        **os.environ,
        **{f"{prefix}{key}".upper(): str(value) for key, value in all_settings.items()},
    }
