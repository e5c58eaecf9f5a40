"""Those who run the suite see at once whether it is sound, and what is not."""

import csv
from pathlib import Path

import pytest

from kit.local.processes import wait_until
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

_WANTED = {
    "gateway",
    "cli: certificate",
    "authority: certificate",
    "identity: email",
    "consent: email",
    "metering: consumer metering-customers",
    "consent: consumer consent-events",
    "events: consumer events-offers",
    *(
        f"{service}: {what}"
        for service in ("identity", "metering", "consent", "events")
        for what in (
            "certificate",
            "health",
            "clock",
            "database",
            "migrations",
            "outbox",
            "dead letters",
            "bus",
        )
    ),
}


def test_the_doctor_has_looked_at_everything_of_a_suite_that_is_sound(suite: Suite) -> None:
    done = suite.cli("doctor", session="nobody")

    checks = {check["what"]: check for check in done.printed["checks"]}
    assert set(checks) >= _WANTED
    assert [check for check in checks.values() if check["verdict"] == "fault"] == []
    assert done.status == 0


def test_the_doctor_says_which_service_is_down_and_what_to_do(suite: Suite) -> None:
    assert suite.cli("stop", "metering").status == 0
    try:
        done = suite.cli("doctor", session="nobody")
    finally:
        assert suite.cli("start", "metering").status == 0

    assert done.status == 1
    assert not done.printed["healthy"]
    faults = {each["what"] for each in done.printed["checks"] if each["verdict"] == "fault"}
    assert {"gateway", "metering: health", "metering: state"} <= faults
    assert all(each == "gateway" or each.startswith("metering: ") for each in faults)
    assert wait_until(suite.is_ready, 30)


def test_an_operator_sees_that_nothing_has_failed_and_nothing_waits(suite: Suite) -> None:
    assert suite.cli("dead-letters", "list").printed == {"deadLetters": []}

    def nothing_waits() -> bool:
        outboxes = suite.cli("outbox", "show").printed["outboxes"]
        return [each["waiting"] for each in outboxes] == [0, 0, 0, 0]

    assert wait_until(nothing_waits, 30)


def test_nobody_sees_dead_letters_without_a_login(suite: Suite) -> None:
    assert suite.cli("dead-letters", "list", session="nobody").status == 4


def test_a_suite_is_filled_for_a_load_test_by_an_operator_who_means_it(
    suite: Suite, tmp_path: Path
) -> None:
    command = ("seed", "--customers", "3", "--days", "2", "--folder", str(tmp_path))

    with suite.cli_process(*command) as unsure:
        _, said = unsure.communicate(b"n\n")
    assert unsure.returncode == 2
    assert b"Nothing was made." in said
    assert not any(tmp_path.iterdir())

    done = suite.cli(*command, "--yes")
    assert done.status == 0
    counts = {what: each["count"] for what, each in done.printed.items() if what != "files"}
    assert counts == {"customers": 3, "meteringPoints": 3, "hours": 3 * 48}
    lines = (tmp_path / "seed-customers.csv").read_text("utf-8").splitlines()
    first = next(csv.DictReader(lines))
    number, pin, email = (first[key] for key in ("customer_number", "pin", "email"))
    assert suite.register(number, pin, email, "furutre-attmed-naustet").get("/v1/me").is_success
