"""Takes the demonstration into a running suite, by the ways that everyone uses."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cli.config import Settings
from cli.consent.files import SHIPPED, read_texts
from cli.consent.reports import publish
from cli.consent.service import ConsentService
from cli.demo.codes import code_for, newest
from cli.demo.files import DemoFiles, write_demo
from cli.demo.people import CUSTOMERS, OPERATOR, PASSWORD, STAFF
from cli.demo.staff_codes import StaffCodes
from cli.gateway import Gateway
from cli.outcome import CommandError
from cli.private import write_private
from cli.services import Services
from cli.session import Sessions

RATES = Path(__file__).parents[2] / "services" / "metering" / "rates.toml"
"""The rates that come with the suite."""

_PUBLISHED_FROM = 13
"""The hour of the day from which on tomorrow's spot prices are known."""


@dataclass(frozen=True)
class DemoCustomer:
    """A customer to log in as."""

    email: str
    password: str
    customerNumber: str  # noqa: N815  # as demo.json names it
    meteringPoints: list[str]  # noqa: N815


@dataclass(frozen=True)
class DemoStaff:
    """A member of staff to log in as."""

    email: str
    password: str
    roles: list[str]
    totpSecret: str  # noqa: N815


@dataclass(frozen=True)
class Demo:
    """What `demo.json` says: where the suite is, and who can log in.

    Attributes:
        url: The gateway.
        mailbox: The folder that messages are put in instead of being sent.
        customers: Customers who have registered.
        staff: A member of staff for each role.
    """

    url: str
    mailbox: str
    customers: list[DemoCustomer]
    staff: list[DemoStaff]

    @classmethod
    def of(cls, url: str, mailbox: Path, codes: StaffCodes) -> Self:
        """Describes the demonstration behind a gateway."""
        customers = [
            DemoCustomer(
                customer.email,
                PASSWORD,
                customer.number,
                [point.gsrn for point in customer.points],
            )
            for customer in CUSTOMERS
        ]
        staff = [
            DemoStaff(member.email, PASSWORD, list(member.roles), codes.secrets[member.email])
            for member in STAFF
        ]
        return cls(url, str(mailbox), customers, staff)

    def write(self, file: Path) -> None:
        """Writes it to a file, whole or not at all."""
        write_private(file, json.dumps(asdict(self), indent=2, ensure_ascii=False))


def load_demo(
    settings: Settings, codes: StaffCodes, folder: Path, mailbox: Path, now: datetime
) -> None:
    """Makes the demonstration's data and imports it. Safe to repeat where it was cut off.

    Args:
        settings: Where the suite is.
        codes: What staff log in with.
        folder: Where the files are written.
        mailbox: Where messages are put instead of being sent.
        now: The moment, by Norwegian clocks; its date is the first one without hours.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    sessions = Sessions.of(settings)
    services = Services.of(settings, sessions.internal_token)
    files = write_demo(folder, now.date(), with_tomorrow=now.hour >= _PUBLISHED_FROM)
    log_in_operator(settings, codes)
    publish(ConsentService.of(settings, sessions.internal_token), read_texts(SHIPPED), SHIPPED.name)
    _import(services, files)
    gateway = Gateway(settings.gateway, language="nn")
    for customer in CUSTOMERS:
        _register(gateway, mailbox, customer.number, customer.pin, customer.email)


def log_in_operator(settings: Settings, codes: StaffCodes) -> None:
    """Logs the CLI in as the operator, unless they or somebody else are logged in."""
    sessions = Sessions.of(settings)
    login = sessions.current()
    if login is not None and login.email != OPERATOR.email:
        return
    try:
        sessions.internal_token()
    except CommandError:
        codes.log_in(OPERATOR.email, lambda code: sessions.log_in(OPERATOR.email, PASSWORD, code))


def _import(services: Services, files: DemoFiles) -> None:
    services.import_rates(RATES, _unseen)
    services.import_customers(files.customers, _unseen)
    services.import_metering_points(files.metering_points, _unseen)
    with ThreadPoolExecutor() as pool:
        running = [
            *(
                # Made up, so that any price that somebody brings takes their place.
                pool.submit(services.import_prices, file, area, _unseen, provisional=True)
                for area, file in files.prices.items()
            ),
            *(
                pool.submit(services.import_readings, file, gsrn, _unseen)
                for gsrn, file in (*files.readings.items(), *files.production.items())
            ),
        ]
        for each in running:
            each.result()


def _register(gateway: Gateway, mailbox: Path, number: str, pin: str, email: str) -> None:
    account: dict[str, Any] = {
        "customerNumber": number,
        "pin": pin,
        "email": email,
        "password": PASSWORD,
    }
    before = newest(mailbox)
    try:
        asked = gateway.post("/v1/accounts:register", account)
        code = code_for(mailbox, email, after=before)
        gateway.post("/v1/accounts:confirm", {"verificationId": asked["id"], "code": code})
    except CommandError as error:
        if error.code != "ACCOUNT_EXISTS":
            raise


def _unseen(_sent: int) -> None:
    """Shows no progress."""
