"""The suite that strangers meet: its own, since they leave nothing as it was."""

from collections.abc import Generator

import pytest

from kit.local.processes import first_of_free_ports
from tests.e2e.conftest import PORTS_FROM_THE_FIRST
from tests.e2e.suite import Suite
from tests.security.known import Callers


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Generator[Suite]:
    # As in production there is a proxy in front, which says where a request comes from.
    told = {"KUNDEAPP_GATEWAY_TRUSTED_HOPS": "1", "KUNDEAPP_GATEWAY_HTTP2": "true"}
    folder = tmp_path_factory.mktemp("strangers")
    with Suite(folder, first_of_free_ports(PORTS_FROM_THE_FIRST), told).running() as running:
        yield running


@pytest.fixture(scope="session")
def callers(suite: Suite) -> Callers:
    return Callers.of(suite)
