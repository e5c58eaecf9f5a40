"""Another service calls the suite with its own certificate, and hears its events."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import nats
import pytest

from cli.demo.people import gsrn
from kit.local.pki import LocalPki
from kit.local.processes import LOOPBACK, wait_until
from tests.e2e.households import Contract, brought, hours, portal, take_in
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).parents[2] / "examples" / "internal_client" / "billing.py"
POINT = gsrn(9_990_000_777)
DAY = ("2026-02-03", "2026-02-04")


@dataclass
class Billing:
    """The example, as another team runs it."""

    environment: Mapping[str, str]
    notes: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - the command is ours
            (sys.executable, str(EXAMPLE), *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextlib.contextmanager
    def listening(self) -> Generator[Path]:
        """Has it hear of corrections; yields the file of what it says."""
        said = self.notes.with_suffix(f".{uuid4()}.log")
        with said.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                (sys.executable, str(EXAMPLE), "corrections", str(self.notes)),
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield said
        finally:
            process.terminate()
            assert process.wait(30) == 0, said.read_text()

    def noted(self) -> list[tuple[str, str, str]]:
        with contextlib.closing(sqlite3.connect(self.notes)) as notes:
            return notes.execute("SELECT gsrn, from_time, to_time FROM to_bill_anew").fetchall()


@pytest.fixture(scope="module")
def billing(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Billing:
    pki = LocalPki(suite.data / "pki")
    pki.prepare(["billing"])
    identity = pki.identity("billing")
    ours = {
        "BILLING_CERTIFICATE": str(identity.certificate),
        "BILLING_KEY": str(identity.key),
        "BILLING_AUTHORITY": str(identity.authority),
        "BILLING_CONSENT": f"{LOOPBACK}:{suite.port + 3}",
        "BILLING_NATS_URL": f"tls://{LOOPBACK}:{suite.port + 6}",
    }
    return Billing({**os.environ, **ours}, tmp_path_factory.mktemp("billing") / "notes.db")


def test_a_workload_of_its_own_may_call_what_is_open_to_all(billing: Billing) -> None:
    done = billing.run("phone")

    assert (done.returncode, done.stderr) == (0, "")
    assert any(digit.isdigit() for digit in done.stdout)


def test_what_its_workload_is_not_named_for_is_refused(billing: Billing) -> None:
    done = billing.run("permissions", str(uuid4()))

    assert done.returncode == 1
    assert "PERMISSION_DENIED" in done.stderr


def test_without_a_certificate_of_the_suite_there_is_no_connection(
    billing: Billing, tmp_path: Path
) -> None:
    foreign = LocalPki(tmp_path)
    foreign.prepare(["billing"])
    identity = foreign.identity("billing")
    stranger = {
        **billing.environment,
        "BILLING_CERTIFICATE": str(identity.certificate),
        "BILLING_KEY": str(identity.key),
    }

    done = Billing(stranger, billing.notes).run("phone")

    assert done.returncode == 1
    assert "UNAVAILABLE" in done.stderr


async def test_corrected_hours_are_noted_once_however_often_they_are_told(
    suite: Suite, billing: Billing, tmp_path: Path
) -> None:
    take_in(suite, tmp_path, Contract(POINT, "300777", DAY[0]))
    with billing.listening() as said:
        for wh, registered in (
            (1_000, "2026-02-04T06:30:00+01:00"),
            (2_000, "2026-02-05T06:30:00+01:00"),
        ):
            file = portal(tmp_path, dict.fromkeys(hours(*DAY), wh), registered=registered)
            brought(suite, "readings", file, "--metering-point", POINT)
        assert wait_until(lambda: "noted" in said.read_text(), 30)
    assert (POINT, "2026-02-02T23:00:00Z", "2026-02-03T23:00:00Z") in billing.noted()
    before = billing.noted()

    # Everything is told once more, as it may be after an outage.
    client = await nats.connect(
        billing.environment["BILLING_NATS_URL"],
        tls=LocalPki(suite.data / "pki").identity("billing").client_context(),
    )
    await client.jsm().delete_consumer("KUNDEAPP", "billing-corrections")
    await client.close()
    with billing.listening() as said:
        assert wait_until(lambda: said.read_text().count("known") == len(before), 30)

    assert billing.noted() == before
    assert "noted" not in said.read_text()
