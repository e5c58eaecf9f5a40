"""The demonstration's people, hours and prices."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from pyotp.totp import TOTP

from cli.demo.events import EVENTS, load_events
from cli.demo.files import write_demo
from cli.demo.load import Demo
from cli.demo.people import CUSTOMERS, STAFF
from cli.demo.series import (
    Area,
    Hours,
    Household,
    production_wh,
    spot_prices,
    temperature,
    usage_wh,
)
from cli.demo.staff_codes import StaffCodes
from cli.gateway import Gateway
from cli.outcome import CommandError, Exit
from cli.services import Services
from kundeapp.identity.v1.identity_service_pb2 import PutStaffAccountResponse

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODES = StaffCodes({member.email: SECRET for member in STAFF}, pytest.fail)
PURPOSES = ("privacy-statement", "general", "kraftklubben")
HOUSE = Household(base_wh=300, heating_wh_per_degree=90, activity_wh=900, car=True)
SOLAR = replace(HOUSE, solar_wh=9_000)


def _year() -> Hours:
    return Hours(date(2025, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 4, 6), 24)]
)
def test_a_day_has_the_hours_that_the_clock_gives_it(day: date, count: int) -> None:
    hours = Hours(day, day + timedelta(days=1))

    assert len(hours) == count
    assert hours.labels[0].startswith(f"{day}T00:00:00")
    assert len(set(hours.labels)) == count + 1


def test_an_hour_keeps_its_value_when_more_are_made() -> None:
    short = Hours(date(2025, 6, 1), date(2025, 7, 1))
    longer = Hours(date(2025, 6, 1), date(2025, 8, 1))

    assert np.array_equal(
        usage_wh(HOUSE, Area.NO3, longer, seed=7)[: len(short)],
        usage_wh(HOUSE, Area.NO3, short, seed=7),
    )
    assert np.array_equal(spot_prices(Area.NO3, longer)[: len(short)], spot_prices(Area.NO3, short))


def test_a_house_uses_a_house_s_energy_and_most_of_it_in_winter() -> None:
    hours = _year()
    wh = usage_wh(HOUSE, Area.NO3, hours, seed=7)

    assert 12_000_000 < wh.sum() < 25_000_000
    assert wh.min() > 0
    assert wh[hours.month == 1].sum() > 1.8 * wh[hours.month == 7].sum()


def test_a_car_is_charged_at_night() -> None:
    hours = _year()
    without = Household(HOUSE.base_wh, HOUSE.heating_wh_per_degree, HOUSE.activity_wh)
    charged = usage_wh(HOUSE, Area.NO3, hours, 7) - usage_wh(without, Area.NO3, hours, 7)

    assert set(hours.hour_of_day[charged > 0].tolist()) <= {23, 0, 1, 2, 3}
    assert 1_500_000 < charged.sum() < 4_500_000


def test_winter_has_cold_spells() -> None:
    assert temperature(Area.NO3, _year()).min() < -10


@pytest.mark.parametrize("area", Area)
def test_prices_are_dear_in_winter_and_sometimes_negative_in_summer(area: Area) -> None:
    hours = _year()
    prices = spot_prices(area, hours)

    assert prices[hours.month == 1].mean() > 2 * prices[hours.month == 7].mean()
    assert 0 < (prices < 0).mean() < 0.1
    assert prices[hours.month == 1].min() > 0


def test_metering_points_have_valid_check_digits() -> None:
    for customer in CUSTOMERS:
        for point in customer.points:
            digits = [int(digit) for digit in reversed(point.gsrn)]
            assert len(digits) == 18
            assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_the_files_hold_two_years_up_to_yesterday(tmp_path: Path) -> None:
    files = write_demo(tmp_path, date(2026, 4, 7))

    with files.readings[CUSTOMERS[0].points[0].gsrn].open(encoding="utf-8-sig") as file:
        readings = list(csv.DictReader(file, delimiter=";"))
    assert readings[0]["Fra"] == "2024-04-01T00:00:00+02:00"
    assert readings[-1]["Til"] == "2026-04-07T00:00:00+02:00"
    assert len(readings) == (365 * 2 + 6) * 24
    with files.metering_points.open(encoding="utf-8") as file:
        contracts = list(csv.DictReader(file))
    assert contracts[0]["from"] == "2024-04-01"
    assert contracts[-1]["from"] == "2025-07-01"


def _readings(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig") as opened:
        return list(csv.DictReader(opened, delimiter=";"))


def test_a_roof_gives_most_in_summer_and_nothing_at_night() -> None:
    hours = _year()
    produced = production_wh(SOLAR, Area.NO3, hours, seed=7)

    assert 3_000_000 < produced.sum() < 9_000_000
    assert produced.min() == 0
    assert produced[hours.month == 6].sum() > 10 * produced[hours.month == 12].sum()
    assert not produced[hours.hour_of_day <= 1].any()


def test_what_the_house_uses_itself_goes_neither_in_nor_out() -> None:
    hours = _year()
    taken = usage_wh(HOUSE, Area.NO3, hours, 7) - usage_wh(SOLAR, Area.NO3, hours, 7)

    assert taken.min() >= 0
    assert taken.sum() > 1_000_000
    assert usage_wh(SOLAR, Area.NO3, hours, 7).min() >= 0


def test_a_house_with_panels_has_a_file_of_what_it_feeds_into_the_grid(tmp_path: Path) -> None:
    files = write_demo(tmp_path, date(2026, 7, 1))

    [(gsrn, file)] = files.production.items()
    produced, used = _readings(file), _readings(files.readings[gsrn])
    assert {row["Målenavn"] for row in produced} == {"KWH 60 Produksjon"}
    assert [row["Fra"] for row in produced] == [row["Fra"] for row in used]


def test_the_newest_hours_are_estimates(tmp_path: Path) -> None:
    files = write_demo(tmp_path, date(2026, 4, 7))

    for file in (*files.readings.values(), *files.production.values()):
        estimated = [row["Fra"] for row in _readings(file) if row["Kvalitet"] == "Estimert"]
        assert estimated == [f"2026-04-06T{hour}:00:00+02:00" for hour in range(17, 24)]


@pytest.mark.parametrize(("with_tomorrow", "last"), [(False, "2026-04-07"), (True, "2026-04-08")])
def test_prices_are_known_to_the_end_of_today_or_tomorrow(
    tmp_path: Path, *, with_tomorrow: bool, last: str
) -> None:
    files = write_demo(tmp_path, date(2026, 4, 7), with_tomorrow=with_tomorrow)

    for file in files.prices.values():
        assert file.read_text().splitlines()[-1].startswith(f"{last}T23:00:00+02:00;")


def test_contracts_are_of_every_kind(tmp_path: Path) -> None:
    with write_demo(tmp_path, date(2026, 4, 7)).metering_points.open(encoding="utf-8") as file:
        contracts = list(csv.DictReader(file))

    assert {row["product"] for row in contracts} == {"SPOT", "NORGESPRIS"}
    assert {row["premises"] for row in contracts} == {"HOME", "CABIN"}
    assert {row["grid_company"] for row in contracts} == {"Linja", "Nordvest Nett", "BKK"}


def test_the_files_of_a_day_are_always_the_same(tmp_path: Path) -> None:
    day = date(2025, 3, 1)
    write_demo(tmp_path / "one", day)
    write_demo(tmp_path / "two", day)

    for one in (tmp_path / "one").iterdir():
        assert one.read_bytes() == (tmp_path / "two" / one.name).read_bytes()


def test_the_description_names_customers_and_staff(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    Demo.of("http://localhost:8080", tmp_path / "mailbox", CODES).write(file)

    demo = json.loads(file.read_text())

    assert demo.keys() == {"url", "mailbox", "customers", "staff"}
    assert len(demo["customers"]) == 3
    assert all(customer["meteringPoints"] for customer in demo["customers"])
    assert {role for member in demo["staff"] for role in member["roles"]} == {
        role for member in STAFF for role in member.roles
    }
    assert all(member["totpSecret"] == SECRET for member in demo["staff"])
    assert file.stat().st_mode & 0o777 == 0o600


class Accounts(Services):
    """Accounts of staff that each get a secret when they are made, or when it is renewed."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def put_staff(
        self,
        email: str,
        password: str,
        roles: Sequence[str],
        *,
        renew_second_factor: bool = False,
    ) -> PutStaffAccountResponse:
        del password, roles
        assert renew_second_factor
        self.made.append(email)
        return PutStaffAccountResponse(totp_secret=f"SECRET{len(self.made)}")


def test_the_secrets_of_staff_are_kept_over_restarts_for_their_owner_only(tmp_path: Path) -> None:
    accounts, file = Accounts(), tmp_path / "demo" / "staff-secrets.json"

    first = StaffCodes.prepared(accounts, file, pytest.fail)
    again = StaffCodes.prepared(accounts, file, pytest.fail)

    assert accounts.made == [member.email for member in STAFF]
    assert again.secrets == first.secrets
    assert first.secrets[STAFF[0].email] == "SECRET1"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_was_lost_is_renewed(tmp_path: Path) -> None:
    accounts, file = Accounts(), tmp_path / "staff-secrets.json"
    first = StaffCodes.prepared(accounts, file, pytest.fail)
    file.write_text(json.dumps({STAFF[0].email: first.secrets[STAFF[0].email]}))

    again = StaffCodes.prepared(accounts, file, pytest.fail)

    assert accounts.made[3:] == [member.email for member in STAFF[1:]]
    assert again.secrets[STAFF[1].email] == "SECRET4"


class Moments:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("used", "slept"), [(0, []), (1, []), (2, [20.0])])
def test_a_code_that_was_used_is_followed_by_the_next_one_if_need_be_after_a_wait(
    monkeypatch: pytest.MonkeyPatch, used: int, slept: list[float]
) -> None:
    clock, said, tried = Moments(1_000_000_000.0), list[str](), list[str]()
    monkeypatch.setattr("cli.demo.staff_codes.time", clock)
    app = TOTP(SECRET)
    taken = {app.at(clock.now + 30 * step) for step in range(used)}

    def log_in(code: str) -> str:
        tried.append(code)
        in_the_window = {app.at(clock.now + 30 * step) for step in (-1, 0, 1)}
        if code in taken or code not in in_the_window:
            raise CommandError(Exit.NOT_ALLOWED, "WRONG_SECOND_FACTOR", "The code was used.")
        return "in"

    codes = StaffCodes({STAFF[0].email: SECRET}, said.append)

    assert codes.log_in(STAFF[0].email, log_in) == "in"
    assert len(tried) == used + 1
    assert clock.slept == slept
    assert len(said) == len(slept)


def test_another_refusal_of_a_login_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Moments(1_000_000_000.0)
    monkeypatch.setattr("cli.demo.staff_codes.time", clock)

    def log_in(_code: str) -> str:
        raise CommandError(Exit.REFUSED, "TOO_MANY_REQUESTS", "Wait.")

    with pytest.raises(CommandError, match="Wait"):
        CODES.log_in(STAFF[0].email, log_in)
    assert not clock.slept


def test_there_is_a_member_of_staff_for_each_role() -> None:
    assert {role for member in STAFF for role in member.roles} == {
        "CUSTOMER_SERVICE",
        "EVENT_STAFF",
        "OPERATOR",
    }


class Events(Gateway):
    """A gateway that keeps the events it is told to make, and the paths that it is asked for."""

    def __init__(self) -> None:
        super().__init__("http://localhost:1")
        self.made: list[Mapping[str, Any]] = []
        self.news: list[Mapping[str, Any]] = []
        self.asked: list[tuple[str, str | None]] = []
        self.decided: dict[tuple[str, str], bool] = {}
        self.patched: list[str] = []

    def get(self, path: str, token: str) -> Mapping[str, Any]:
        if path == "/v1/me/consents":
            return {"consents": list(map(self._consent, PURPOSES))}
        assert token == "arrangement@example.com"
        if path == "/v1/mailings":
            return {"mailings": self.news}
        assert path.startswith("/v1/events?")
        return {"events": self.made}

    def post(
        self, path: str, body: Mapping[str, object], token: str | None = None
    ) -> Mapping[str, Any]:
        if path == "/v1/sessions":
            return {"accessToken": body["email"]}
        if path == "/v1/mailings":
            texts = cast("Mapping[str, Mapping[str, str]]", body["texts"])
            self.news.append({"title": texts["nn"]["subject"], **body})
            return self.news[-1]
        if path == "/v1/events":
            self.made.append({"id": str(len(self.made)), **body})
            return self.made[-1]
        self.asked.append((path, token))
        return {}

    def patch(self, path: str, body: Mapping[str, object], token: str) -> Mapping[str, Any]:
        assert path == "/v1/me/consents"
        self.patched.append(token)
        for change in cast("Sequence[Mapping[str, Any]]", body["changes"]):
            assert (change["noticeVersion"], change["noticeSha256"]) == (1, change["purpose"])
            assert change["language"] == "nn"
            self.decided[change["purpose"], change.get("channel", "")] = change["granted"]
        return {}

    def _consent(self, purpose: str) -> Mapping[str, Any]:
        channels = () if purpose == "privacy-statement" else ("EMAIL", "SMS")

        def decided_at(channel: str) -> str | None:
            return "2026-04-07T10:00:00Z" if (purpose, channel) in self.decided else None

        return {
            "purpose": purpose,
            "noticeVersion": 1,
            "noticeSha256": purpose,
            "language": "nn",
            "decidedAt": decided_at(""),
            "channels": [{"channel": each, "decidedAt": decided_at(each)} for each in channels],
        }


def test_events_are_made_once_however_often_they_are_loaded() -> None:
    gateway = Events()
    load_events(gateway, CODES, date(2026, 4, 7))
    asked = list(gateway.asked)

    load_events(gateway, CODES, date(2026, 4, 8))

    assert [event["title"] for event in gateway.made] == [event.title for event in EVENTS]
    assert [news["title"] for news in gateway.news] == ["Vinteren i Kraftklubben"]
    assert gateway.asked == asked * 2


def test_the_first_customer_alone_agrees_to_news_and_does_so_once() -> None:
    gateway = Events()
    for _ in range(2):
        load_events(gateway, CODES, date(2026, 4, 7))

    assert gateway.patched == [CUSTOMERS[0].email]
    assert gateway.decided == {
        ("privacy-statement", ""): True,
        ("general", "EMAIL"): True,
        ("kraftklubben", "EMAIL"): True,
    }


def test_what_the_first_customer_has_decided_stays_as_it_is() -> None:
    gateway = Events()
    gateway.decided["kraftklubben", "EMAIL"] = False
    load_events(gateway, CODES, date(2026, 4, 7))

    assert gateway.decided["kraftklubben", "EMAIL"] is False
    assert gateway.decided["general", "EMAIL"] is True


def test_the_draft_stays_a_draft_and_somebody_has_tickets_and_waits() -> None:
    gateway = Events()
    load_events(gateway, CODES, date(2026, 4, 7))

    published = [path for path, _ in gateway.asked if path.endswith(":publish")]
    assert published == [f"/v1/events/{place}:publish" for place in range(3)]
    assert gateway.made[3]["title"] == "Matmarknad på kaia"
    ingrid = [path for path, token in gateway.asked if token == CUSTOMERS[0].email]
    assert ingrid == ["/v1/events/0/reservations", "/v1/events/1/waitlistEntries"]


def test_events_are_ahead_of_today_and_ballots_close_before_them() -> None:
    gateway = Events()
    # Clocks are changed within these days.
    load_events(gateway, CODES, date(2026, 10, 10))

    for event in gateway.made:
        starts_at = datetime.fromisoformat(event["startsAt"])
        assert starts_at.date() > date(2026, 10, 20)
        closes_at = event.get("ballotClosesAt")
        assert closes_at is None or datetime.fromisoformat(closes_at) < starts_at
    assert {event["startsAt"][-6:] for event in gateway.made} == {"+01:00", "+02:00"}
