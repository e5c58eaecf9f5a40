"""Fixtures of pytest, for `pytest_plugins`."""

from collections.abc import Generator

import pytest

from kit.testing.neighbours import Neighbours


@pytest.fixture(scope="session")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Generator[Neighbours]:
    """PostgreSQL, NATS and certificates, started once."""
    folder = tmp_path_factory.mktemp("neighbours")
    with Neighbours.started(folder) as neighbours:
        yield neighbours
