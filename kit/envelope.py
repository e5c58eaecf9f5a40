"""A domain event on its way: from the dataclass of a domain to protobuf, a subject, and headers.

A domain event is a frozen dataclass with the name and the fields of a message in the service's
`…_events.proto`; the message says where it is published. The attributes of the event travel as
CloudEvents headers (CloudEvents 1.0.2, NATS protocol binding, binary mode).
"""

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, cast
from uuid import UUID

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from kit import telemetry
from kit.clock import parse_moment
from kit.telemetry import Trace
from kundeapp.event.v1 import event_pb2


class NotPublishable(Exception):  # noqa: N818 - names what it found
    """A dataclass has no message of its name and fields, or the message no subject."""


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """An event as it lies in the outbox and travels on the bus.

    Attributes:
        id: The event, a UUID of version 7; a redelivery has the same.
        subject: `kundeapp.<service>.<aggregate>.<id>.<what>`.
        type: The full name of the message.
        payload: The message.
        occurred_at: When it happened.
        trace: Where it happened in which trace.
    """

    id: UUID
    subject: str
    type: str
    payload: bytes
    occurred_at: datetime
    trace: Trace | None

    def headers(self) -> dict[str, str]:
        """Returns the headers to publish with; the bus drops a second message of the same id."""
        headers = {
            "Nats-Msg-Id": str(self.id),
            "ce-specversion": "1.0",
            "ce-id": str(self.id),
            "ce-source": "/" + "/".join(self.subject.split(".")[:2]),
            "ce-type": self.type,
            "ce-subject": self.subject.split(".")[3],
            "ce-time": self.occurred_at.isoformat(),
            "ce-datacontenttype": "application/protobuf",
        }
        if self.trace is not None:
            headers["traceparent"] = self.trace.traceparent
        return headers

    @staticmethod
    def received(subject: str, payload: bytes, headers: Mapping[str, str]) -> "Envelope":
        """Returns the event that came in a message of the bus.

        Raises:
            KeyError: If a header is missing.
            ValueError: If a header cannot be read.
        """
        kind = headers["ce-type"]
        if not (subject.isprintable() and kind.isprintable()):
            raise ValueError("a name that no table can keep")
        return Envelope(
            id=UUID(headers["ce-id"]),
            subject=subject,
            type=kind,
            payload=payload,
            occurred_at=parse_moment(headers["ce-time"]),
            trace=Trace.parse(headers.get("traceparent")),
        )


def seal(service: str, event: object, event_id: UUID, now: datetime) -> Envelope:
    """Returns the envelope of a domain event of a service.

    Raises:
        NotPublishable: If the event has no message, or the message no subject.
    """
    message = _message_of(service, event)
    descriptor = message.DESCRIPTOR
    subject = descriptor.GetOptions().Extensions[event_pb2.subject]
    if not subject.what:
        raise NotPublishable(f"{descriptor.full_name} has no subject")
    aggregate_id = getattr(message, subject.id_field)
    return Envelope(
        id=event_id,
        subject=f"kundeapp.{service}.{subject.aggregate}.{aggregate_id}.{subject.what}",
        type=descriptor.full_name,
        payload=message.SerializeToString(deterministic=True),
        occurred_at=now,
        trace=telemetry.current(),
    )


def _message_of(service: str, event: object) -> Message:
    message_type, setters = _plan_of(service, type(event))
    message = message_type()
    for name, put in setters:
        put(message, name, getattr(event, name))
    return message


_Put = Callable[[Message, str, Any], None]


@cache
def _plan_of(service: str, kind: type) -> tuple[type[Message], Sequence[tuple[str, _Put]]]:
    """Returns the message of a class of events, and how each of its fields is filled."""
    message_type = _class_of(service, kind.__name__)
    fields = {field.name: field for field in message_type.DESCRIPTOR.fields}
    if {field.name for field in dataclasses.fields(kind)} != set(fields):
        raise NotPublishable(f"{kind.__name__} differs from {message_type.DESCRIPTOR.full_name}")
    return message_type, [
        (name, _put_for(cast("FieldDescriptor", field))) for name, field in fields.items()
    ]


def _put_for(field: FieldDescriptor) -> _Put:
    if field.is_repeated:
        return _extend
    if field.message_type is not None:
        return _put_moment
    if field.enum_type is not None:
        return _put_choice_of(field.enum_type)
    return _put_text if field.type == FieldDescriptor.TYPE_STRING else setattr


def _put_text(message: Message, name: str, value: str | UUID | None) -> None:
    if value is not None:
        setattr(message, name, str(value))


def _put_choice_of(choices: EnumDescriptor) -> _Put:
    def put(message: Message, name: str, value: Enum) -> None:
        setattr(message, name, choices.values_by_name[value.name].number)

    return put


def _put_moment(message: Message, name: str, value: datetime | None) -> None:
    if value is not None:
        getattr(message, name).FromDatetime(value.astimezone(UTC))


def _extend(message: Message, name: str, values: Iterable[Any]) -> None:
    getattr(message, name).extend(values)


@cache
def _class_of(service: str, name: str) -> type[Message]:
    module = f"kundeapp.{service}.v1.{service}_events_pb2"
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise NotPublishable(f"there is no message {name} in {module}") from error
