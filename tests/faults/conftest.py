"""The suite that all of these tests share, with two replicas of every process."""

from collections.abc import Generator

import pytest

from drills.faults.people import People
from drills.faults.suite import Suite, running


@pytest.fixture(scope="session")
def suite() -> Generator[Suite]:
    with running() as suite:
        yield suite


@pytest.fixture(scope="session")
def everybody(suite: Suite) -> People:
    return People(suite)


@pytest.fixture
def people(suite: Suite, everybody: People) -> Generator[People]:
    """Those who use the suite, which is whole before and after."""
    suite.mend()
    suite.wait_until_ready()
    yield everybody
    suite.mend()
    suite.wait_until_ready()
