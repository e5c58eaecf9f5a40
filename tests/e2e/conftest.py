"""The suite that all of these tests share, as a person has one running."""

from collections.abc import Generator
from pathlib import Path

import pytest

from cli.local.plan import SERVICES
from kit.local.pki import LocalPki
from kit.local.processes import first_of_free_ports
from tests.e2e.collector import Collector
from tests.e2e.suite import Suite

PROCESSES = ("gateway", *SERVICES)
PORTS_FROM_THE_FIRST = 15


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the suite."""
    return tmp_path_factory.mktemp("suite")


@pytest.fixture(scope="session")
def collector(data: Path) -> Generator[Collector]:
    """Where the suite's traces go; it and the processes show each other their certificates."""
    pki = LocalPki(data / "pki")
    pki.prepare(["collector"])
    with Collector.listening(pki.identity("collector")) as listening:
        yield listening


@pytest.fixture(scope="session")
def suite(data: Path, collector: Collector) -> Generator[Suite]:
    endpoints = {
        f"KUNDEAPP_{process}_OTLP_ENDPOINT".upper(): f"localhost:{collector.port}"
        for process in PROCESSES
    }
    made = Suite(
        data,
        first_of_free_ports(PORTS_FROM_THE_FIRST),
        {
            **endpoints,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            # Some tests come from many networks, and say so as an ingress does.
            "KUNDEAPP_GATEWAY_TRUSTED_HOPS": "1",
            # All of them write to the few customers of the demonstration.
            "KUNDEAPP_CONSENT_MESSAGES_PER_HOUR": "1000000",
            "KUNDEAPP_IDENTITY_MESSAGES_PER_HOUR": "1000000",
        },
    )
    with made.running() as running:
        yield running
