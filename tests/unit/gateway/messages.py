"""Random messages of any type, for hypothesis."""

from typing import Any

from google.protobuf import (
    duration_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
}


def messages(descriptor: Descriptor, depth: int = 2) -> st.SearchStrategy[Message]:
    """Returns random messages of a type, with none of its own kind below the depth."""
    if descriptor.full_name in _SPECIAL:
        return _SPECIAL[descriptor.full_name]
    fields = {
        field.name: _field(field, depth)
        for field in descriptor.fields
        if depth or field.message_type is None or field.message_type is not descriptor
    }
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: _built(descriptor, values))


def _built(descriptor: Descriptor, values: dict[str, Any]) -> Message:
    message = message_factory.GetMessageClass(descriptor)()
    for name, value in values.items():
        field = descriptor.fields_by_name[name]
        target: Any = getattr(message, name)
        if isinstance(value, dict):
            for key, item in value.items():  # pyright: ignore[reportUnknownVariableType] - a map
                if isinstance(item, Message):
                    target[key].CopyFrom(item)
                else:
                    target[key] = item
        elif field.is_repeated:
            target.extend(value)
        elif isinstance(value, Message):
            target.CopyFrom(value)
        else:
            setattr(message, name, value)
    return message


def _field(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        value = entry.fields_by_name["value"]
        if value.message_type is field.containing_type and not depth:
            return st.just({})
        key = entry.fields_by_name["key"]
        return st.dictionaries(_single(key, depth), _single(value, depth - 1), max_size=2)
    single = _single(field, depth - 1)
    return st.lists(single, max_size=2) if field.is_repeated else single


def _single(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return messages(field.message_type, max(depth, 0))
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.type in _INTEGERS:
        return st.integers(*_INTEGERS[field.type])
    return {
        FieldDescriptor.TYPE_BOOL: st.booleans(),
        FieldDescriptor.TYPE_STRING: st.text(max_size=8),
        FieldDescriptor.TYPE_BYTES: st.binary(max_size=8),
        # Protobuf's own JSON cannot read the largest floats that it writes.
        FieldDescriptor.TYPE_FLOAT: st.floats(
            -(2.0**126), 2.0**126, width=32, allow_subnormal=False
        ),
        FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False),
    }[field.type]


def _json_values() -> st.SearchStrategy[struct_pb2.Value]:
    scalars = st.one_of(
        st.just(struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)),
        st.builds(struct_pb2.Value, bool_value=st.booleans()),
        st.builds(struct_pb2.Value, number_value=st.floats(allow_nan=False, allow_infinity=False)),
        st.builds(struct_pb2.Value, string_value=st.text(max_size=4)),
    )
    lists = st.builds(struct_pb2.ListValue, values=st.lists(scalars, max_size=2))
    structs = st.builds(
        struct_pb2.Struct, fields=st.dictionaries(st.text(max_size=3), scalars, max_size=2)
    )
    return st.one_of(
        scalars,
        st.builds(struct_pb2.Value, list_value=lists),
        st.builds(struct_pb2.Value, struct_value=structs),
    )


def _duration(seconds: int, nanos: int) -> duration_pb2.Duration:
    return duration_pb2.Duration(seconds=seconds, nanos=-nanos if seconds < 0 else nanos)


_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "google.protobuf.Timestamp": st.builds(
        timestamp_pb2.Timestamp,
        seconds=st.integers(-62_135_596_800, 253_402_300_799),
        nanos=st.integers(0, 999_999_999),
    ),
    "google.protobuf.Duration": st.builds(
        _duration, st.integers(-315_576_000_000, 315_576_000_000), st.integers(0, 999_999_999)
    ),
    "google.protobuf.FieldMask": st.builds(
        field_mask_pb2.FieldMask,
        paths=st.lists(st.from_regex(r"[a-z]{1,4}(_[a-z]{1,4})?", fullmatch=True), max_size=3),
    ),
    "google.protobuf.Value": _json_values(),
    "google.protobuf.Struct": st.builds(
        struct_pb2.Struct, fields=st.dictionaries(st.text(max_size=3), _json_values(), max_size=2)
    ),
    "google.protobuf.ListValue": st.builds(
        struct_pb2.ListValue, values=st.lists(_json_values(), max_size=2)
    ),
}
