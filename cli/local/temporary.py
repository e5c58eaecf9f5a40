"""A suite that is gone at the end, for benchmarks and drills: what they all begin with."""

import contextlib
from datetime import datetime

from cli.config import Settings
from cli.demo.load import load_demo
from cli.demo.staff_codes import StaffCodes
from cli.local.plan import SERVICES, Plan
from cli.services import Services
from cli.session import Sessions

_MIGRATION_SECONDS = 60.0


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
