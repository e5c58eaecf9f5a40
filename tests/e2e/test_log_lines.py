"""Logs as production has them: JSON, line by line, of which process and of which trace."""

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.local.plan import SERVICES, Plan, RunSettings
from kit.local.processes import LOOPBACK, Child, free_port, wait_until
from tests.e2e.conftest import PROCESSES
from tests.e2e.suite import START_SECONDS, Suite

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Replicas:
    """A second replica of every process beside the suite's own.

    Attributes:
        plan: What the suite runs.
        folder: Where their logs are.
        addresses: Where each of them listens.
    """

    plan: Plan
    folder: Path
    addresses: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://{self.addresses['gateway']}"

    def child(self, name: str) -> Child:
        """Returns a process that logs as in production, not started."""
        child = self.plan.child(name)
        told = {"listen": self.addresses[name], "admin_port": "0", "log_format": "json"}
        if name == "gateway":
            told |= {service: self.addresses[service] for service in SERVICES}
        ours = {f"KUNDEAPP_{name}_{key}".upper(): value for key, value in told.items()}
        return replace(
            child,
            log=self.folder / f"{name}.log",
            record=self.folder / f"{name}.json",
            environment={**child.environment, **ours},
        )

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def replicas(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Replicas:
    return Replicas(
        Plan(RunSettings(data=suite.data, port=suite.port)),
        tmp_path_factory.mktemp("replicas"),
        {name: f"{LOOPBACK}:{free_port()}" for name in PROCESSES},
    )


@pytest.fixture(scope="module")
def trace_id(replicas: Replicas) -> str:
    """The trace of a request that the replicas have answered; they have stopped since."""
    trace_id = secrets.token_hex(16)
    children = [replicas.child(name) for name in PROCESSES]
    try:
        for child in children:
            child.start()
        assert wait_until(replicas.is_ready, START_SECONDS)
        headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"}
        httpx.get(f"{replicas.url}/v1/events", headers=headers).raise_for_status()
        assert httpx.get(f"{replicas.url}/v1/nothing").status_code == 404
        assert httpx.get(f"{replicas.url}/v1/me").status_code == 401
    finally:
        for child in children:
            child.stop()
    return trace_id


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def odd_lines(log: Path, process: str) -> list[str]:
    """Returns the lines that are not JSON, or do not say what every line says, the time in UTC."""

    def is_odd(line: str) -> bool:
        try:
            said = json.loads(line)
        except ValueError:
            return True
        if not {"event", "level", "timestamp"} <= set(said) or said["process"] != process:
            return True
        return not said["timestamp"].endswith("Z")

    return [line for line in log.read_text().splitlines() if is_odd(line)]


@pytest.mark.usefixtures("trace_id")
@pytest.mark.parametrize("process", PROCESSES)
def test_every_line_is_json_and_says_whose_it_is(
    replicas: Replicas, process: str, tmp_path: Path
) -> None:
    log = replicas.folder / f"{process}.log"
    assert lines_of(log)
    assert odd_lines(log, process) == []
    planted = tmp_path / "planted.log"
    bare = [
        "Traceback (most recent call last):",
        '{"event": "x", "process": "other"}',
        json.dumps({"event": "x", "level": "info", "process": process, "timestamp": "12:00"}),
    ]
    planted.write_text(log.read_text() + "\n".join(bare))
    assert odd_lines(planted, process) == bare


def test_a_request_is_found_in_the_logs_of_all_who_served_it(
    replicas: Replicas, trace_id: str
) -> None:
    said = {
        name: [
            (line["event"], line.get("route") or line.get("method"))
            for line in lines_of(replicas.folder / f"{name}.log")
            if line.get("trace_id") == trace_id
        ]
        for name in PROCESSES
    }
    assert said == {
        "gateway": [("request", "/v1/events")],
        "events": [("rpc", "kundeapp.events.v1.EventsService.ListEvents")],
        "identity": [],
        "metering": [],
        "consent": [],
    }


def test_what_ends_a_process_is_the_last_line_of_its_log(replicas: Replicas) -> None:
    child = replace(replicas, folder=replicas.folder / "crash").child("events")
    missing = str(replicas.folder / "no-certificate.pem")
    environment = {**child.environment, "KUNDEAPP_EVENTS_TLS_CERTIFICATE": missing}
    child = replace(child, environment=environment)
    try:
        assert child.start().wait(START_SECONDS) == 1
    finally:
        child.stop()
    assert odd_lines(child.log, "events") == []
    last = lines_of(child.log)[-1]
    assert (last["event"], last["level"]) == ("crashed", "critical")
    assert missing in last["exception"]
