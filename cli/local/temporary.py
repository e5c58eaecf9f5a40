"""A suite that is gone at the end, for benchmarks and drills: what they all begin with."""

import contextlib
import tempfile
from collections.abc import Generator
from datetime import datetime
from pathlib import Path

from cli.config import Settings
from cli.demo.load import load_demo
from cli.demo.staff_codes import StaffCodes
from cli.local.plan import SERVICES, Plan, RunSettings
from cli.services import Services
from cli.session import Sessions
from kit.local.processes import first_of_free_ports

_PORTS = 15
_MIGRATION_SECONDS = 60.0


@contextlib.contextmanager
def planned(*, ports: int = _PORTS) -> Generator[tuple[Plan, contextlib.ExitStack]]:
    """Plans a suite in a folder and on ports of its own.

    Args:
        ports: How many it needs in a row.

    Yields:
        The suite, of which nothing is started yet, and what stops whatever is.
    """
    with (
        tempfile.TemporaryDirectory(prefix="kundeapp-") as name,
        contextlib.ExitStack() as up,
    ):
        data = Path(name)
        data.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        yield Plan(RunSettings(data=data, port=first_of_free_ports(ports))), up


def start_neighbours(plan: Plan, up: contextlib.ExitStack) -> None:
    """Makes folders and keys, starts PostgreSQL and NATS, and brings the databases up to date.

    Args:
        plan: The suite, whose folder is empty.
        up: Stops what was started.
    """
    for folder in (plan.logs, plan.mailbox, plan.data / "run", plan.data / "demo"):
        folder.mkdir(exist_ok=True)
    plan.pki.prepare()
    for server in (plan.postgres, plan.nats):
        up.callback(server.stop)
        server.start()
    migrations = [plan.migration(name) for name in SERVICES]
    for name, migration in zip(SERVICES, migrations, strict=True):
        plan.postgres.create_database(name)
        up.callback(migration.stop)
        migration.start()
    for migration in migrations:
        migration.finish(_MIGRATION_SECONDS)


def load(plan: Plan, settings: Settings, now: datetime) -> StaffCodes:
    """Loads the demonstration, but for its events; returns what its staff log in with.

    Args:
        plan: The suite.
        settings: Where the CLI finds it.
        now: The moment, by Norwegian clocks; its date is the first one without hours.
    """
    services = Services.of(settings, Sessions.of(settings).internal_token)
    codes = StaffCodes.prepared(services, plan.data / "staff-secrets.json", print)
    load_demo(settings, codes, plan.data / "demo", plan.mailbox, now)
    return codes
