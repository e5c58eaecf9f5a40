"""Nothing that is private stands in the log of any process."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo.codes import code_for, newest
from cli.demo.people import gsrn
from kit.local.processes import wait_until
from tests.e2e.households import brought
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

WRITTEN_SECONDS = 30.0
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Person:
    """A customer of whom everything is known, and may stand nowhere."""

    number: str = "880401"
    name: str = "Gudmund Skarvøy-Hjelmeland"
    email: str = "gudmund.skarvoy@example.com"
    new_email: str = "hjelmeland.gudmund@example.com"
    mobile: str = "+4794817263"
    pin: str = "58213947"
    wrong_pin: str = "19283746"
    password: str = "lyngmark-under-skarvenuten"
    wrong_password: str = "skarvenuten-under-lyngmark"
    address: str = "Skarvenutvegen 417"
    gsrn: str = gsrn(9_990_000_977)
    reason: str = "Gudmund ringde om straumen på hytta"
    text: str = "ein hemmeleg beskjed til kundeservice"


PERSON = Person()


def found_in(folder: Path, private: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns what of this stands in which log; digits only where they stand alone."""
    patterns = {
        what: re.compile(rf"(?<![0-9A-Za-z.]){re.escape(value)}(?![0-9A-Za-z])")
        for what, value in private.items()
    }
    logs = {log.name: log.read_text(errors="replace") for log in folder.glob("*.log")}
    return [
        (name, what)
        for name, text in sorted(logs.items())
        for what, pattern in patterns.items()
        if pattern.search(text)
    ]


@pytest.fixture(scope="module")
def private(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """All that a person's doings have shown to the suite, where all of it could have gone wrong."""
    seen = {name: str(value) for name, value in vars(PERSON).items() if name != "number"}
    seen["mobile"] = PERSON.mobile.removeprefix("+47")
    _take_in(suite, tmp_path_factory.mktemp("files"))
    _register(suite, seen)
    session = _log_in(suite, seen)
    _change_contact(suite, session, seen)
    _recover(suite, seen)
    _ask_wrongly(suite, session)
    _be_looked_up(suite)
    return seen


def _take_in(suite: Suite, folder: Path) -> None:
    customers, points = folder / "customers.csv", folder / "points.csv"
    row = f"{PERSON.number},{PERSON.name},{PERSON.email},{PERSON.mobile},{PERSON.pin}"
    customers.write_text(f"customer_number,name,email,mobile,pin\n{row}\n")
    brought(suite, "customers", customers)
    row = f'{PERSON.gsrn},{PERSON.number},2026-03-01,,NO5,BKK,SPOT,"{PERSON.address}, 5003 Bergen"'
    header = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
    points.write_text(f"{header}\n{row}\n")
    brought(suite, "metering-points", points)
    points.write_text(f"{header}\n{row.replace('2026-03-01', PERSON.name)}\n")
    assert suite.cli("import", "metering-points", str(points)).status != 0


def _register(suite: Suite, seen: dict[str, str]) -> None:
    account = {"email": PERSON.email, "password": PERSON.password, "customerNumber": PERSON.number}
    wrong = httpx.post(
        f"{suite.url}/v1/accounts:register", json={**account, "pin": PERSON.wrong_pin}
    )
    assert wrong.status_code == 401
    before = newest(suite.mailbox)
    asked = httpx.post(f"{suite.url}/v1/accounts:register", json={**account, "pin": PERSON.pin})
    verification = asked.raise_for_status().json()["id"]
    seen["registration code"] = code_for(suite.mailbox, PERSON.email, after=before)
    confirmation = {"verificationId": verification, "code": seen["registration code"]}
    httpx.post(f"{suite.url}/v1/accounts:confirm", json=confirmation).raise_for_status()


def _log_in(suite: Suite, seen: dict[str, str]) -> dict[str, Any]:
    wrong = {"email": PERSON.email, "password": PERSON.wrong_password}
    assert httpx.post(f"{suite.url}/v1/sessions", json=wrong).status_code == 401
    login = {"email": PERSON.email, "password": PERSON.password}
    session = httpx.post(f"{suite.url}/v1/sessions", json=login).raise_for_status().json()
    seen |= {name: session[name] for name in ("accessToken", "refreshToken", "deviceToken")}
    again = {"refreshToken": session["refreshToken"]}
    renewed = httpx.post(f"{suite.url}/v1/sessions:refresh", json=again).raise_for_status().json()
    seen |= {f"renewed {name}": renewed[name] for name in ("accessToken", "refreshToken")}
    return renewed


def _change_contact(suite: Suite, session: Mapping[str, Any], seen: dict[str, str]) -> None:
    before = newest(suite.mailbox)
    headers = {"Authorization": f"Bearer {session['accessToken']}"}
    httpx.post(
        f"{suite.url}/v1/me/email:change",
        json={"newEmail": PERSON.new_email},
        headers=headers,
    ).raise_for_status()
    seen["e-mail code"] = code_for(suite.mailbox, PERSON.new_email, after=before)


def _recover(suite: Suite, seen: dict[str, str]) -> None:
    before = newest(suite.mailbox)
    asked = httpx.post(f"{suite.url}/v1/password:forget", json={"email": PERSON.email})
    asked.raise_for_status()
    seen["password code"] = code_for(suite.mailbox, PERSON.email, after=before)
    httpx.post(f"{suite.url}/v1/customers:recover", json={"contact": PERSON.mobile})


def _ask_wrongly(suite: Suite, session: Mapping[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {session['accessToken']}", "accept": PERSON.text}
    broken = f'{{"email": "{PERSON.email}", "{PERSON.text}'
    with httpx.Client(base_url=suite.url, headers=headers) as client:
        answers = [
            client.get(f"/v1/meteringPoints/{PERSON.gsrn}/usage", params={"who": PERSON.name}),
            client.get(f"/v1/{PERSON.email}/{PERSON.mobile}"),
            client.post("/v1/sessions", content=broken, headers=_JSON),
            client.post("/v1/sessions", json={PERSON.email: PERSON.text}),
            client.post("/v1/events/no-id/reservations", json={"quantity": PERSON.text}),
            client.post("/v1/me/email:confirm", json={"code": PERSON.text}),
            client.get("/v1/me", headers={"Authorization": f"Bearer {PERSON.password}"}),
        ]
        client.get(f"/avmelding/{PERSON.email}")  # a page, which asks for itself
    assert all(answer.status_code >= 400 for answer in answers), answers


def _be_looked_up(suite: Suite) -> None:
    suite.log_in_at_the_cli("CUSTOMER_SERVICE", "customer-service")
    looked_up = ("customers", "look-up", PERSON.number, "--reason", PERSON.reason)
    assert suite.cli(*looked_up, session="customer-service").status == 0


def test_nothing_private_stands_in_the_log_of_any_process(
    suite: Suite, private: Mapping[str, str]
) -> None:
    logs = suite.data / "logs"
    assert {log.name for log in logs.glob("*.log")} >= {
        f"{name}.log"
        for name in ("gateway", "identity", "metering", "consent", "events", "postgres", "nats")
    }
    # What this person did stands there by then: without what was said.
    assert wait_until(
        lambda: "CreateSession" in (logs / "identity.log").read_text(), WRITTEN_SECONDS
    )
    assert found_in(logs, private) == []


def test_the_people_of_the_demonstration_stand_in_no_log(suite: Suite) -> None:
    people = {
        f"{person['email']}'s {what}": person[what]
        for group in ("customers", "staff")
        for person in suite.demo[group]
        for what in ("email", "password", "totpSecret")
        if person.get(what)
    }
    assert len(people) > 8
    assert found_in(suite.data / "logs", people) == []


def test_whatever_is_planted_in_a_log_is_found(
    suite: Suite, private: Mapping[str, str], tmp_path: Path
) -> None:
    for what, value in private.items():
        folder = tmp_path / what.replace(" ", "-")
        shutil.copytree(suite.data / "logs", folder)
        with (folder / "events.log").open("a") as log:
            log.write(f'2026-03-02 12:00:00 [info] planted said="{value}"\n')
        assert found_in(folder, {what: value}) == [("events.log", what)]
