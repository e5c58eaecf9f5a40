"""The AsyncAPI document holds every domain event, as it is really published."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import orjson
import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

import kundeapp
from kit import asyncapi, envelope
from kit.asyncapi import Undescribed
from kit.telemetry import Trace
from kundeapp.event.v1 import event_pb2

GENERATED = Path(next(iter(kundeapp.__path__)))
DESCRIPTORS = (GENERATED / "protos.binpb").read_bytes()
EVENT_ID = UUID("0195e0c0-0000-7000-8000-000000000001")

Json = Mapping[str, Any]
Fault = Callable[[FileDescriptorSet], object]

# What each kind of object may have, of which it must have what is marked; AsyncAPI 3.0.0.
FIELDS: Mapping[str, Sequence[str]] = {
    "document": (
        "asyncapi!",
        "info!",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    ),
    "info": ("title!", "version!", "description"),
    "channel": ("address!", "title", "summary", "parameters", "messages", "tags"),
    "parameter": ("description",),
    "operation": ("action!", "channel!", "summary", "messages", "tags"),
    "message": (
        *("name", "title", "summary", "description", "contentType", "headers", "payload", "tags"),
    ),
    "tag": ("name!",),
}


@dataclass(frozen=True)
class SessionEnded:
    """A domain event of identity."""

    session_id: UUID
    account_id: UUID


@pytest.fixture(scope="module")
def document() -> Json:
    return asyncapi.document(DESCRIPTORS)


def changed(change: Fault) -> bytes:
    """Returns the protos with a change."""
    protos = FileDescriptorSet.FromString(DESCRIPTORS)
    change(protos)
    return protos.SerializeToString()


def file_of_events(protos: FileDescriptorSet) -> descriptor_pb2.FileDescriptorProto:
    return next(file for file in protos.file if file.name.endswith("/events_events.proto"))


def event(protos: FileDescriptorSet, name: str = "OfferMade") -> DescriptorProto:
    return next(message for message in file_of_events(protos).message_type if message.name == name)


def subject(protos: FileDescriptorSet, name: str = "OfferMade") -> event_pb2.Subject:
    return event(protos, name).options.Extensions[event_pb2.subject]


def forget_comment(protos: FileDescriptorSet, *below: int) -> None:
    file = file_of_events(protos)
    index = list(file.message_type).index(event(protos))
    for location in file.source_code_info.location:
        if tuple(location.path) == (4, index, *below):
            location.ClearField("leading_comments")


def messages_with_a_subject(protos: FileDescriptorSet) -> Iterator[str]:
    for file in protos.file:
        for message in file.message_type:
            if message.options.HasExtension(event_pb2.subject):
                yield f"{file.package}.{message.name}"


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        for name, item in fields.items():
            if name == "$ref":
                yield str(item)
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from references(item)


def resolved(document: Json, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def objects(document: Json) -> Iterator[tuple[str, Json]]:
    yield "document", document
    yield "info", document["info"]
    for kind, found in (
        ("channel", document["channels"]),
        ("operation", document["operations"]),
        ("message", document["components"]["messages"]),
    ):
        for described in found.values():
            yield kind, described
            yield from (("tag", tag) for tag in described["tags"])
            yield from (("parameter", it) for it in described.get("parameters", {}).values())


def test_what_make_gen_has_written_is_what_the_protos_say(document: Json) -> None:
    assert orjson.loads((GENERATED / "asyncapi.json").read_bytes()) == document


def test_every_event_of_every_proto_is_there_once(document: Json) -> None:
    events = sorted(messages_with_a_subject(FileDescriptorSet.FromString(DESCRIPTORS)))
    assert len(events) > 20
    assert sorted(document["components"]["messages"]) == events
    told = [
        message["$ref"].rpartition("/")[2]
        for channel in document["channels"].values()
        for message in channel["messages"].values()
    ]
    assert sorted(told) == events
    assert set(document["operations"]) == set(document["channels"])


def test_every_address_is_one_channel_and_names_its_parameter(document: Json) -> None:
    addresses = [channel["address"] for channel in document["channels"].values()]
    assert len(set(addresses)) == len(addresses)
    for channel in document["channels"].values():
        assert set(re.findall(r"{(.+?)}", channel["address"])) == set(channel["parameters"])


def test_every_reference_leads_somewhere(document: Json) -> None:
    for reference in references(document):
        assert resolved(document, reference)


def test_an_operation_sends_the_messages_of_its_channel(document: Json) -> None:
    for operation in document["operations"].values():
        assert operation["action"] == "send"
        channel = operation["channel"]["$ref"]
        names = resolved(document, channel)["messages"]
        assert [message["$ref"] for message in operation["messages"]] == [
            f"{channel}/messages/{name}" for name in names
        ]


def test_objects_have_what_asyncapi_knows(document: Json) -> None:
    for kind, described in objects(document):
        known = {field.removesuffix("!") for field in FIELDS[kind]}
        needed = {field.removesuffix("!") for field in FIELDS[kind] if field.endswith("!")}
        assert needed <= set(described) <= known, (kind, described)
    assert all(re.fullmatch(r"[\w.-]+", name) for name in document["components"]["messages"])


def test_an_event_is_published_where_and_with_the_headers_that_are_told(document: Json) -> None:
    sealed = envelope.seal(
        "identity", SessionEnded(EVENT_ID, EVENT_ID), EVENT_ID, datetime.now(UTC)
    )
    channel = document["channels"]["identity.session.ended"]
    assert channel["address"].replace("{session_id}", str(EVENT_ID)) == sealed.subject
    told = document["components"]["messages"]["kundeapp.identity.v1.SessionEnded"]["headers"]
    headers = replace(sealed, trace=Trace(1, 2, sampled=True)).headers()
    assert set(told["properties"]) == set(headers)
    assert set(told["required"]) == set(headers) - {"traceparent"}
    for name, header in told["properties"].items():
        assert header.get("const", headers[name]) == headers[name]


def test_a_choice_is_shown_with_what_each_value_means(document: Json) -> None:
    message = document["components"]["messages"]["kundeapp.identity.v1.CustomerChanged"]
    status = message["payload"]["properties"]["status"]
    assert status["enum"] == ["STATUS_UNSPECIFIED", "ACTIVE", "MOVED", "DECEASED"]
    assert "Where the customer is in the register." in status["description"]
    assert "- `ACTIVE`: A customer of the company." in status["description"]


def test_fields_have_their_types_and_comments(document: Json) -> None:
    offer = document["components"]["messages"]["kundeapp.events.v1.OfferMade"]
    assert offer["payload"]["properties"]["tickets"] == {
        "type": "integer",
        "format": "int32",
        "description": "How many tickets are offered.",
    }
    assert offer["payload"]["properties"]["expires_at"]["format"] == "date-time"
    assert offer["summary"] == "A party on the waiting list was offered tickets."
    assert offer["contentType"] == "application/protobuf"


FAULTS: Sequence[tuple[Fault, str]] = (
    (lambda protos: event(protos).ClearField("options"), "OfferMade has no subject"),
    (lambda protos: subject(protos).ClearField("what"), "OfferMade has no subject"),
    (lambda protos: setattr(subject(protos), "id_field", "nope"), "OfferMade has no subject"),
    (forget_comment, "OfferMade has no comment"),
    (lambda protos: forget_comment(protos, 2, 3), "OfferMade.customer_id has no comment"),
    (
        lambda protos: setattr(subject(protos, "OfferExpired"), "what", "made"),
        "OfferExpired has the subject of another event",
    ),
    (
        lambda protos: setattr(event(protos).field[3], "type", FieldDescriptorProto.TYPE_BYTES),
        "customer_id is of a type",
    ),
)


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_an_event_that_does_not_say_enough_is_refused(fault: Fault, said: str) -> None:
    with pytest.raises(Undescribed, match=said):
        asyncapi.document(changed(fault))
