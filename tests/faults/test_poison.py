"""Messages on the bus that nobody can handle: they are set aside, and all others go on."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import nats

from cli.operations.service import OperationsService
from cli.session import Sessions
from drills.faults.invariants import CONSUMERS
from drills.faults.people import People
from kit.bus import STREAM
from kit.envelope import Envelope
from kit.ids import SystemIds
from kundeapp.events.v1 import events_events_pb2 as events
from kundeapp.identity.v1 import identity_events_pb2 as identity
from tests.faults import kills

_NOBODY = "kundeapp.identity.customer.nobody.created"
_NOTHING = "kundeapp.events.reservation.nothing.confirmed"


def test_poison_is_set_aside_and_everything_else_goes_on(people: People) -> None:
    poison = [
        _event(_NOBODY, identity.CustomerCreated(customer_id="nobody").SerializeToString()),
        _event(_NOTHING, b"\xff", events.ReservationConfirmed.DESCRIPTOR.full_name),
        _event(_NOBODY, b"", "kundeapp.identity.v1.CustomerForgotten"),  # of a kind to come
    ]
    numbers = asyncio.run(_publish(people, poison))

    flows = ("tickets_go_to_the_next_in_line", "customers_are_imported")
    kills.run_together(flows, people, lambda: None, all_holds=False)

    buried = {
        (letter.consumer, letter.event_id): service
        for service in CONSUMERS
        for letter in _operations(people, service).dead_letters(settled=False)
    }
    hear_of_customers = {"metering-customers", "events-customers", "consent-customers"}
    assert buried.keys() == {
        *((consumer, str(poison[0].id)) for consumer in hear_of_customers),
        ("consent-events", str(poison[1].id)),
    }
    for (consumer, event_id), service in buried.items():
        _operations(people, service).discard(consumer, event_id, "Planted by a test")
    asyncio.run(_take_away(people, numbers))
    kills.require_all_holds(people)


def _event(subject: str, payload: bytes, kind: str = "") -> Envelope:
    kind = kind or identity.CustomerCreated.DESCRIPTOR.full_name
    return Envelope(SystemIds().new_id(), subject, kind, payload, datetime.now(UTC), None)


async def _publish(people: People, poison: Sequence[Envelope]) -> Sequence[int]:
    """Publishes events, and some bytes that are none; returns their numbers on the stream."""
    client = await nats.connect(people.suite.plan.nats.url)
    stream = client.jetstream()
    try:
        found = [(await stream.publish(_NOBODY, b"\x00\xff")).seq]
        for each in poison:
            headers: Mapping[str, str] = each.headers()
            found.append(
                (await stream.publish(each.subject, each.payload, headers=dict(headers))).seq
            )
        return found
    finally:
        await client.close()


async def _take_away(people: People, numbers: Sequence[int]) -> None:
    client = await nats.connect(people.suite.plan.nats.url)
    try:
        for number in numbers:
            await client.jsm().delete_msg(STREAM, number)
    finally:
        await client.close()


def _operations(people: People, service: str) -> OperationsService:
    settings = people.suite.settings
    return OperationsService.of(settings, service, Sessions.of(settings).internal_token)
