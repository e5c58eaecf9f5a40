"""AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0) from the protos.

Every message of a `<service>_events.proto` is a domain event: a channel of its own, on which its
service sends. `make gen` writes the document of all services to `gen/kundeapp/asyncapi.json`.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from kit.comments import Comments
from kundeapp.event.v1 import event_pb2

Json: TypeAlias = dict[str, Any]

CONTENT_TYPE: Final = "application/protobuf"


class Undescribed(Exception):  # noqa: N818 - names what it found
    """An event lacks a subject or a comment, or shares its subject with another."""


def document(descriptors: bytes) -> Json:
    """Returns the AsyncAPI document of all domain events.

    Args:
        descriptors: A FileDescriptorSet with source info.

    Raises:
        Undescribed: If there is an event of which the protos do not say enough.
    """
    comments = Comments(descriptors)
    channels: Json = {}
    operations: Json = {}
    messages: Json = {}
    for event in _events(descriptors, comments):
        if event.key in channels:
            raise Undescribed(f"{event.full_name} has the subject of another event")
        channels[event.key] = event.channel()
        operations[event.key] = event.operation()
        messages[event.full_name] = event.message()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kundeapp events", "version": "v1", "description": _DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


_DESCRIPTION = (
    "What the services of Kundeapp tell each other, on the stream `KUNDEAPP` of NATS JetStream. "
    "An event is published if, and only if, the change that it tells of was committed; those of a "
    "service come in the order of its commits. An event may be delivered more than once, with the "
    "same `ce-id`. Fields are added, never renamed or reused."
)


def _events(descriptors: bytes, comments: Comments) -> Iterator["_Event"]:
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
    choices = {f".{name}": _choice(name, enum, comments) for name, enum in _enums(files)}
    for file in files:
        if file.name.endswith("_events.proto"):
            for message in file.message_type:
                yield _Event(file, message, comments, choices)


def _enums(
    files: Iterable[descriptor_pb2.FileDescriptorProto],
) -> Iterator[tuple[str, descriptor_pb2.EnumDescriptorProto]]:
    """Yields the enums, in messages and beside them, by their full names."""
    for file in files:
        for enum in file.enum_type:
            yield f"{file.package}.{enum.name}", enum
        for message in file.message_type:
            for enum in message.enum_type:
                yield f"{file.package}.{message.name}.{enum.name}", enum


def _choice(name: str, enum: descriptor_pb2.EnumDescriptorProto, comments: Comments) -> Json:
    values = [value.name for value in enum.value]
    meanings = (f"- `{value}`: {comments.of(f'{name}.{value}')}" for value in values)
    return {"type": "string", "enum": values, "description": "\n".join(meanings)}


class _Event:
    """A domain event, as its proto describes it."""

    def __init__(
        self,
        file: descriptor_pb2.FileDescriptorProto,
        message: DescriptorProto,
        comments: Comments,
        choices: Mapping[str, Json],
    ) -> None:
        self.full_name = f"{file.package}.{message.name}"
        self._file = file.name
        self._service = file.package.split(".")[1]
        self._name = message.name
        self._comments = comments
        self._types = {**_MESSAGES, **choices}
        self._fields = {field.name: field for field in message.field}
        self._subject = message.options.Extensions[event_pb2.subject]
        if not self._subject.what or self._subject.id_field not in self._fields:
            raise Undescribed(f"{self.full_name} has no subject")

    @property
    def key(self) -> str:
        """What names its channel in the document: its subject without the id."""
        return f"{self._service}.{self._subject.aggregate}.{self._subject.what}"

    def channel(self) -> Json:
        subject = self._subject
        return {
            "address": (
                f"kundeapp.{self._service}.{subject.aggregate}.{{{subject.id_field}}}.{subject.what}"
            ),
            "title": self._name,
            "summary": self._comment(),
            "parameters": {subject.id_field: {"description": self._comment(subject.id_field)}},
            "messages": {self._name: {"$ref": f"#/components/messages/{self.full_name}"}},
            "tags": [{"name": self._service}],
        }

    def operation(self) -> Json:
        return {
            "action": "send",
            "channel": {"$ref": f"#/channels/{self.key}"},
            "summary": self._comment(),
            "messages": [{"$ref": f"#/channels/{self.key}/messages/{self._name}"}],
            "tags": [{"name": self._service}],
        }

    def message(self) -> Json:
        return {
            "name": self.full_name,
            "title": self._name,
            "summary": self._comment(),
            "description": (
                f"The protobuf message `{self._name}` of `{self._file}`; its fields are shown with "
                "the types of JSON."
            ),
            "contentType": CONTENT_TYPE,
            "headers": self._headers(),
            "payload": {
                "type": "object",
                "properties": {
                    name: self._property(name, field) for name, field in self._fields.items()
                },
            },
            "tags": [{"name": self._service}],
        }

    def _headers(self) -> Json:
        """Returns the schema of what `kit.envelope` sends beside the message."""
        identifier = {"type": "string", "format": "uuid"}
        headers: Json = {
            "Nats-Msg-Id": {**identifier, "description": "The event; the bus drops a second one."},
            "ce-specversion": {"const": "1.0", "description": "The version of CloudEvents."},
            "ce-id": {**identifier, "description": "The event, a UUID of version 7."},
            "ce-source": {
                "const": f"/kundeapp/{self._service}",
                "description": "The service that it happened in.",
            },
            "ce-type": {"const": self.full_name, "description": "The message."},
            "ce-subject": {
                "type": "string",
                "description": self._comment(self._subject.id_field),
            },
            "ce-time": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened.",
            },
            "ce-datacontenttype": {"const": CONTENT_TYPE, "description": "How it is encoded."},
        }
        return {
            "type": "object",
            "required": list(headers),
            "properties": {
                **headers,
                "traceparent": {
                    "type": "string",
                    "description": "Where it happened in which trace (W3C Trace Context).",
                },
            },
        }

    def _comment(self, field: str = "") -> str:
        element = f"{self.full_name}.{field}" if field else self.full_name
        comment = self._comments.of(element)
        if not comment:
            raise Undescribed(f"{element} has no comment")
        return comment

    def _property(self, name: str, field: FieldDescriptorProto) -> Json:
        schema = self._schema(field)
        texts = [self._comment(name), *([schema["description"]] if "enum" in schema else [])]
        return {**schema, "description": "\n\n".join(texts)}

    def _schema(self, field: FieldDescriptorProto) -> Json:
        named = field.type_name
        kind = self._types.get(named) if named else _SCALARS.get(field.type)
        if kind is None:
            raise Undescribed(f"{field.name} is of a type that no event has had before")
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            return {"type": "array", "items": dict(kind)}
        return dict(kind)


_MESSAGES: Mapping[str, Json] = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"}
}

_SCALARS: Mapping[int, Json] = {
    FieldDescriptorProto.TYPE_STRING: {"type": "string"},
    FieldDescriptorProto.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptorProto.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptorProto.TYPE_INT64: {"type": "integer", "format": "int64"},
    FieldDescriptorProto.TYPE_UINT32: {"type": "integer", "minimum": 0},
}


if __name__ == "__main__":
    made = document(Path(sys.argv[1]).read_bytes())
    sys.stdout.buffer.write(
        orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
