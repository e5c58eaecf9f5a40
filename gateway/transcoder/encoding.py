"""Messages to JSON: an encoder a message type, compiled once from its descriptor.

The JSON is that of proto3 (https://protobuf.dev/programming-guides/json/), except that every field
is there: what is unset is null, or the default where a field cannot be unset. Left out are only the
members of a oneof that were not chosen, and an unset google.protobuf.Value, whose null is a value.
Columns and decimals are what `kundeapp.json.v1` says.
"""

import base64
import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias, cast

import numpy as np
import orjson
from google.protobuf import struct_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.transcoder import columns, shapes
from kundeapp.json.v1 import json_pb2

ToJson: TypeAlias = Callable[[Any], object]
"""Turns a value as protobuf hands it out into what orjson writes."""

_COLUMN_TYPES = {
    json_pb2.Column.INT32: columns.INT32,
    json_pb2.Column.INT64: columns.INT64,
}
_TIME_ZONE = "time_zone"


class Encoders:
    """Compiles encoders, and keeps one for each message type."""

    def __init__(self) -> None:
        self._encoders: dict[str, ToJson] = {}
        self._moments = columns.Moments()

    def message(self, descriptor: Descriptor) -> ToJson:
        """Returns the encoder of a message type.

        Raises:
            UnsupportedType: If the type, or one below it, has no JSON form here.
        """
        name = descriptor.full_name
        if name not in self._encoders:
            # Holds the place while it is compiled, so that a type may contain itself.
            def later(message: Message) -> object:
                return self._encoders[name](message)

            self._encoders[name] = later
            self._encoders[name] = self._compile(descriptor)
        return self._encoders[name]

    def field(self, field: FieldDescriptor) -> ToJson:
        """Returns what reads a field of a message, and turns it into JSON."""
        read = self._reader(field)
        if not field.has_presence:
            return read
        name = field.name
        return lambda message: read(message) if message.HasField(name) else None

    def _compile(self, descriptor: Descriptor) -> ToJson:
        if descriptor.full_name in _WELL_KNOWN:
            return _WELL_KNOWN[descriptor.full_name]
        if descriptor.full_name in shapes.WRAPPERS:
            return self._reader(descriptor.fields_by_name["value"])
        shapes.refuse_unsupported(descriptor)
        always = [
            (field.json_name, self.field(field))
            for field in descriptor.fields
            if shapes.is_always_there(field)
        ]
        sometimes = [
            (field.name, field.json_name, self._reader(field))
            for field in descriptor.fields
            if not shapes.is_always_there(field)
        ]

        def encode(message: Message) -> dict[str, object]:
            return {name: read(message) for name, read in always}

        def encode_all(message: Message) -> dict[str, object]:
            encoded = encode(message)
            for proto_name, name, read in sometimes:
                if message.HasField(proto_name):
                    encoded[name] = read(message)
            return encoded

        return encode_all if sometimes else encode

    def _reader(self, field: FieldDescriptor) -> ToJson:
        """Returns what reads a field that is set."""
        options = field.GetOptions()
        if options.HasExtension(json_pb2.column):
            return self._column(field, options.Extensions[json_pb2.column])
        get = attrgetter(field.name)
        entry = shapes.map_entry(field)
        if entry is not None:
            key = _KEYS.get(entry.fields_by_name["key"].type, str)
            value = self._value(entry.fields_by_name["value"])
            return lambda message: {key(k): value(v) for k, v in get(message).items()}
        value = self._value(field)
        if field.is_repeated:
            return lambda message: [value(item) for item in get(message)]
        if value is _as_it_is:
            return get
        return lambda message: value(get(message))

    def _value(self, field: FieldDescriptor) -> ToJson:
        options = field.GetOptions()
        if options.HasExtension(json_pb2.decimal):
            scale = options.Extensions[json_pb2.decimal].scale
            return lambda value: columns.number(value, scale)
        if field.message_type is not None:
            return self.message(field.message_type)
        if field.enum_type is not None:
            if field.enum_type.full_name == "google.protobuf.NullValue":
                return lambda _number: None
            names = {
                number: value.name for number, value in field.enum_type.values_by_number.items()
            }
            return lambda number: names.get(number, number)
        return _SCALARS.get(field.type, _as_it_is)

    def _column(self, field: FieldDescriptor, column: json_pb2.Column) -> ToJson:
        get = attrgetter(field.name)
        if column.type == json_pb2.Column.TIMESTAMP:
            render = self._moments.render
            owner = cast("Descriptor", field.containing_type)
            if _TIME_ZONE in owner.fields_by_name:
                return lambda message: orjson.Fragment(render(get(message), message.time_zone))
            return lambda message: orjson.Fragment(render(get(message), ""))
        if field.type != FieldDescriptor.TYPE_BYTES or column.type not in _COLUMN_TYPES:
            raise shapes.UnsupportedType(f"{field.full_name} is no column of a known type.")
        kind, scale = _COLUMN_TYPES[column.type], column.scale
        return lambda message: orjson.Fragment(columns.numbers(get(message), kind, scale))


def _as_it_is(value: object) -> object:
    return value


def _double(value: float) -> object:
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _float(value: float) -> object:
    # The shortest text that names this float, not the double that stands for it.
    return float(str(np.float32(value))) if math.isfinite(value) else _double(value)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_SCALARS: dict[int, ToJson] = {
    FieldDescriptor.TYPE_INT64: str,
    FieldDescriptor.TYPE_UINT64: str,
    FieldDescriptor.TYPE_SINT64: str,
    FieldDescriptor.TYPE_FIXED64: str,
    FieldDescriptor.TYPE_SFIXED64: str,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_BYTES: _base64,
}

_KEYS: dict[int, Callable[[Any], str]] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: lambda key: "true" if key else "false",
}


def _value_of(value: struct_pb2.Value) -> object:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value_of(item) for item in value.list_value.values]
        case "number_value":
            return _double(value.number_value)
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _struct(struct: struct_pb2.Struct) -> object:
    return {name: _value_of(value) for name, value in struct.fields.items()}


def _list_value(values: struct_pb2.ListValue) -> object:
    return [_value_of(value) for value in values.values]


def _by_itself(message: Any) -> object:
    return message.ToJsonString()


_WELL_KNOWN: dict[str, ToJson] = {
    "google.protobuf.Timestamp": _by_itself,
    "google.protobuf.Duration": _by_itself,
    "google.protobuf.FieldMask": _by_itself,
    "google.protobuf.Struct": cast("ToJson", _struct),
    "google.protobuf.Value": cast("ToJson", _value_of),
    "google.protobuf.ListValue": cast("ToJson", _list_value),
}
