"""The flows themselves: they go well when nothing fails, and there is one for each event."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from drills.faults.people import People
from kundeapp.consent.v1 import consent_events_pb2
from kundeapp.event.v1 import event_pb2
from kundeapp.events.v1 import events_events_pb2
from kundeapp.identity.v1 import identity_events_pb2
from kundeapp.metering.v1 import metering_events_pb2
from tests.faults import kills
from tests.faults.flows import FLOWS, Flow

_CATALOGUE = (consent_events_pb2, events_events_pb2, identity_events_pb2, metering_events_pb2)


def _told(catalogue: ModuleType) -> Iterator[str]:
    for message in catalogue.DESCRIPTOR.message_types_by_name.values():
        if message.GetOptions().Extensions[event_pb2.subject].what:
            yield message.full_name


def test_there_is_a_flow_for_each_event_of_the_catalogue() -> None:
    told = {kind.DESCRIPTOR.full_name for flow in FLOWS.values() for kind in flow.tells}
    assert told == {name for catalogue in _CATALOGUE for name in _told(catalogue)}


@pytest.mark.exhaustive
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_flow_goes_well_and_tells_what_it_says(people: People, flow: Flow) -> None:
    assert kills.rehearse(flow, people)
