"""The suite that all of these tests share, as a person has one running."""

import contextlib
from collections.abc import Generator

import pytest

from kit.local.errors import PortBusyError
from kit.local.processes import free_port, require_port
from tests.e2e.suite import Suite

PORTS_FROM_THE_FIRST = 15


def _first_of_free_ports() -> int:
    while True:
        first = free_port()
        with contextlib.suppress(PortBusyError):
            for port in range(first, first + PORTS_FROM_THE_FIRST):
                require_port("suite", port)
            return first


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Generator[Suite]:
    running = Suite(tmp_path_factory.mktemp("suite"), _first_of_free_ports())
    try:
        running.start()
        yield running
    finally:
        if running.process is not None:
            running.stop()
