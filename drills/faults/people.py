"""Those who use a suite in which everything can fail, and what they were promised.

They do as an app does: whoever gets no answer asks again, with the same Idempotency-Key, until
there is one. What was answered is written into a journal, which the suite is held to.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from cli.demo.people import EVENT_STAFF, PASSWORD, gsrn
from cli.gateway import NotLoggedInError
from cli.outcome import CommandError, Exit
from cli.services import Services, for_staff
from cli.session import Sessions
from drills.faults.suite import Suite
from kundeapp.identity.v1 import identity_service_pb2 as identity
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub

PATIENCE_SECONDS = 120.0
_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_UNANSWERED = 500
"""The first status that says nothing about whether it was done."""
_COME_BACK = {"SALES_NOT_OPEN"}
"""Refusals that say when to come back, as whoever sells does whose clock was set back."""
_NOWHERE = "10.{}.{}.{}"

_NOBODY = UUID(int=0)

_Result = TypeVar("_Result")


class Refused(Exception):  # noqa: N818 - says what happened
    """Something was refused, so that it was not done.

    Attributes:
        code: The reason.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.code = code


class NotAnswered(Exception):  # noqa: N818 - says what happened
    """Nobody has answered for as long as anybody would wait."""


@dataclass
class Journal:
    """What people were promised: what the suite has answered to.

    Attributes:
        tickets: How many tickets somebody has, by event and customer.
        consents: What somebody has decided last, by customer, purpose and channel.
        hours: The energy of an hour in Wh, by metering point and the start of the hour.
        cancelled: Events that do not take place, for which nobody has tickets.
        erased: Customers of whom nothing is left.
        failures: What was answered with 500, which says that nobody knows what went wrong.
        clocks_apart: How far a clock was from that of the mail server at most.
    """

    tickets: dict[tuple[UUID, UUID], int] = field(default_factory=dict[tuple[UUID, UUID], int])
    consents: dict[tuple[UUID, str, str], bool] = field(
        default_factory=dict[tuple[UUID, str, str], bool]
    )
    hours: dict[tuple[str, datetime], int] = field(default_factory=dict[tuple[str, datetime], int])
    cancelled: set[UUID] = field(default_factory=set[UUID])
    erased: set[UUID] = field(default_factory=set[UUID])
    failures: list[str] = field(default_factory=list[str])
    clocks_apart: timedelta = timedelta(0)

    @property
    def promised_tickets(self) -> Mapping[tuple[UUID, UUID], int]:
        """The tickets of those who have any."""
        return {
            (event, customer): tickets
            for (event, customer), tickets in list(self.tickets.items())
            if tickets and event not in self.cancelled and customer not in self.erased
        }

    @property
    def promised_consents(self) -> Mapping[tuple[UUID, str, str], bool]:
        """What holds of those who have decided anything; nothing of whoever was erased."""
        return {
            key: is_yes and key[0] not in self.erased for key, is_yes in list(self.consents.items())
        }


def again(act: Callable[[], _Result]) -> _Result:
    """Does what may be done again, until it was done or refused.

    Raises:
        CommandError: If it was refused.
        NotAnswered: If nobody has answered for too long.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except CommandError as error:
            if error.status is not Exit.UNREACHABLE and not isinstance(error, NotLoggedInError):
                raise
            if time.monotonic() > until:
                raise NotAnswered(str(error)) from error
        time.sleep(_PAUSE_SECONDS)


@dataclass(eq=False)
class Person:
    """Somebody at the gateways.

    Attributes:
        suite: The suite.
        journal: What people were promised.
        email: Whom mails are for.
        network: Where the person is, so that nobody is taken for many.
        token: The access token, empty for nobody.
    """

    suite: Suite
    journal: Journal
    email: str = ""
    network: str = ""
    token: str = ""

    def get(self, path: str) -> Mapping[str, Any]:
        """Looks at something."""
        return self.ask("GET", path)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Does something."""
        return self.ask("POST", path, body or {})

    def patch(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        """Changes something."""
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Mapping[str, Any]:
        """Removes something."""
        return self.ask("DELETE", path)

    def ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> Mapping[str, Any]:
        """Asks until there is an answer.

        Raises:
            Refused: If it is a no.
            NotAnswered: If there is none for too long.
        """
        headers = self._headers()
        until, failure = time.monotonic() + PATIENCE_SECONDS, ""
        for gateway in itertools.cycle(self.suite.gateways):
            try:
                answer = self.suite.client.request(
                    method, gateway + path, json=body, headers=headers
                )
            except httpx.TransportError as error:
                failure = repr(error)
            else:
                if answer.is_success:
                    said: Mapping[str, Any] = answer.json()
                    return said
                failure = f"{answer.status_code} {answer.text}"
                if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                    self.journal.failures.append(f"{method} {path}: {answer.text}")
                if answer.status_code < _UNANSWERED:
                    problem = answer.json()
                    code = str(problem.get("code"))
                    if code not in _COME_BACK:
                        raise Refused(answer.status_code, code, str(problem.get("detail")))
            if time.monotonic() > until:
                break
            time.sleep(_PAUSE_SECONDS)
        raise NotAnswered(f"{method} {path}: {failure}")

    def _headers(self) -> Mapping[str, str]:
        headers = {"Accept-Language": "en", "Idempotency-Key": str(uuid4())}
        if self.network:
            headers["X-Forwarded-For"] = self.network
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers


@dataclass(eq=False)
class Customer(Person):
    """A customer with an account.

    Attributes:
        id: The customer.
        number: The customer number.
    """

    id: UUID = _NOBODY
    number: str = ""

    def tickets(self, event: str) -> int:
        """Returns how many tickets the customer was promised."""
        return self.journal.tickets.get((UUID(event), self.id), 0)

    def reserve(self, event: str, quantity: int) -> Mapping[str, Any]:
        """Reserves tickets."""
        made = self.post(f"/v1/events/{event}/reservations", {"quantity": quantity})
        self.journal.tickets[UUID(event), self.id] = made["quantity"]
        return made

    def release(self, reservation: Mapping[str, Any], quantity: int = 0) -> Mapping[str, Any]:
        """Gives tickets back; all of them if the quantity is 0."""
        left = self.post(f"/v1/reservations/{reservation['id']}:release", {"quantity": quantity})
        self.journal.tickets[UUID(reservation["eventId"]), self.id] = left["quantity"]
        return left

    def wait_for(self, event: str, wanted: int, least: int = 1) -> Mapping[str, Any]:
        """Joins the waiting list."""
        return self.post(f"/v1/events/{event}/waitlistEntries", {"wanted": wanted, "least": least})

    def entry(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Looks at an entry of the waiting list."""
        mine = self.get("/v1/me/waitlistEntries?pageSize=200")["waitlistEntries"]
        [found] = [each for each in mine if each["id"] == entry["id"]]
        return found

    def accept(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Takes what is offered."""
        answer = self.post(f"/v1/waitlistEntries/{entry['id']}:accept", {})
        made: Mapping[str, Any] = answer["reservation"]
        self.journal.tickets[UUID(made["eventId"]), self.id] = made["quantity"]
        return made

    def decline(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Does not take what is offered."""
        return self.post(f"/v1/waitlistEntries/{entry['id']}:decline", {})

    def leave(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Leaves the waiting list."""
        return self.delete(f"/v1/waitlistEntries/{entry['id']}")

    def decide(
        self, *, is_yes: bool, purposes: Sequence[str] = ("general", "kraftklubben")
    ) -> None:
        """Switches e-mail on or off for purposes."""
        known = {each["purpose"]: each for each in self.get("/v1/me/consents")["consents"]}
        changes = [
            {
                "purpose": purpose,
                "channel": "EMAIL",
                "granted": is_yes,
                **{
                    name: known[purpose][name]
                    for name in ("noticeVersion", "noticeSha256", "language")
                },
            }
            for purpose in purposes
        ]
        self.patch("/v1/me/consents", {"changes": changes})
        for purpose in purposes:
            self.journal.consents[self.id, purpose, "EMAIL"] = is_yes


class People:
    """Makes those who use a suite.

    Attributes:
        suite: The suite.
        journal: What they were promised.
        services: What operators ask of identity and metering.
        staff: Somebody who runs the events.
    """

    def __init__(self, suite: Suite, seed: int = 0) -> None:
        self.suite = suite
        self.journal = Journal()
        self.services = Services.of(suite.settings, Sessions.of(suite.settings).internal_token)
        self._random = random.Random(seed)  # noqa: S311 - to be foreseeable is the point
        self._numbers = itertools.count(700_001)
        self._points = itertools.count(9_980_000_001)
        self._days = itertools.count()
        self._lock = threading.Lock()
        self.staff = Person(suite, self.journal, EVENT_STAFF.email, self.network())
        self.staff.token = suite.codes.log_in(EVENT_STAFF.email, self._log_in_staff)

    def network(self) -> str:
        """Returns an address that nobody had before."""
        return _NOWHERE.format(*(self._random.randrange(256) for _ in range(3)))

    def customers(self, count: int) -> Sequence[Customer]:
        """Makes customers with an account."""
        newcomers = self.imported(count)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.register, newcomers))
        return newcomers

    def imported(self, count: int) -> Sequence[Customer]:
        """Makes customers who have no account yet."""
        newcomers = [self.newcomer() for _ in range(count)]
        self.take_in(newcomers)
        return newcomers

    def newcomer(self) -> Customer:
        """Returns somebody of whom nobody has heard yet."""
        with self._lock:
            number = str(next(self._numbers))
            network = self.network()
        email = f"{number}@example.com"
        return Customer(self.suite, self.journal, email, network, number=number)

    def take_in(self, customers: Sequence[Customer], name: str = "Kari Fjell") -> None:
        """Has an operator import customers; again if need be, which changes nothing."""
        rows = (f"{each.number},{name},{each.email},,{pin_of(each)}" for each in customers)
        file = self._file("customer_number,name,email,mobile,pin", rows)
        again(partial(self.services.import_customers, file, _unseen))
        file.unlink()

    def register(self, customer: Customer) -> None:
        """Opens an account, and logs in."""
        before = len(self.suite.mail.mails)
        asked = customer.post(
            "/v1/accounts:register",
            {
                "customerNumber": customer.number,
                "pin": pin_of(customer),
                "email": customer.email,
                "password": PASSWORD,
            },
        )
        code = self.suite.mail.code_for(customer.email, after=before)
        customer.post("/v1/accounts:confirm", {"verificationId": asked["id"], "code": code})
        self.log_in(customer)

    def log_in(self, customer: Customer) -> Mapping[str, Any]:
        """Logs a customer in."""
        customer.token = ""
        session = customer.post("/v1/sessions", {"email": customer.email, "password": PASSWORD})
        customer.token = session["accessToken"]
        [mine] = customer.get("/v1/me")["customers"]
        customer.id = UUID(mine["id"])
        return session

    def erase(self, customer: Customer) -> None:
        """Has an operator erase a customer."""
        request = identity.EraseCustomerRequest(
            request_id=str(uuid4()), customer_number=customer.number, reason="Asked to be forgotten"
        )
        settings, token = self.suite.settings, Sessions.of(self.suite.settings).internal_token

        def erase() -> None:
            with for_staff(settings.identity, settings.tls, token) as (channel, metadata):
                IdentityServiceStub(channel).EraseCustomer(
                    request, metadata=metadata, timeout=_TIMEOUT_SECONDS
                )

        again(erase)
        self.journal.erased.add(customer.id)

    def point(self, customer: Customer) -> str:
        """Gives a customer a metering point."""
        with self._lock:
            point = gsrn(next(self._points))
        row = f'{point},{customer.number},2026-01-01,,NO5,BKK,SPOT,"Elvevegen 1, 5003 Bergen"'
        header = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
        file = self._file(header, [row])
        again(partial(self.services.import_metering_points, file, _unseen))
        file.unlink()
        return point

    def import_hours(self, point: str, hours: Mapping[datetime, int], registered: datetime) -> None:
        """Has an operator import the energy of hours, in Wh."""
        rows = (
            f"{start.isoformat()};{_end(start)};KWH 60 Forbruk;{wh / 1000:.3f};kWh;Målt;"
            f"{registered.isoformat()}".replace(".", ",", 1)
            for start, wh in hours.items()
        )
        header = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
        file = self._file(header, rows)
        again(partial(self.services.import_readings, file, point, _unseen))
        file.unlink()
        for start, wh in hours.items():
            self.journal.hours[point, start] = wh

    def import_prices(self, area: str) -> None:
        """Has an operator import the spot prices of a day that had none."""
        with self._lock:
            first = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=next(self._days))
        hours = (first + timedelta(hours=hour) for hour in range(24))
        file = self._file("start;nok_per_kwh_ex_vat", (f"{hour.isoformat()};0.5" for hour in hours))
        again(partial(self.services.import_prices, file, area, _unseen))
        file.unlink()

    # Events.

    def event(self, capacity: int, starts_at: datetime, **more: object) -> str:
        """Has staff make an event, and publish it; returns its id."""
        made = self.staff.post(
            "/v1/events",
            {
                "title": f"Konsert {uuid4().hex[:6]}",
                "venue": "Ørsta kulturhus",
                "startsAt": starts_at.isoformat(),
                "capacity": capacity,
                "maxPerCustomer": 10,
                **more,
            },
        )
        self.staff.post(f"/v1/events/{made['id']}:publish")
        return str(made["id"])

    def cancel(self, event: str) -> None:
        """Has staff cancel an event."""
        self.staff.post(f"/v1/events/{event}:cancel", {"reason": "Artisten er sjuk."})
        self.journal.cancelled.add(UUID(event))

    def _log_in_staff(self, code: str) -> str:
        login = {"email": EVENT_STAFF.email, "password": PASSWORD, "secondFactor": code}
        try:
            return str(self.staff.post("/v1/sessions", login)["accessToken"])
        except Refused as refused:
            raise CommandError(Exit.REFUSED, refused.code, str(refused)) from refused

    def _file(self, header: str, rows: Iterable[str]) -> Path:
        file = self.suite.plan.data / "files" / f"{uuid4()}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join([header, *rows]) + "\n")
        return file


def pin_of(customer: Customer) -> str:
    """Returns the PIN that the register gives a customer."""
    return f"{int(customer.number) * 7919 % 10**8:08d}"


def _end(start: datetime) -> str:
    return datetime.fromtimestamp(start.timestamp() + 3600, start.tzinfo).isoformat()


def _unseen(_sent: int) -> None:
    """Shows no progress."""
