"""The suite that all of these tests share, as a person has one running."""

import contextlib
import random
from collections.abc import Generator

import pytest

from kit.local.errors import PortBusyError
from kit.local.processes import require_port
from tests.e2e.suite import Suite

PORTS_FROM_THE_FIRST = 15
BELOW_THOSE_OF_CONNECTIONS = range(10_000, 32_000, PORTS_FROM_THE_FIRST)
"""Linux gives the ports from 32768 on to connections, also to those of the suite itself: one could
have a port that the suite is yet to listen on, at its start or after a kill."""


def _first_of_free_ports() -> int:
    while True:
        first = random.choice(BELOW_THOSE_OF_CONNECTIONS)  # noqa: S311 - which ports is no secret
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
