"""Who calls the demonstration, and ids and values of which their requests can be made to succeed.

Without them nearly every made-up request would be refused at its first field, and nothing of what
lies behind it would have been tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cli.gateway import Gateway
from cli.moments import OSLO
from cli.outcome import CommandError
from kit import access
from kit.local.processes import wait_until
from kundeapp.access.v1 import access_pb2
from tests.e2e.suite import Suite
from tests.security.rpcs import rpcs

Values = Mapping[str, Any]

PATIENCE_SECONDS = 20.0

_OF_CUSTOMERS: Final = access_pb2.Rule(customer=access_pb2.Customer())
_RULES: Final = {
    **{rpc.name: access.rule_of(rpc) for rpc in rpcs()},
    **dict.fromkeys(("Stream", "Export"), _OF_CUSTOMERS),
}
"""Who may call an operation, by its name."""

UNKNOWN: Final = "01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52"
"""The id of nothing."""

_NOW: Final = datetime.now(UTC)
_THIS_MONTH: Final = _NOW.astimezone(OSLO).date().replace(day=1)
_LAST_MONTH: Final = (_THIS_MONTH - timedelta(days=1)).replace(day=1)
_SOON: Final = (_NOW + timedelta(days=40)).isoformat()
_TEXTS: Final = {"nn": {"subject": "Nytt frå klubben", "body": "Ta på gode sko."}}

_ALWAYS: Final[Values] = {
    "address": "nabo@example.com",
    "addresses": ["nabo@example.com"],
    "capacity": 20,
    "client": "WEB",
    "code": "123456",
    "contact": "nabo@example.com",
    "customerNumber": "100001",
    "device": "inngang",
    "deviceTime": _NOW.isoformat(),
    "email": "nabo@example.com",
    "format": "CSV",
    "from": f"{_LAST_MONTH}",
    "language": "nb",
    "List-Unsubscribe": "One-Click",
    "mobile": "99999999",
    "month": f"{_LAST_MONTH:%Y-%m}",
    "newEmail": "ny@example.com",
    "newPassword": "furutre-attmed-naustet",
    "nonce": "1",
    "notice": "kraftklubben",
    "pin": "40172958",
    "priceArea": "NO3",
    "purpose": "kraftklubben",
    "quantity": 1,
    "resolution": "DAY",
    "startsAt": _SOON,
    "state": "x",
    "texts": _TEXTS,
    "title": "Ein kveld",
    "to": f"{_THIS_MONTH}",
    "venue": "Kulturhuset",
    "version": 1,
    "wanted": 2,
    "why": "Vil ha meldingar att.",
}
"""What anyone may say, by the names of fields and parameters."""

_BY_OPERATION: Final[Mapping[str, Values]] = {
    "AddSuppressions": {"reason": "MANUAL"},
    "EndAllSessions": {"keepCurrent": True},
    "RemoveSuppression": {"reason": "MANUAL"},
}
"""Where a name means something else in one operation, or an optional field makes it succeed."""


@dataclass(frozen=True)
class Caller:
    """Somebody who calls.

    Attributes:
        kind: What rules call it: public, customer or staff.
        tokens: Access tokens, by role; by no role for what needs none.
        values: What is true for this caller, by the names of fields and parameters.
        by_operation: The same for some operations alone, optional fields among them.
    """

    kind: str
    tokens: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Values = field(default_factory=dict[str, Any])
    by_operation: Mapping[str, Values] = field(default_factory=dict[str, Values])

    def token(self, operation: str) -> str:
        """Returns the access token for an operation, empty for none."""
        roles = map(access_pb2.Staff.Role.Name, _RULES[operation].staff.roles)
        named = [self.tokens[role] for role in roles if role in self.tokens]
        return named[0] if named else self.tokens.get("", "")

    def is_meant(self, operation: str) -> bool:
        """Tells whether an operation is there for such as this caller."""
        return _RULES[operation].WhichOneof("caller") == self.kind

    def known(self, operation: str) -> Values:
        """Returns what is true in an operation, by the names of fields and parameters."""
        return {
            **_ALWAYS,
            **self.values,
            **_BY_OPERATION.get(operation, {}),
            **self.by_operation.get(operation, {}),
        }

    def optional(self, operation: str) -> Sequence[str]:
        """Returns the optional fields that a request should hold too."""
        return [*_BY_OPERATION.get(operation, {}), *self.by_operation.get(operation, {})]


@dataclass(frozen=True)
class _Person:
    """Somebody who has logged in, and what they do to have something to ask for."""

    gateway: Gateway
    token: str

    def get(self, path: str) -> Values:
        return self.gateway.get(path, self.token)

    def post(self, path: str, **body: object) -> Values:
        return self.gateway.post(path, body, self.token)

    def event(self, capacity: int) -> str:
        """Makes an event, and publishes it."""
        event = self.draft(capacity=capacity)
        self.post(f"/v1/events/{event}:publish")
        return event

    def draft(self, **more: object) -> str:
        """Makes an event that nobody sees yet."""
        described = {"title": "Ein kveld", "venue": "Kulturhuset", "startsAt": _SOON, "capacity": 9}
        return self.post("/v1/events", **{**described, **more})["id"]

    def mailing(self) -> str:
        """Writes news."""
        return self.post("/v1/mailings", purpose="kraftklubben", texts=_TEXTS)["id"]

    def reserved(self, event: str) -> Values:
        """Reserves a ticket."""
        return self.post(f"/v1/events/{event}/reservations", quantity=1)


@dataclass(frozen=True)
class Callers:
    """Those who call."""

    suite: Suite
    staff_tokens: Mapping[str, str]
    customer_tokens: Sequence[str]

    @classmethod
    def of(cls, suite: Suite) -> "Callers":
        """Logs everybody in, before a password is changed or a login is throttled."""
        staff = {member["roles"][0]: suite.staff(member) for member in suite.demo["staff"]}
        customers = [
            suite.log_in(customer["email"], customer["password"])
            for customer in suite.demo["customers"]
        ]
        return cls(
            suite,
            {role: member.token for role, member in staff.items()},
            [customer.token for customer in customers],
        )

    def stranger(self) -> Caller:
        """Returns somebody who has not logged in."""
        neighbour = self.suite.demo["customers"][1]
        login = {name: neighbour[name] for name in ("email", "password")}
        return Caller(
            "public",
            values={"event_id": self._event_staff.event(9)},
            by_operation={
                "CreateSession": login,
                "GetDraw": {"event_id": self._drawn()},
                "RefreshSession": {
                    "refreshToken": self._gateway.post("/v1/sessions", login)["refreshToken"]
                },
            },
        )

    def customer(self, number: int = 0) -> Caller:
        """Returns a customer with a metering point, tickets, and places on waiting lists."""
        customer, neighbour = self._customer(number), self._customer(1)
        reservation = customer.reserved(self._event_staff.event(9))
        sessions = customer.get("/v1/me/sessions")["sessions"]
        own = self.suite.demo["customers"][number]
        return Caller(
            "customer",
            {"": customer.token},
            {
                "gsrn": own["meteringPoints"][0],
                "event_id": self._event_staff.event(9),
                "reservation_id": reservation["id"],
                "ticket_id": reservation["tickets"][0]["id"],
                "entry_id": self._waiting(customer),
                "session_id": next(each["id"] for each in sessions if not each["current"]),
                "changes": [{"purpose": "kraftklubben", "channel": "SMS", "granted": False}],
                "currentPassword": own["password"],
                "password": own["password"],
            },
            {
                "AcceptOffer": {"entry_id": self._offered(customer, neighbour)},
                "ConfirmCurrentSession": {"password": _ALWAYS["newPassword"]},
                "DeclineOffer": {"entry_id": self._offered(customer, neighbour)},
                "JoinWaitlist": {"event_id": self._event_staff.event(0)},
                "ReleaseTickets": {
                    "reservation_id": customer.reserved(self._event_staff.event(9))["id"]
                },
            },
        )

    def staff(self) -> Caller:
        """Returns members of staff, whoever of them may call."""
        staff, neighbour = self._event_staff, self._customer(1)
        event = staff.event(9)
        reservation = neighbour.reserved(event)
        admitted = {"device": "utgang", "nonce": "1", "reservationId": reservation["id"]}
        staff.post(f"/v1/events/{event}/door:admit", **admitted)
        scheduled = staff.mailing()
        staff.post(f"/v1/mailings/{scheduled}:schedule", version=1, sendAt=_SOON)
        reader = _Person(self._gateway, self.staff_tokens["CUSTOMER_SERVICE"])
        looked_up = reader.post("/v1/customers:lookUp", customerNumber="100001", reason="Ringde")
        return Caller(
            "staff",
            {"": reader.token, **self.staff_tokens},
            {
                "customer_id": looked_up["customer"]["id"],
                "event_id": event,
                "mailing_id": staff.mailing(),
                "reason": "Ringde og bad om det.",
                "reservationId": reservation["id"],
            },
            {
                "AdmitGuests": {"ticket": reservation["tickets"][0]["code"]},
                "CancelEvent": {"event_id": staff.event(9)},
                "DeleteMailing": {"mailing_id": staff.mailing()},
                "DrawBallot": {"event_id": self._drawn()},
                "PublishEvent": {"event_id": staff.draft()},
                "ReserveTickets": {"customerNumber": "100001", "reason": "Ringde."},
                "StopMailing": {"mailing_id": scheduled},
                "UnscheduleMailing": {"mailing_id": scheduled, "version": 2},
                "UpdateEvent": {"event_id": staff.draft(), "text": "Ta på gode sko."},
                "UpdateMailing": {"mailing_id": staff.mailing(), "texts": _TEXTS},
            },
        )

    @property
    def _gateway(self) -> Gateway:
        return Gateway(self.suite.url)

    @property
    def _event_staff(self) -> _Person:
        return _Person(self._gateway, self.staff_tokens["EVENT_STAFF"])

    def _customer(self, number: int) -> _Person:
        return _Person(self._gateway, self.customer_tokens[number])

    def _waiting(self, customer: _Person) -> str:
        """Has a customer wait for tickets of an event that has none; returns the entry."""
        event = self._event_staff.event(0)
        return customer.post(f"/v1/events/{event}/waitlistEntries", wanted=2)["id"]

    def _offered(self, customer: _Person, neighbour: _Person) -> str:
        """Has a customer wait for a ticket that another gives back; returns the entry."""
        event = self._event_staff.event(1)
        reservation = neighbour.reserved(event)
        entry = customer.post(f"/v1/events/{event}/waitlistEntries", wanted=1)
        neighbour.post(f"/v1/reservations/{reservation['id']}:release", quantity=1)
        return entry["id"]

    def _drawn(self) -> str:
        """Makes an event whose tickets are drawn by lot, and draws; returns the event."""
        staff = self._event_staff
        closing = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        event = staff.draft(mode="BALLOT", ballotClosesAt=closing)
        staff.post(f"/v1/events/{event}:publish")

        def is_drawn() -> bool:
            try:
                staff.post(f"/v1/events/{event}:draw")
            except CommandError as error:
                if error.code != "BALLOT_OPEN":
                    raise
                return False
            return True

        assert wait_until(is_drawn, PATIENCE_SECONDS)
        return event
