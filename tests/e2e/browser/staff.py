"""Members of staff in a browser, and events and guests of a test's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import APIRequestContext, Browser, expect

from cli.demo.staff_codes import StaffCodes
from cli.outcome import CommandError, Exit
from kit.local.processes import wait_until
from tests.e2e.suite import Suite

State = Mapping[str, Any]
"""The cookies and the store of a browser in which somebody is logged in."""

FIRST_NUMBER = 310_001


@dataclass
class Staff:
    """The staff of the demonstration, each logged in once: a code is taken once."""

    browser: Browser
    suite: Suite
    _states: dict[str, State] = field(default_factory=dict[str, State])

    def state(self, role: str) -> State:
        """Returns the cookies and the store of a browser in which a role is logged in, once."""
        if role not in self._states:
            member = next(each for each in self.suite.demo["staff"] if role in each["roles"])
            codes = StaffCodes({member["email"]: member["totpSecret"]}, print)
            self._states[role] = codes.log_in(
                member["email"], lambda code: self._log_in(member, code)
            )
        return self._states[role]

    def _log_in(self, member: Mapping[str, Any], code: str) -> State:
        context = self.browser.new_context(locale="nn-NO")
        page = context.new_page()
        # Deep links lead on after the login.
        page.goto(f"{self.suite.url}/ansatt")
        page.get_by_label("E-post").fill(member["email"])
        page.get_by_label("Passord").fill(member["password"])
        page.get_by_role("button", name="Logg inn").click()
        page.get_by_label("Kode frå autentiseringsappen").fill(code)
        refused = page.get_by_text("Koden er feil eller brukt.")
        page.get_by_role("button", name="Logg inn").click()
        tiles = page.get_by_role("heading", name="For tilsette")
        expect(tiles.or_(refused)).to_be_visible()
        if refused.is_visible():
            context.close()
            raise CommandError(Exit.REFUSED, "WRONG_SECOND_FACTOR", "taken before")
        state: State = dict(context.storage_state())
        context.close()
        return state


@dataclass(frozen=True)
class Desk:
    """What event staff do by the API, with the cookies of a browser."""

    url: str
    request: APIRequestContext

    def get(self, path: str) -> Any:
        """Returns what is there."""
        answer = self.request.get(self.url + path)
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Changes something."""
        answer = self.request.post(self.url + path, data=body, headers={"Origin": self.url})
        assert answer.ok, answer.text()
        return answer.json()

    def patch(self, path: str, body: Mapping[str, object]) -> None:
        """Changes a part of something."""
        answer = self.request.patch(self.url + path, data=body, headers={"Origin": self.url})
        assert answer.ok, answer.text()

    def event(self, title: str, *, capacity: int = 40, **more: object) -> str:
        """Makes an event and publishes it; returns its id."""
        starts_at = datetime.now(UTC) + timedelta(days=30)
        made = self.post(
            "/v1/events",
            {
                "title": title,
                "text": "Dørene opnar klokka 18.",
                "venue": "Kulturhuset",
                "startsAt": starts_at.isoformat(),
                "capacity": capacity,
                "maxPerCustomer": 10,
                **more,
            },
        )
        self.post(f"/v1/events/{made['id']}:publish", {})
        event: str = made["id"]
        return event

    def reserve(self, event: str, number: str, quantity: int) -> Mapping[str, Any]:
        """Reserves for a customer who calls; one who was just imported is heard of in a moment."""
        called = {"quantity": quantity, "customerNumber": number, "reason": "Ringde"}
        path = f"{self.url}/v1/events/{event}/reservations"
        reserved: list[Mapping[str, Any]] = []

        def is_reserved() -> bool:
            answer = self.request.post(path, data=called, headers={"Origin": self.url})
            if answer.ok:
                reserved.append(answer.json())
            return answer.ok

        assert wait_until(is_reserved, timeout=20)
        return reserved[0]


def pin_of(number: str) -> str:
    """Returns the PIN that a customer is imported with."""
    return f"60{number}"


def brought(suite: Suite, folder: Path, names: Sequence[str]) -> Sequence[str]:
    """Imports customers; returns their numbers."""
    numbers = [str(FIRST_NUMBER + index) for index in range(len(names))]
    rows = [
        f"{number},{name},gjest.{number}@example.com,,{pin_of(number)}"
        for number, name in zip(numbers, names, strict=True)
    ]
    file = folder / "guests.csv"
    file.write_text("\n".join(["customer_number,name,email,mobile,pin", *rows]) + "\n")
    done = suite.cli("import", "customers", str(file))
    assert done.status == 0, done.printed
    return numbers
