"""Services are told where a neighbour is, and let through to it, only if its protos admit them.

The other way round it need not hold: consent tells any service whether it may send, though none of
them asks as yet.
"""

from gateway.bootstrap import SERVICES as DESCRIPTORS
from kit import access
from tests.deploy.catalogue import SERVICES, called_by


def test_a_service_that_has_the_address_of_another_is_admitted_by_its_protos() -> None:
    admitted = {
        (workload, descriptor.file.package.split(".")[1])
        for descriptor in DESCRIPTORS
        for method in descriptor.methods
        for workload in access.rule_of(method).internal.workloads
    }
    calls = {(service, callee) for service in SERVICES for callee in called_by(service)}
    assert calls
    assert calls <= admitted
