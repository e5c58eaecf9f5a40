"""Tickets from the first reservation to the door, as customers and event staff see them."""

import csv
import io
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Done, Suite

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class EventStaff:
    """A member of event staff, at the command line."""

    suite: Suite
    session: str

    def cli(self, *arguments: str) -> Done:
        return self.suite.cli("events", *arguments, session=self.session)

    def done(self, *arguments: str) -> Mapping[str, Any]:
        done = self.cli(*arguments)
        assert done.status == 0, done.printed
        return done.printed

    def event(self, title: str, *, capacity: int) -> str:
        """Makes an event and publishes it; returns its id."""
        starts_at = datetime.now(UTC) + timedelta(days=30)
        command = ("create", "--title", title, "--venue", "Kulturhuset")
        event = self.done(
            *command, "--starts-at", starts_at.isoformat(), "--capacity", f"{capacity}"
        )
        assert self.done("publish", event["id"])["status"] == "PUBLISHED"
        return event["id"]


@pytest.fixture(scope="module")
def staff(suite: Suite) -> EventStaff:
    suite.log_in_at_the_cli("EVENT_STAFF", "event-staff")
    return EventStaff(suite, "event-staff")


@pytest.fixture(scope="module")
def customers(suite: Suite) -> list[Customer]:
    return [suite.log_in(each["email"], each["password"]) for each in suite.demo["customers"]]


def _reserve(customer: Customer, event: str, quantity: int) -> Mapping[str, Any]:
    answer = customer.post(f"/v1/events/{event}/reservations", {"quantity": quantity})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_demonstration_has_tickets_a_waiting_list_a_ballot_and_a_draft(
    staff: EventStaff, customers: list[Customer]
) -> None:
    shown = customers[0].get("/v1/events").json()["events"]
    all_of_them = staff.done("list")["events"]

    (concert,) = customers[0].get("/v1/me/reservations").json()["reservations"]
    assert concert["quantity"] == len(concert["tickets"]) == 2
    [waiting] = customers[0].get("/v1/me/waitlistEntries").json()["waitlistEntries"]
    assert (waiting["status"], waiting["partiesAhead"]) == ("WAITING", 0)
    sold_out = next(event for event in shown if event["id"] == waiting["eventId"])
    assert (sold_out["available"], sold_out["waitingParties"]) == (0, 1)
    assert [event["mode"] for event in shown].count("BALLOT") == 1
    drafts = [event["id"] for event in all_of_them if event["status"] == "DRAFT"]
    assert len(drafts) == 1
    assert drafts[0] not in {event["id"] for event in shown}
    assert all(staff.done("audit", event["id"])["consistent"] for event in all_of_them)


def test_tickets_given_back_go_to_the_one_who_waits(
    staff: EventStaff, customers: list[Customer]
) -> None:
    first, second, _ = customers
    event = staff.event("Two of three", capacity=3)
    reservation = _reserve(first, event, 2)

    refused = second.post(f"/v1/events/{event}/reservations", {"quantity": 2})
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["available"]) == ("NOT_ENOUGH_TICKETS", 1)
    assert "Tickets left: 1. Choose a smaller number" in problem["detail"]

    entry = second.post(f"/v1/events/{event}/waitlistEntries", {"wanted": 2}).json()
    assert (entry["status"], entry["partiesAhead"]) == ("WAITING", 0)

    released = first.post(f"/v1/reservations/{reservation['id']}:release", {"quantity": 1})
    assert released.json()["quantity"] == 1
    [entry] = [
        each
        for each in second.get("/v1/me/waitlistEntries").json()["waitlistEntries"]
        if each["eventId"] == event
    ]
    assert (entry["status"], entry["offer"]["tickets"]) == ("OFFERED", 2)
    # Nobody gets in between: what is offered cannot be reserved.
    assert customers[2].get(f"/v1/events/{event}").json()["available"] == 0

    accepted = second.post(f"/v1/waitlistEntries/{entry['id']}:accept", {}).json()

    assert accepted["reservation"]["quantity"] == 2
    assert accepted["waitlistEntry"]["status"] == "ACCEPTED"
    assert staff.done("audit", event)["reserved"] == 3
    changes = staff.done("changes", event)["changes"]
    assert [(change["kind"], change["tickets"]) for change in changes] == [
        ("RESERVED", 2),
        ("RELEASED", 1),
        ("ACCEPTED", 2),
    ]


def test_the_guest_list_is_a_file_that_needs_no_network(
    suite: Suite, staff: EventStaff, customers: list[Customer], tmp_path: Path
) -> None:
    event = staff.event("Guests", capacity=10)
    codes = [ticket["code"] for ticket in _reserve(customers[0], event, 2)["tickets"]]
    number = suite.demo["customers"][1]["customerNumber"]
    called = ("--customer-number", number, "--quantity", "3", "--reason", "Called")
    assert staff.done("reserve", event, *called)["quantity"] == 3
    sheet, print_out = tmp_path / "guests.csv", tmp_path / "guests.pdf"

    assert wait_until(lambda: all(_names(staff, event)), timeout=20)
    staff.done("guest-list", event, "--csv", str(sheet))
    staff.done("guest-list", event, "--pdf", str(print_out))

    assert _names(staff, event) == ["Odd Arne Skarbøvik", "Ingrid Storelva"]
    content = sheet.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert [(row["Etternamn"], row["Førenamn"], row["Billettar"]) for row in rows] == [
        ("Skarbøvik", "Odd Arne", "3"),
        ("Storelva", "Ingrid", "2"),
    ]
    assert rows[1]["Kodar"].split() == codes
    printed = "".join(page.extract_text() for page in PdfReader(print_out).pages)
    assert all(text in printed for text in ("Skarbøvik", "Storelva", *codes))

    again = staff.cli("guest-list", event, "--csv", str(sheet))
    assert (again.status, again.printed["error"]["code"]) == (2, "FILE_EXISTS")
    assert sheet.read_bytes() == content


def _names(staff: EventStaff, event: str) -> list[str]:
    return [party["name"] for party in staff.done("guest-list", event)["parties"]]


def test_a_customer_takes_no_guest_list(staff: EventStaff, customers: list[Customer]) -> None:
    event = staff.event("Nobody's business", capacity=1)

    for path in ("guestList", "guestList.csv", "guestList.pdf", "waitlistEntries"):
        assert customers[0].get(f"/v1/events/{event}/{path}").status_code == 403


def test_guests_are_let_in_once_and_an_admission_is_taken_back(
    staff: EventStaff, customers: list[Customer]
) -> None:
    event = staff.event("Door", capacity=10)
    reservation = _reserve(customers[0], event, 2)
    first, second = reservation["tickets"]
    # The customer's own mark keeps nobody out.
    assert customers[0].post(f"/v1/tickets/{first['id']}:use", {}).json()["usedAt"]

    party = staff.done("door", "admit", event, "--ticket", first["code"])
    assert (party["admitted"], party["remaining"]) == (1, 1)
    party = staff.done("door", "admit", event, "--ticket", second["token"])
    assert (party["admitted"], party["remaining"]) == (2, 0)

    twice = staff.cli("door", "admit", event, "--ticket", first["code"])
    assert (twice.status, twice.printed["error"]["code"]) == (1, "ALREADY_ADMITTED")
    assert staff.done("guest-list", event)["totalAdmitted"] == 2

    party = staff.done("door", "undo", event, "--reservation", reservation["id"], "--guests", "2")
    assert (party["admitted"], party["remaining"]) == (0, 2)
    assert staff.done("guest-list", event)["totalAdmitted"] == 0


def test_without_nats_tickets_are_reserved_and_new_customers_are_heard_of_later(
    suite: Suite, staff: EventStaff, customers: list[Customer], tmp_path: Path
) -> None:
    event = staff.event("No bus", capacity=10)
    newcomer = tmp_path / "customers.csv"
    newcomer.write_text(
        "customer_number,name,email,mobile,pin\n200009,Turid Nybø,turid@example.com,,60417295\n"
    )
    called = ("--customer-number", "200009", "--quantity", "1", "--reason", "Called")

    assert suite.cli("stop", "nats").status == 0
    assert suite.cli("import", "customers", str(newcomer)).status == 0
    assert _reserve(customers[0], event, 2)["quantity"] == 2
    refused = staff.cli("reserve", event, *called).printed["error"]
    assert [fault["code"] for fault in refused["errors"]] == ["UNKNOWN_CUSTOMER_NUMBER"]

    assert suite.cli("start", "nats").status == 0

    assert wait_until(lambda: staff.cli("reserve", event, *called).status == 0, timeout=20)
    assert wait_until(lambda: "Turid Nybø" in _names(staff, event), timeout=20)


def test_an_offer_made_without_nats_is_told_of_later(
    suite: Suite, staff: EventStaff, customers: list[Customer]
) -> None:
    event = staff.event("Told later", capacity=2)
    path, is_watching = f"/v1/events/{event}/waitlistEntries", threading.Event()

    def hears_of_an_offer() -> bool:
        for line in customers[0].lines("/v1/me/stream"):
            is_watching.set()
            if line.startswith("data: ") and "offerId" in line and event in line:
                return True
        return False

    with ThreadPoolExecutor(max_workers=1) as pool:
        heard = pool.submit(hears_of_an_offer)
        assert is_watching.wait(timeout=20)
        assert suite.cli("stop", "nats").status == 0
        assert customers[0].post(path, {"wanted": 2}).json()["status"] == "OFFERED"
        assert not heard.done()

        assert suite.cli("start", "nats").status == 0

        assert heard.result(timeout=30)


def test_without_postgres_nothing_is_promised_and_a_retry_reserves_once(
    suite: Suite, staff: EventStaff, customers: list[Customer]
) -> None:
    event = staff.event("No database", capacity=10)
    path, key = f"/v1/events/{event}/reservations", str(uuid4())

    def status() -> int:
        return customers[0].post(path, {"quantity": 3}, key=key).status_code

    assert suite.cli("stop", "postgres").status == 0
    refused = customers[0].post(path, {"quantity": 3}, key=key)
    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")

    assert suite.cli("start", "postgres").status == 0

    assert wait_until(lambda: status() == 200, timeout=20)
    assert status() == 200
    assert staff.done("show", event)["available"] == 7
    assert wait_until(suite.is_ready, timeout=20)


def test_without_the_service_the_others_go_on_and_no_ticket_is_lost(
    suite: Suite, staff: EventStaff, customers: list[Customer]
) -> None:
    event = staff.event("No service", capacity=10)
    reservation = _reserve(customers[0], event, 2)

    assert suite.cli("stop", "events").status == 0
    assert customers[0].get("/v1/events").status_code == 503
    assert customers[0].get("/v1/meteringPoints").status_code == 200
    assert suite.cli("start", "events").status == 0

    def shown() -> object:
        return customers[0].get(f"/v1/reservations/{reservation['id']}").json().get("tickets")

    assert wait_until(lambda: shown() == reservation["tickets"], timeout=20)
