"""A household's hours go in as files, and come out over HTTP for the one who holds the point."""

import json
import os
import signal
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from cli.demo.files import write_demo
from cli.demo.people import CUSTOMERS, gsrn
from cli.local.plan import RunSettings
from cli.moments import OSLO
from kit.local.processes import birth, wait_until
from tests.e2e.suite import Customer, Suite

DATA = Path(__file__).parents[3] / "shared" / "data"
HOUSEHOLD = gsrn(9_990_000_101)
BORN_IN_AN_OUTAGE = gsrn(9_990_000_102)
CUT_OFF = gsrn(9_990_000_103)
PASSWORD = "furutre-attmed-naustet"
APRIL = ("2026-04-01", "2026-05-01")

pytestmark = pytest.mark.e2e


def _customers(folder: Path, number: str, pin: str) -> Path:
    file = folder / f"customers-{number}.csv"
    row = f"{number},Kari Elvestrand,kari.{number}@example.com,+4799999911,{pin}"
    file.write_text(f"customer_number,name,email,mobile,pin\n{row}\n")
    return file


def _points(folder: Path, number: str, point: str) -> Path:
    file = folder / f"points-{number}.csv"
    row = f'{point},{number},2026-03-01,,NO5,BKK,SPOT,"Elvevegen 1, 5003 Bergen"'
    file.write_text(
        f"gsrn,customer_number,from,to,price_area,grid_company,product,address\n{row}\n"
    )
    return file


def _register(suite: Suite, number: str, pin: str) -> Customer:
    return suite.register(number, pin, f"kari.{number}@example.com", PASSWORD)


@pytest.fixture(scope="module")
def household(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    """A customer whose hours are a real household's."""
    if not DATA.is_dir():
        pytest.skip(f"the real data is not at {DATA}")
    folder = tmp_path_factory.mktemp("household")
    imports = (
        ("customers", str(_customers(folder, "200001", "73520164"))),
        ("metering-points", str(_points(folder, "200001", HOUSEHOLD))),
        ("readings", str(DATA / "elhub_2026-04.csv"), "--metering-point", HOUSEHOLD),
        ("readings", str(DATA / "household_no5_2026-03.csv"), "--metering-point", HOUSEHOLD),
        ("prices", str(DATA / "household_no5_2026-03.csv"), "--area", "NO5"),
        ("prices", str(DATA / "household_no5_2026-04.csv"), "--area", "NO5"),
    )
    for command in imports:
        done = suite.cli("import", *command)
        assert done.status == 0, done.printed
    return _register(suite, "200001", "73520164")


def test_the_demonstration_can_be_logged_in_to_and_has_two_years(suite: Suite) -> None:
    for known in suite.demo["customers"]:
        customer = suite.log_in(known["email"], known["password"])

        points = customer.get("/v1/meteringPoints").json()["meteringPoints"]

        assert [point["gsrn"] for point in points] == known["meteringPoints"]
    customer = suite.log_in(
        suite.demo["customers"][0]["email"], suite.demo["customers"][0]["password"]
    )
    point = suite.demo["customers"][0]["meteringPoints"][0]
    years = customer.usage(point, "YEAR", "2020-01-01", "2040-01-01")
    assert years["total"]["hours"] >= 2 * 365 * 24
    assert years["total"]["kwh"] > 20_000
    assert years["total"]["cost"] > 0


@pytest.mark.parametrize(
    ("file_format", "name"),
    [("CSV", "export.csv"), ("XLSX", "export.xlsx"), ("GREEN_BUTTON", "export.xml")],
)
def test_hours_can_be_taken_along_as_a_file(suite: Suite, file_format: str, name: str) -> None:
    known = suite.demo["customers"][0]
    customer = suite.log_in(known["email"], known["password"])
    path = f"/v1/meteringPoints/{known['meteringPoints'][0]}/usage/export"
    last = datetime.now(OSLO).date()
    first = last.replace(year=last.year - 2, day=1)

    answer = customer.get(path, **{"format": file_format, "from": f"{first}", "to": f"{last}"})

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    if file_format == "CSV":
        for column, direction in ((2, "CONSUMPTION"), (7, "PRODUCTION")):
            cells = [line.split(";")[column] for line in answer.text.splitlines()[1:]]
            shown = customer.usage(
                known["meteringPoints"][0], "MONTH", f"{first}", f"{last}", direction
            )
            added = sum(Decimal(cell.replace(",", ".")) for cell in cells if cell)
            assert added == shown["total"]["kwh"] > 0


def test_every_member_of_staff_can_log_in(suite: Suite) -> None:
    for member in suite.demo["staff"]:
        roles = suite.staff(member).get("/v1/me").json()["roles"]

        assert roles == member["roles"]


def test_april_comes_out_as_the_bill_has_it(household: Customer) -> None:
    month = household.usage(HOUSEHOLD, "MONTH", *APRIL)
    days = household.usage(HOUSEHOLD, "DAY", *APRIL)
    hours = household.usage(HOUSEHOLD, "HOUR", *APRIL)

    assert month["kwh"] == [Decimal("1381.827")]
    assert (len(days["kwh"]), len(hours["kwh"])) == (30, 720)
    assert sum(days["kwh"]) == sum(hours["kwh"]) == month["kwh"][0] == month["total"]["kwh"]
    assert sum(days["cost"]) == sum(hours["cost"]) == month["cost"][0] == month["total"]["cost"]
    assert hours["kwh"][hours["start"].index("2026-04-06T13:00:00+02:00")] == Decimal("5.939")


def test_march_has_743_hours_and_a_day_of_23(household: Customer) -> None:
    march = household.usage(HOUSEHOLD, "DAY", "2026-03-01", "2026-04-01")

    assert march["total"]["hours"] == 743
    assert march["hours"][march["start"].index("2026-03-29T00:00:00+01:00")] == 23


def test_an_import_again_changes_nothing(suite: Suite, household: Customer) -> None:
    before = household.usage(HOUSEHOLD, "HOUR", *APRIL)

    file = str(DATA / "elhub_2026-04.csv")
    done = suite.cli("import", "readings", file, "--metering-point", HOUSEHOLD)

    assert (done.printed["created"], done.printed["changed"]) == (0, 0)
    assert done.printed["unchanged"] == done.printed["rows"] == 744
    assert household.usage(HOUSEHOLD, "HOUR", *APRIL) == before


def test_a_broken_line_is_named_and_stops_no_other(suite: Suite, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    first, second = "2021-04-01T00:00:00+02:00", "2021-04-01T01:00:00+02:00"
    file.write_text(f"start;nok_per_kwh_ex_vat\n{first};much\n{second};0.5\n")

    done = suite.cli("import", "prices", str(file), "--area", "NO5")

    assert done.status == 1
    assert (done.printed["created"], done.printed["refused"]) == (1, 1)
    assert [each["where"] for each in done.printed["problems"]] == ["line 2"]


def test_a_file_of_another_kind_is_refused_whole(suite: Suite, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("when;how much\n2021-04-01T00:00:00+02:00;0.5\n")

    done = suite.cli("import", "prices", str(file), "--area", "NO5")

    assert done.status == 1
    assert done.printed["error"]["code"] == "BAD_FILE"
    assert done.printed["error"]["errors"][0]["field"] == "line 1"


def test_a_stranger_s_an_unknown_and_an_unheld_point_are_one_answer(
    suite: Suite, household: Customer
) -> None:
    def asked(point: str, first: str = APRIL[0], end: str = APRIL[1]) -> tuple[int, object]:
        query = {"resolution": "DAY", "from": first, "to": end}
        answer = household.get(f"/v1/meteringPoints/{point}/usage", **query)
        # The trace id is the request's own, and so is the path.
        same = {
            name: value
            for name, value in answer.json().items()
            if name not in {"traceId", "instance"}
        }
        return answer.status_code, same

    strangers = asked(suite.demo["customers"][0]["meteringPoints"][0])

    assert strangers[0] == 404
    assert asked(gsrn(9_999_999_999)) == strangers
    assert asked(HOUSEHOLD, "2020-01-01", "2020-02-01") == strangers


def test_without_a_token_nothing_is_shown(suite: Suite) -> None:
    answer = httpx.get(f"{suite.url}/v1/meteringPoints")

    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHENTICATED"


def test_a_wrong_password_and_an_unknown_e_mail_are_one_answer(suite: Suite) -> None:
    def refused(email: str) -> tuple[int, object]:
        login = {"email": email, "password": "a password that is wrong"}
        answer = httpx.post(f"{suite.url}/v1/sessions", json=login)
        return answer.status_code, answer.json()["code"]

    known = refused(suite.demo["customers"][2]["email"])

    assert known == (401, "WRONG_CREDENTIALS")
    assert refused("nobody@example.com") == known


def test_without_postgres_there_is_a_503_and_with_it_again_an_answer(suite: Suite) -> None:
    known = suite.demo["customers"][0]
    customer = suite.log_in(known["email"], known["password"])

    def status() -> int:
        return customer.get("/v1/meteringPoints").status_code

    assert status() == 200
    assert suite.cli("stop", "postgres").status == 0
    assert status() == 503
    answer = customer.get("/v1/meteringPoints")
    assert answer.json()["code"] == "UNAVAILABLE"

    assert suite.cli("start", "postgres").status == 0

    assert wait_until(lambda: status() == 200, timeout=10)
    assert wait_until(suite.is_ready, timeout=10)


def test_without_nats_requests_succeed_and_no_event_is_lost(suite: Suite, tmp_path: Path) -> None:
    assert suite.cli("stop", "nats").status == 0
    customers = _customers(tmp_path, "200002", "31904827")
    points = _points(tmp_path, "200002", BORN_IN_AN_OUTAGE)
    assert suite.cli("import", "customers", str(customers)).status == 0
    assert suite.cli("import", "metering-points", str(points)).status == 0
    customer = _register(suite, "200002", "31904827")

    assert suite.cli("start", "nats").status == 0

    # Metering learns from identity's event whose point it is.
    assert wait_until(lambda: _sees(customer, BORN_IN_AN_OUTAGE), timeout=20)


def _sees(customer: Customer, point: str) -> bool:
    points = customer.get("/v1/meteringPoints").json()["meteringPoints"]
    return [each["gsrn"] for each in points] == [point]


def test_an_import_whose_service_dies_completes_by_itself_once_it_is_back(
    suite: Suite, tmp_path: Path
) -> None:
    points = _points(tmp_path, "200003", CUT_OFF)
    assert suite.cli("import", "metering-points", str(points)).status == 0
    file = write_demo(tmp_path, date(2026, 4, 7)).readings[CUSTOMERS[0].points[0].gsrn]
    port = RunSettings(data=suite.data, port=suite.port).port_of("metering")
    metering, before = suite.pid_of("metering"), _connections_to(port)

    # What has stopped is connected to, and answers nobody until it is killed.
    os.kill(metering, signal.SIGSTOP)
    with suite.cli_process(
        "import", "readings", str(file), "--metering-point", CUT_OFF, "--json"
    ) as importing:
        assert wait_until(lambda: _connections_to(port) > before, timeout=30)
        os.kill(metering, signal.SIGKILL)
        said, _ = importing.communicate(timeout=60)

    assert importing.returncode == 0, said
    printed = json.loads(said)
    assert printed["created"] == printed["rows"] > 17_000
    assert wait_until(suite.is_ready, timeout=30)


def _connections_to(port: int) -> int:
    """Counts the connections to a port of this machine that are open."""
    is_open, there = "01", f":{port:04X}"
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return sum(line[3] == is_open and line[2].endswith(there) for line in lines)


def test_a_second_run_in_the_same_folder_is_refused(suite: Suite) -> None:
    with suite.cli_process("run") as second:
        _, said = second.communicate(timeout=30)

    assert second.returncode == 1
    assert b"is in use by process" in said


def test_a_second_start_keeps_the_data(suite: Suite) -> None:
    known = suite.demo["customers"][0]
    point = known["meteringPoints"][0]
    question = (point, "MONTH", "2020-01-01", "2040-01-01")
    before = suite.log_in(known["email"], known["password"]).usage(*question)

    assert suite.stop() == 0
    assert list((suite.data / "run").glob("*.json")) == []
    suite.start()

    assert suite.log_in(known["email"], known["password"]).usage(*question) == before
    assert suite.console().count("The demonstration is loaded") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that a parent died")
def test_a_killed_runner_leaves_no_process_and_can_be_started_again(suite: Suite) -> None:
    names = ("postgres", "nats", "identity", "metering", "consent", "events", "gateway")
    pids = [suite.pid_of(name) for name in names]

    suite.kill()

    assert wait_until(lambda: not any(map(birth, pids)), timeout=30)
    suite.start()
    assert not {suite.pid_of(name) for name in names} & set(pids)
