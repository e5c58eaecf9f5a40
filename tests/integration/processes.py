"""A service as a process of its own, which a test may kill."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cli.local.readiness import grpc_ready
from kit.local.processes import Child, free_port
from kit.settings import ServiceSettings
from kit.testing import FrozenClock, Neighbours

_START_SECONDS = 60.0


@contextmanager
def process(
    service: str, neighbours: Neighbours, settings: ServiceSettings, folder: Path
) -> Generator[Child]:
    """Runs a process of a service; its port is the last part of its name."""
    port = free_port()
    # What is not set is left out: a variable is never nothing.
    values = settings.model_dump(mode="json", exclude_none=True) | {"listen": f"127.0.0.1:{port}"}
    told = {f"KUNDEAPP_{service}_{name}".upper(): str(value) for name, value in values.items()}
    child = Child(
        name=f"{service}-{port}",
        command=(sys.executable, "-m", f"services.{service}"),
        log=folder / f"{service}-{port}.log",
        record=folder / f"{service}-{port}.json",
        environment={**os.environ, **told},
    )
    child.start()
    try:
        child.wait_until_ready(grpc_ready(port, neighbours.pki.identity("cli")), _START_SECONDS)
        yield child
    finally:
        child.stop()


def port_of(child: Child) -> int:
    """Returns where a process listens."""
    return int(child.name.rpartition("-")[2])


class RunningClock(FrozenClock):
    """The machine's own clock, for what is said to processes of their own."""

    def now(self) -> datetime:
        """Returns the present moment."""
        return datetime.now(UTC)
