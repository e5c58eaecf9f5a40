"""The suite as it runs in production, in a temporary folder on free ports, with a household."""

import contextlib
import json
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from cli.config import Settings
from cli.demo.people import CUSTOMERS, PASSWORD
from cli.demo.staff_codes import StaffCodes
from cli.local.plan import SERVICES, Plan
from cli.local.readiness import Ready, grpc_ready, http_ready
from cli.local.temporary import load, planned, start_neighbours
from cli.moments import OSLO
from kit.local.pki import LocalPki
from kit.local.processes import Child

_START_SECONDS = 60.0


@dataclass(frozen=True)
class Suite:
    """What is asked, and on whose behalf.

    Attributes:
        pki: Its certificates and keys.
        gateway: The port of the gateway.
        metering: The port of metering.
        database_url: Metering's database.
        customer_number: A customer who has held a metering point for two years.
        gsrn: That metering point.
        access_token: The customer's.
        codes: What staff log in with.
    """

    pki: LocalPki
    gateway: int
    metering: int
    database_url: str
    customer_number: str
    gsrn: str
    access_token: str
    codes: StaffCodes


@contextlib.contextmanager
def running(today: date) -> Generator[Suite]:
    """Starts everything, loads the demonstration, and stops it all at the end.

    Args:
        today: The first local date without hours; the household has two years before it.
    """
    with planned() as (plan, up):
        _start(plan, up)
        settings, session = plan.settings, plan.data / "session.json"
        where = Settings.model_validate({**plan.cli_settings(), "session": session})
        codes = load(plan, where, datetime.combine(today, time(), OSLO))
        customer = CUSTOMERS[0]
        yield Suite(
            pki=plan.pki,
            gateway=settings.port,
            metering=settings.port_of("metering"),
            database_url=plan.postgres.url("metering"),
            customer_number=customer.number,
            gsrn=customer.points[0].gsrn,
            access_token=_log_in(settings.url, customer.email),
            codes=codes,
        )


def _start(plan: Plan, up: contextlib.ExitStack) -> None:
    start_neighbours(plan, up)
    for name in SERVICES:
        ready = grpc_ready(plan.settings.port_of(name), plan.pki.identity("cli"))
        _start_child(_as_in_production(plan, name), ready, up)
    _start_child(_as_in_production(plan, "gateway"), http_ready(plan.settings.port), up)


def _as_in_production(plan: Plan, name: str) -> Child:
    """Returns a process that logs for machines."""
    child = plan.child(name)
    log_format = f"KUNDEAPP_{name}_LOG_FORMAT".upper()
    return replace(child, environment={**child.environment, log_format: "json"})


def _start_child(child: Child, ready: Ready, up: contextlib.ExitStack) -> None:
    up.callback(child.stop)
    child.start()
    child.wait_until_ready(ready, _START_SECONDS)


def _log_in(url: str, email: str) -> str:
    request = urllib.request.Request(  # noqa: S310 - our own gateway
        f"{url}/v1/sessions",
        json.dumps({"email": email, "password": PASSWORD}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        token: str = json.load(answer)["accessToken"]
    return token
