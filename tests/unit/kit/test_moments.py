"""The moments that requests name."""

from datetime import UTC, datetime

import pytest

from kit.errors import Invalid
from kit.moments import moment_of
from kundeapp.operations.v1.operations_service_pb2 import RepublishEventsRequest


def test_a_moment_is_read_and_one_that_is_not_there_is_none() -> None:
    request = RepublishEventsRequest()
    assert moment_of(request, "since") is None
    request.since.FromDatetime(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert moment_of(request, "since") == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [
        (-1, 0),
        (4_102_444_800, 0),
        (253_402_300_800, 0),
        (-62_135_596_801, 0),
        (2**63 - 1, 0),
        (-(2**63), 0),
        (0, -1),
        (0, 2**31 - 1),
    ],
)
def test_one_that_no_calendar_holds_is_refused_by_its_name(seconds: int, nanos: int) -> None:
    request = RepublishEventsRequest()
    request.since.seconds, request.since.nanos = seconds, nanos
    with pytest.raises(Invalid) as refused:
        moment_of(request, "since")
    assert [(error.field, error.reason) for error in refused.value.fields] == [
        ("since", "OUTSIDE_CALENDAR")
    ]
