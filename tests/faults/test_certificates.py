"""A certificate that ends is said plainly, and a new one mends all with a restart."""

from datetime import timedelta

import pytest

from cli.operations.doctor import examine
from drills.faults.people import People
from kit.local.processes import wait_until
from tests.faults import kills

_LIFETIME = timedelta(seconds=20)
"""Longer than a process needs to start."""
_SECONDS = 60.0
_FLOWS = ("tickets_go_to_the_next_in_line", "an_account_is_opened")


@pytest.mark.exhaustive
@pytest.mark.parametrize("process", ["events", "identity"])
def test_a_service_whose_certificate_has_ended(people: People, process: str) -> None:
    suite = people.suite
    log = suite.replicas[f"{process}, first"].child.log
    _start_with_a_short_one(people, process)
    said = len(log.read_text())

    def fail() -> None:
        assert wait_until(lambda: "CertificateEnded" in log.read_text()[said:], _SECONDS)
        wires = suite.wires.between(server=process)
        suite.wires.cut(wires)  # connections that are open last for five minutes yet
        suite.wires.mend()
        found = {fault.where: fault.message for fault in examine(suite.settings).faults}
        assert "certificate has expired" in found[f"{process}: certificate"]
        suite.plan.pki.renew(process)
        suite.kill(process)

    kills.run_together(_FLOWS, people, fail)


@pytest.mark.exhaustive
def test_a_gateway_whose_certificate_has_ended(people: People) -> None:
    suite = people.suite
    log = suite.replicas["gateway, first"].child.log
    _start_with_a_short_one(people, "gateway")

    def fail() -> None:
        def is_out() -> bool:
            answer = suite.client.get(f"{suite.gateways[0]}/readyz/gateway")
            return not answer.is_success

        assert wait_until(is_out, _SECONDS)
        assert "CertificateEnded" in log.read_text()
        suite.plan.pki.renew("gateway")
        suite.kill("gateway")

    kills.run_together(_FLOWS, people, fail)


def _start_with_a_short_one(people: People, process: str) -> None:
    people.suite.plan.pki.renew(process, _LIFETIME)
    for name, replica in people.suite.replicas.items():
        if name.startswith(process):
            replica.kill()
            replica.child.start()
    people.suite.wait_until_ready()
