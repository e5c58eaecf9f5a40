"""One service by itself: its own process, PostgreSQL and NATS, and nothing else of the suite."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
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
        bus: Its NATS.
        folder: For what must be a file.
        port: Of its process, or of the first of its replicas.
        process: The id of that.
        ports: Of all replicas.
    """

    pki: LocalPki
    url: str
    bus: str
    folder: Path
    port: int
    process: int
    ports: Sequence[int]


@contextlib.contextmanager
def alone(
    name: str, *, replicas: int = 1, database: Mapping[str, str] | None = None, **settings: str
) -> Generator[Service]:
    """Runs a service on a fresh database, with fsync on.

    Args:
        name: The service.
        replicas: How many processes of it.
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
        url, ports = postgres.url(name), [free_port() for _ in range(replicas)]
        needed = {"database_url": url, "nats_url": nats.url}

        def child(module: str, port: int) -> Child:
            listen = {"listen": f"127.0.0.1:{port}"}
            made = Child(
                name=module,
                command=(sys.executable, "-m", module),
                log=folder / f"{name}-{port}.log",
                record=folder / f"{module}-{port}.json",
                environment=_environment(name, pki, {**needed, **listen, **settings}),
            )
            up.callback(made.stop)
            made.start()
            return made

        child(f"services.{name}.migrations", 0).finish(_START_SECONDS)
        processes = {port: child(f"services.{name}", port) for port in ports}
        for port, process in processes.items():
            process.wait_until_ready(grpc_ready(port, pki.identity("cli")), _START_SECONDS)
        yield Service(pki, url, nats.url, folder, ports[0], processes[ports[0]].pid, ports)


def _environment(name: str, pki: LocalPki, settings: Mapping[str, str]) -> Mapping[str, str]:
    tls = pki.identity(name)
    secret_keys = {"identity": pki.identity_secret_keys, "consent": pki.consent_secret_keys}
    all_settings = {
        "tls_certificate": tls.certificate,
        "tls_key": tls.key,
        "tls_authority": tls.authority,
        "internal_keys": pki.internal_keys,
        **({"secret_keys": secret_keys[name]} if name in secret_keys else {}),
        **settings,
    }
    prefix = f"KUNDEAPP_{name}_"
    return {
        **os.environ,
        **{f"{prefix}{key}".upper(): str(value) for key, value in all_settings.items()},
    }
