"""Every domain event has a message of its name and fields, and survives the way over the bus."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from google.protobuf.descriptor import Descriptor

import services
from kit import envelope
from kit.envelope import Envelope, NotPublishable
from kit.telemetry import Trace
from kundeapp.event.v1 import event_pb2
from kundeapp.identity.v1.identity_events_pb2 import CustomerChanged as ChangedMessage
from kundeapp.identity.v1.identity_events_pb2 import SessionEnded
from kundeapp.identity.v1.identity_service_pb2 import Customer
from kundeapp.metering.v1 import direction_pb2
from kundeapp.metering.v1.metering_events_pb2 import ReadingsCorrected
from tests.unit.kit.modules import modules

SERVICES = [module.name for module in iter_modules(services.__path__)]
NOW = datetime(2026, 3, 2, 12, 30, 0, 123456, tzinfo=UTC)
EVENT_ID = UUID("0195e0c0-0000-7000-8000-000000000001")
SAMPLES: dict[object, object] = {
    UUID: EVENT_ID,
    str: "text",
    int: 7,
    bool: True,
    datetime: NOW,
    tuple[str, ...]: ("a", "b"),
    Sequence[str]: ["a", "b"],
}


def messages_of(service: str) -> Iterator[Descriptor]:
    """Yields the messages of a service that are domain events."""
    module = import_module(f"kundeapp.{service}.v1.{service}_events_pb2")
    for message in module.DESCRIPTOR.message_types_by_name.values():
        if message.GetOptions().HasExtension(event_pb2.subject):
            yield message


def dataclass_of(service: str, name: str) -> type[Any]:
    """Returns the domain event of that name."""
    found = {
        getattr(module, name)
        for module in modules(f"services.{service}.domain")
        if hasattr(module, name)
    }
    [event] = found
    return event


def sample_of(kind: Any) -> object:
    """Returns a value of a type; of a choice, the last one."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    return SAMPLES[kind]


EVENTS = [
    pytest.param(service, message, id=message.full_name)
    for service in SERVICES
    for message in messages_of(service)
]


@pytest.mark.parametrize(("service", "message"), EVENTS)
def test_an_event_is_sealed_in_the_message_of_its_name(service: str, message: Descriptor) -> None:
    kind = dataclass_of(service, message.name)
    assert dataclasses.fields(kind), kind
    assert kind.__dataclass_params__.frozen
    event = kind(**{name: sample_of(of) for name, of in get_type_hints(kind).items()})

    sealed = envelope.seal(service, event, EVENT_ID, NOW)

    assert sealed.type == message.full_name
    subject = message.GetOptions().Extensions[event_pb2.subject]
    aggregate_id = str(getattr(event, subject.id_field))
    assert sealed.subject == f"kundeapp.{service}.{subject.aggregate}.{aggregate_id}.{subject.what}"


def test_values_arrive() -> None:
    class Direction(Enum):
        PRODUCTION = "anything"

    @dataclass(frozen=True)
    class ReadingsCorrected:
        gsrn: str
        from_time: datetime
        to_time: datetime | None
        changed_values: int
        direction: Direction

    oslo = timezone(timedelta(hours=1))
    event = ReadingsCorrected(
        "707057500000000000", NOW.astimezone(oslo), None, 24, Direction.PRODUCTION
    )
    sealed = envelope.seal("metering", event, EVENT_ID, NOW)
    message = _readings_corrected(sealed.payload)
    assert message.gsrn == event.gsrn
    assert message.from_time.ToDatetime(UTC) == NOW
    assert not message.HasField("to_time")
    assert (message.changed_values, message.direction) == (24, direction_pb2.PRODUCTION)


def test_a_choice_arrives_by_its_name() -> None:
    class Status(Enum):
        MOVED = "anything"

    @dataclass(frozen=True)
    class CustomerChanged:
        customer_id: UUID
        customer_number: str
        status: Status

    sealed = envelope.seal(
        "identity", CustomerChanged(EVENT_ID, "100001", Status.MOVED), EVENT_ID, NOW
    )

    assert ChangedMessage.FromString(sealed.payload).status == Customer.MOVED


def test_an_event_without_a_message_is_refused() -> None:
    @dataclass(frozen=True)
    class NobodyKnowsThis:
        customer_id: UUID

    with pytest.raises(NotPublishable, match="NobodyKnowsThis"):
        envelope.seal("identity", NobodyKnowsThis(EVENT_ID), EVENT_ID, NOW)


def test_an_event_with_other_fields_than_its_message_is_refused() -> None:
    @dataclass(frozen=True)
    class SessionEnded:
        session_id: UUID

    with pytest.raises(NotPublishable, match="SessionEnded differs"):
        envelope.seal("identity", SessionEnded(EVENT_ID), EVENT_ID, NOW)


@pytest.mark.parametrize("trace", [None, Trace(1, 2, sampled=True)])
def test_an_envelope_travels_in_headers(trace: Trace | None) -> None:
    sent = Envelope(
        id=EVENT_ID,
        subject=f"kundeapp.identity.session.{EVENT_ID}.ended",
        type=SessionEnded.DESCRIPTOR.full_name,
        payload=b"\x00\xff",
        occurred_at=NOW,
        trace=trace,
    )
    headers = sent.headers()
    assert Envelope.received(sent.subject, sent.payload, headers) == sent
    assert headers["Nats-Msg-Id"] == headers["ce-id"] == str(EVENT_ID)
    assert headers["ce-source"] == "/kundeapp/identity"
    assert headers["ce-subject"] == str(EVENT_ID)


@pytest.mark.parametrize("name", ["ce-id", "ce-type", "ce-time"])
def test_a_message_without_its_headers_is_no_event(name: str) -> None:
    headers = {"ce-id": str(EVENT_ID), "ce-type": "x", "ce-time": NOW.isoformat()}
    with pytest.raises(KeyError):
        Envelope.received("s", b"", {key: value for key, value in headers.items() if key != name})
    if name != "ce-type":
        with pytest.raises(ValueError, match=r"badly formed|Invalid isoformat"):
            Envelope.received("s", b"", {**headers, name: "nonsense"})


@pytest.mark.parametrize(
    ("subject", "header", "value"),
    [
        ("s", "ce-time", "2026-03-02T12:00:00"),
        ("s", "ce-time", "0001-01-01T00:00:00+23:59"),
        ("s", "ce-time", "9999-12-31T23:59:59-01:00"),
        ("s", "ce-type", "x\0"),
        ("s\0", "ce-type", "x"),
    ],
)
def test_what_no_table_could_keep_is_no_event(subject: str, header: str, value: str) -> None:
    headers = {"ce-id": str(EVENT_ID), "ce-type": "x", "ce-time": NOW.isoformat()}
    assert Envelope.received("s", b"", headers)
    with pytest.raises(ValueError, match=r"no table|offset|UTC"):
        Envelope.received(subject, b"", {**headers, header: value})


def _readings_corrected(payload: bytes) -> ReadingsCorrected:
    return ReadingsCorrected.FromString(payload)
