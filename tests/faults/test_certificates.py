"""A certificate that ends: nobody talks to that service any more, and nothing is lost by it."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from drills.faults.people import People
from drills.faults.settling import settle
from kit.local.processes import wait_until
from tests.faults import kills

_LIFETIME = timedelta(seconds=12)


@pytest.fixture
def short_lived(people: People) -> Generator[People]:
    """People whose suite has a consent with a certificate that is about to end."""
    pki = people.suite.plan.pki
    pki.renew("consent", _LIFETIME)
    _restart(people)
    yield people
    pki.renew("consent")
    _restart(people)


def test_a_certificate_that_ends_stops_one_service_until_it_is_renewed(short_lived: People) -> None:
    people, suite = short_lived, short_lived.suite
    kari, ola = people.customers(2)
    event = people.event(3, datetime.now(UTC) + timedelta(days=30))
    settle(people)
    ends_at = suite.plan.pki.identity("consent").expires_at()

    assert wait_until(lambda: datetime.now(UTC) > ends_at, _LIFETIME.total_seconds())
    # Connections that are there stay; from now on none is made.
    suite.wires.cut(suite.wires.between("consent") + suite.wires.between(server="consent"))
    suite.wires.mend()

    assert wait_until(lambda: _consents(kari) == httpx.codes.SERVICE_UNAVAILABLE, 30)
    kari.reserve(event, 2)
    ola.reserve(event, 1)
    assert not suite.mail.to(kari.email)[1:]

    suite.plan.pki.renew("consent")
    _restart(people)  # as the runbook says
    kills.require_all_holds(people)
    assert _consents(kari) == httpx.codes.OK
    assert [len(suite.mail.to(each.email)) for each in (kari, ola)] == [2, 2]


def _restart(people: People) -> None:
    people.suite.kill("consent")
    people.suite.tend()
    people.suite.wait_until_ready()


def _consents(kari: object) -> int:
    url = f"{kari.suite.gateways[0]}/v1/me/consents"
    return httpx.get(url, headers={"Authorization": f"Bearer {kari.token}"}).status_code
