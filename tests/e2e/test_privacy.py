"""What a customer gets of all that is held about them, and what is left when they are erased."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

WHY = "Kunden ringde om fakturaen."
PASSWORD = "furutre-attmed-naustet"


@pytest.fixture(scope="module")
def suite_with_staff(suite: Suite) -> Suite:
    for role, session in (("CUSTOMER_SERVICE", "customer-service"), ("EVENT_STAFF", "event-staff")):
        suite.log_in_at_the_cli(role, session)
    return suite


def _event(suite: Suite, title: str) -> str:
    starts_at = datetime.now(UTC) + timedelta(days=30)
    command = ("events", "create", "--title", title, "--venue", "Kulturhuset", "--capacity", "2")
    event = suite.cli(*command, "--starts-at", starts_at.isoformat(), session="event-staff").printed
    assert suite.cli("events", "publish", event["id"], session="event-staff").status == 0
    return event["id"]


def _registered(suite: Suite, folder: Path, number: str) -> Customer:
    """Takes a customer into the register, who then opens an account."""
    file, pin = folder / f"{number}.csv", "73520164"
    row = f"{number},Turid Nybø,turid.{number}@example.com,,{pin}"
    file.write_text(f"customer_number,name,email,mobile,pin\n{row}\n")
    assert suite.cli("import", "customers", str(file)).status == 0
    return suite.register(number, pin, f"turid.{number}@example.com", PASSWORD)


def test_a_customer_gets_hours_reservations_and_what_staff_did_and_nothing_of_others(
    suite_with_staff: Suite,
) -> None:
    suite = suite_with_staff
    known, other = suite.demo["customers"][:2]
    number = known["customerNumber"]
    customer = suite.log_in(known["email"], known["password"])
    event = _event(suite, "For the export")
    customer.post(f"/v1/events/{event}/reservations", {"quantity": 2}).raise_for_status()
    looked_up = ("customers", "look-up", number, "--reason", WHY)
    assert suite.cli(*looked_up, session="customer-service").status == 0
    [point] = known["meteringPoints"]

    answer = customer.get("/v1/me/export")

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="kundeapp-export')
    file: dict[str, Any] = answer.json()
    services = file["services"]
    days = services["metering"]["days"]
    assert {day["meteringPoint"] for day in days} == {point}
    for direction in ("CONSUMPTION", "PRODUCTION"):
        these = [day["wh"] for day in days if day["direction"] == direction]
        shown = customer.usage(point, "DAY", "2020-01-01", "2040-01-01", direction)
        assert len(these) >= 2 * 365
        energy = sum(wh for day in these for wh in day if wh is not None)
        assert energy == shown["total"]["kwh"] * 1000
    assert [each["meteringPoint"] for each in services["metering"]["contracts"]] == [point]
    reservations = {each["eventId"]: each for each in services["events"]["reservations"]}
    assert (reservations[event]["quantity"], len(reservations[event]["tickets"])) == (2, 2)
    [action] = services["identity"]["staffActions"]
    assert (action["action"], action["reason"]) == ("LookUpCustomer", WHY)
    [account] = services["identity"]["account"]
    assert (account["id"], account["email"]) == (file["account"], known["email"])
    of_another = (other["email"], other["customerNumber"], *other["meteringPoints"])
    assert not any(text in answer.text for text in of_another)


def test_an_erased_customer_is_logged_out_and_forgotten_and_the_seats_go_on(
    suite_with_staff: Suite, tmp_path: Path
) -> None:
    suite = suite_with_staff
    turid = _registered(suite, tmp_path, "200021")
    other = suite.log_in(*(suite.demo["customers"][0][key] for key in ("email", "password")))
    event = _event(suite, "With one guest less")
    path = f"/v1/events/{event}/reservations"
    assert wait_until(lambda: turid.post(path, {"quantity": 2}).is_success, timeout=20)
    waiting = other.post(f"/v1/events/{event}/waitlistEntries", {"wanted": 2}).json()
    assert waiting["status"] == "WAITING"

    erased = suite.cli("customers", "erase", "200021", "--reason", "Bad om det.", "--yes")

    assert erased.status == 0, erased.printed
    assert wait_until(lambda: turid.get("/v1/me").status_code == 401, timeout=5)

    def offered() -> bool:
        entries = other.get("/v1/me/waitlistEntries").json()["waitlistEntries"]
        [status] = [each["status"] for each in entries if each["id"] == waiting["id"]]
        return status == "OFFERED"

    assert wait_until(offered, timeout=20)
    guests = suite.cli("events", "guest-list", event, session="event-staff").printed
    assert guests["parties"] == []
    login = {"email": "turid.200021@example.com", "password": PASSWORD}
    assert httpx.post(f"{suite.url}/v1/sessions", json=login).json()["code"] == "WRONG_CREDENTIALS"
    again = suite.cli("customers", "erase", "200021", "--reason", "Bad om det.", "--yes")
    assert (again.status, again.printed["error"]["code"]) == (1, "INVALID_FIELDS")
    looked_up = ("customers", "look-up", "100002", "--reason", WHY)
    assert suite.cli(*looked_up).status == 4  # an operator is no customer service
