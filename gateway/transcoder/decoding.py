"""JSON and query parameters to messages: a decoder a message type, compiled once.

What is accepted is the JSON of proto3 (https://protobuf.dev/programming-guides/json/), read
strictly: an unknown field, an unknown value of an enum and both spellings of one field are refused.
Every wrong field of a request is found at once, and named by its JSON path.
"""

import base64
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, TypeAlias, cast

import orjson
from google.protobuf import struct_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.transcoder import shapes
from kit.errors import FieldError, Malformed
from kundeapp.json.v1 import json_pb2

MAX_DEPTH: Final = 32
"""How deep objects and arrays of a body may be nested."""

Path: TypeAlias = tuple[str | int, ...]
Convert: TypeAlias = Callable[[Any], Any]
"""Turns a JSON value into what protobuf takes, or raises `Wrong`."""
Fill: TypeAlias = Callable[[Any, Any, Path, list[FieldError]], None]
"""Fills a message from a JSON value found at a path, and adds what is wrong to the list."""

Put: TypeAlias = Callable[[Any, Any, Any, Path, list[FieldError]], None]
"""As `Fill`, for the value of a key in a map."""

_LONGEST_PATH = 200
"""How much is repeated of a field's path, in which a caller may have written anything."""

_INTEGER_TEXT = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_LONGEST_INTEGER = 20
_LONGEST_DECIMAL = 40
_EXACT_IN_DOUBLE = 10**15


class Wrong(Exception):  # noqa: N818 - says what a value is
    """A value does not fit its field."""

    def __init__(self, reason: str, **facts: str | int) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts

    def at(self, path: Path) -> FieldError:
        """Returns the error of the field at that path."""
        return FieldError(json_path(path), self.reason, self.facts)


def json_path(path: Path) -> str:
    """Returns a path as people write it: `lines[2].amount`, or `body` for all of it.

    Of a very long one that is the beginning.
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")[:_LONGEST_PATH] or "body"


def parse_json(body: bytes) -> object:
    """Returns the JSON value in a body.

    Raises:
        Malformed: If the body holds none, or one that is nested too deeply.
    """
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(detail=f"JSON: {error}") from error
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise Malformed(detail=f"JSON: more than {MAX_DEPTH} levels")
    return value


def _is_deeper(value: object, limit: int) -> bool:
    if isinstance(value, dict):
        children = list(cast("dict[str, object]", value).values())
    elif isinstance(value, list):
        children = cast("list[object]", value)
    else:
        return False
    return limit == 0 or any(_is_deeper(child, limit - 1) for child in children)


@dataclass(frozen=True)
class Member:
    """A field of a message type, ready to be filled.

    Attributes:
        descriptor: What it is.
        fill: Fills it in its message from JSON.
        json_of: Turns the text of a query or path parameter into JSON; None for messages and maps,
            which have no such form.
    """

    descriptor: FieldDescriptor
    fill: Fill
    json_of: Callable[[str], object] | None

    @cached_property
    def place(self) -> str:
        """What can be given only once: the field, or the oneof that it belongs to."""
        oneof = shapes.oneof_of(self.descriptor)
        return self.descriptor.name if oneof is None else oneof.name

    def fill_from_texts(
        self, message: Message, texts: list[str], path: Path, errors: list[FieldError]
    ) -> None:
        """Fills it in its message from the values of a parameter, one at least."""
        if self.json_of is None:
            errors.append(Wrong("UNKNOWN_FIELD").at(path))
        elif self.descriptor.is_repeated:
            self.fill(message, [self.json_of(text) for text in texts], path, errors)
        elif len(texts) > 1:
            errors.append(Wrong("GIVEN_TWICE").at(path))
        else:
            self.fill(message, self.json_of(texts[0]), path, errors)


Members: TypeAlias = Mapping[str, Member]


class Decoders:
    """Compiles decoders, and keeps one for each message type."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, Member]] = {}

    def members(self, descriptor: Descriptor) -> Members:
        """Returns the fields of a message type, by JSON name and by proto name.

        Raises:
            UnsupportedType: If a field of the type, or of one below it, has no JSON form here.
        """
        name = descriptor.full_name
        if name not in self._members:
            shapes.refuse_unsupported(descriptor)
            # Kept before it is full, so that a type may contain itself.
            members = self._members[name] = {}
            for field in descriptor.fields:
                members[field.name] = members[field.json_name] = self._member(field)
        return self._members[name]

    def message(self, descriptor: Descriptor) -> Fill:
        """Returns what fills a message of a type from a JSON value."""
        if descriptor.full_name in _WELL_KNOWN:
            return _well_known(_WELL_KNOWN[descriptor.full_name])
        if descriptor.full_name in shapes.WRAPPERS:
            convert = _converter(descriptor.fields_by_name["value"])
            return _well_known(lambda message, value: setattr(message, "value", convert(value)))
        members = self.members(descriptor)
        return lambda message, value, path, errors: fill_object(
            members, message, value, path, errors
        )

    def _member(self, field: FieldDescriptor) -> Member:
        if field.GetOptions().HasExtension(json_pb2.column):
            raise shapes.UnsupportedType(f"{field.full_name}: columns stand in answers only.")
        entry = shapes.map_entry(field)
        if entry is not None:
            return Member(field, self._fill_map(field.name, entry), None)
        if field.message_type is None:
            fill = (_fill_list if field.is_repeated else _fill_one)(field.name, _converter(field))
            return Member(field, fill, _json_of_text(field))
        fill_message = self.message(field.message_type)
        fill = (_fill_messages if field.is_repeated else _fill_message)(field, fill_message)
        return Member(field, fill, _json_of_message_text(field.message_type))

    def _fill_map(self, name: str, entry: Descriptor) -> Fill:
        key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
        convert_key, json_of_key = _converter(key_field), _json_of_text(key_field)
        if value_field.message_type is None:
            put = _put_scalar(_converter(value_field))
        else:
            put = _put_message(self.message(value_field.message_type))

        def fill(message: Any, value: object, path: Path, errors: list[FieldError]) -> None:
            if not isinstance(value, dict):
                errors.append(Wrong("NOT_AN_OBJECT").at(path))
                return
            target = getattr(message, name)
            for key, item in cast("dict[str, object]", value).items():
                try:
                    put(target, convert_key(json_of_key(key)), item, (*path, key), errors)
                except Wrong as wrong:
                    errors.append(wrong.at((*path, key)))

        return fill


def _put_scalar(convert: Convert) -> Put:
    def put(target: Any, key: Any, value: object, _: Path, __: list[FieldError]) -> None:
        target[key] = convert(value)

    return put


def _put_message(fill: Fill) -> Put:
    def put(target: Any, key: Any, value: object, path: Path, errors: list[FieldError]) -> None:
        fill(target[key], value, path, errors)

    return put


def fill_object(
    members: Members, message: Message, value: object, path: Path, errors: list[FieldError]
) -> None:
    """Fills the fields of a message from a JSON object; null leaves a field unset.

    Args:
        members: The fields that the object may have.
        message: The message.
        value: The JSON value, an object if the caller is right.
        path: Where the value stands in the request.
        errors: Where what is wrong goes.
    """
    if not isinstance(value, dict):
        errors.append(Wrong("NOT_AN_OBJECT").at(path))
        return
    given: set[str] = set()
    for name, item in cast("dict[str, object]", value).items():
        member = members.get(name)
        if member is None:
            errors.append(Wrong("UNKNOWN_FIELD").at((*path, name)))
        elif item is None and not shapes.takes_null(member.descriptor):
            continue
        elif member.place in given:
            errors.append(Wrong("GIVEN_TWICE").at((*path, name)))
        else:
            given.add(member.place)
            member.fill(message, item, (*path, name), errors)


def _fill_one(name: str, convert: Convert) -> Fill:
    def fill(message: Message, value: object, path: Path, errors: list[FieldError]) -> None:
        try:
            setattr(message, name, convert(value))
        except Wrong as wrong:
            errors.append(wrong.at(path))

    return fill


def _fill_list(name: str, convert: Convert) -> Fill:
    def fill(message: Message, value: object, path: Path, errors: list[FieldError]) -> None:
        if not isinstance(value, list):
            errors.append(Wrong("NOT_A_LIST").at(path))
            return
        append = getattr(message, name).append
        for index, item in enumerate(cast("list[object]", value)):
            try:
                append(convert(item))
            except Wrong as wrong:
                errors.append(wrong.at((*path, index)))

    return fill


def _fill_message(field: FieldDescriptor, fill_message: Fill) -> Fill:
    get = attrgetter(field.name)

    def fill(message: Message, value: object, path: Path, errors: list[FieldError]) -> None:
        target = get(message)
        target.SetInParent()
        fill_message(target, value, path, errors)

    return fill


def _fill_messages(field: FieldDescriptor, fill_message: Fill) -> Fill:
    get = attrgetter(field.name)

    def fill(message: Message, value: object, path: Path, errors: list[FieldError]) -> None:
        if not isinstance(value, list):
            errors.append(Wrong("NOT_A_LIST").at(path))
            return
        add = get(message).add
        for index, item in enumerate(cast("list[object]", value)):
            fill_message(add(), item, (*path, index), errors)

    return fill


def _well_known(convert: Callable[[Any, Any], object]) -> Fill:
    def fill(message: Message, value: object, path: Path, errors: list[FieldError]) -> None:
        try:
            convert(message, value)
        except Wrong as wrong:
            errors.append(wrong.at(path))

    return fill


def _json_of_message_text(descriptor: Descriptor) -> Callable[[str], object] | None:
    if descriptor.full_name in shapes.WRAPPERS:
        return _json_of_text(descriptor.fields_by_name["value"])
    return str if descriptor.full_name in shapes.WRITTEN_AS_TEXT else None


def _json_of_text(field: FieldDescriptor) -> Callable[[str], object]:
    # Numbers may be strings in JSON too; these may not.
    if field.type == FieldDescriptor.TYPE_BOOL:
        return lambda text: {"true": True, "false": False}.get(text, text)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return lambda text: text if (number := _whole_number(text)) is None else number
    return str


def _converter(field: FieldDescriptor) -> Convert:
    options = field.GetOptions()
    if options.HasExtension(json_pb2.decimal):
        return _decimal(options.Extensions[json_pb2.decimal].scale, *_INTEGERS[field.type])
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type in _INTEGERS:
        return _integer(*_INTEGERS[field.type])
    return _SCALARS[field.type]


def _integer(minimum: int, maximum: int) -> Convert:
    def convert(value: object) -> int:
        number = _whole_number(value)
        if number is None or not minimum <= number <= maximum:
            raise Wrong("NOT_AN_INTEGER", minimum=minimum, maximum=maximum)
        return number

    return convert


def _whole_number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return (
            int(value)
            if len(value) <= _LONGEST_INTEGER and _INTEGER_TEXT.fullmatch(value)
            else None
        )
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def _decimal(scale: int, minimum: int, maximum: int) -> Convert:
    power = 10**scale

    def convert(value: object) -> int:
        """Reads a number, or a string where a double could not hold the digits."""
        scaled = _exact(value) * power
        if scaled != int(scaled) or not minimum <= scaled <= maximum:
            raise Wrong("NOT_A_DECIMAL", decimals=scale)
        return int(scaled)

    def _exact(value: object) -> Fraction:
        if (
            isinstance(value, str)
            and len(value) <= _LONGEST_DECIMAL
            and _DECIMAL_TEXT.fullmatch(value)
        ):
            return Fraction(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return Fraction(value)
        # A float came through a double, which keeps 15 digits and no more.
        if isinstance(value, float) and abs(value) * power < _EXACT_IN_DOUBLE:
            return Fraction(repr(value))
        raise Wrong("NOT_A_DECIMAL", decimals=scale)

    return convert


def _enum(descriptor: EnumDescriptor) -> Convert:
    numbers = {name: value.number for name, value in descriptor.values_by_name.items()}
    known = frozenset(numbers.values())
    choices = ", ".join(name for name, number in numbers.items() if number) or ", ".join(numbers)

    def convert(value: object) -> int:
        if isinstance(value, str) and value in numbers:
            return numbers[value]
        if isinstance(value, int) and not isinstance(value, bool) and value in known:
            return value
        raise Wrong("NOT_A_CHOICE", choices=choices)

    return convert


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("NOT_A_STRING")
    return value


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("NOT_A_BOOLEAN")
    return value


_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _double(value: object) -> float:
    if isinstance(value, str):
        if value in _NOT_FINITE:
            return _NOT_FINITE[value]
        if not _NUMBER_TEXT.fullmatch(value):
            raise Wrong("NOT_A_NUMBER")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("NOT_A_NUMBER")
    number = float(value)
    if math.isinf(number):
        raise Wrong("NOT_A_NUMBER")
    return number


def _float(value: object) -> float:
    number = _double(value)
    try:
        struct.pack("<f", number)
    except OverflowError:
        raise Wrong("NOT_A_NUMBER") from None
    return number


def _bytes(value: object) -> bytes:
    """Reads base64 in the standard or the URL-safe alphabet, padded or not."""
    if not isinstance(value, str):
        raise Wrong("NOT_BASE64")
    standard = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        raise Wrong("NOT_BASE64") from None


_INTEGERS = {
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT32,
            FieldDescriptor.TYPE_SINT32,
            FieldDescriptor.TYPE_SFIXED32,
        ),
        (-(2**31), 2**31 - 1),
    ),
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT64,
            FieldDescriptor.TYPE_SINT64,
            FieldDescriptor.TYPE_SFIXED64,
        ),
        (-(2**63), 2**63 - 1),
    ),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), (0, 2**64 - 1)),
}

_SCALARS: dict[int, Convert] = {
    FieldDescriptor.TYPE_STRING: _string,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_BYTES: _bytes,
}


def _by_itself(reason: str) -> Callable[[Any, object], None]:
    """Returns what reads a text that the message's own type knows how to read."""

    def convert(message: Any, value: object) -> None:
        try:
            message.FromJsonString(_string(value))
        except (Wrong, ValueError):
            raise Wrong(reason) from None

    return convert


def _fill_value(target: struct_pb2.Value, value: object) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case list():
            _fill_list_value(target.list_value, cast("list[object]", value))
        case _:
            _fill_struct(target.struct_value, value)


def _fill_struct(target: struct_pb2.Struct, value: object) -> None:
    if not isinstance(value, dict):
        raise Wrong("NOT_AN_OBJECT")
    target.SetInParent()
    for name, item in cast("dict[str, object]", value).items():
        _fill_value(target.fields[name], item)


def _fill_list_value(target: struct_pb2.ListValue, value: object) -> None:
    if not isinstance(value, list):
        raise Wrong("NOT_A_LIST")
    target.SetInParent()
    for item in cast("list[object]", value):
        _fill_value(target.values.add(), item)


_WELL_KNOWN: dict[str, Callable[[Any, Any], object]] = {
    "google.protobuf.Timestamp": _by_itself("NOT_A_TIMESTAMP"),
    "google.protobuf.Duration": _by_itself("NOT_A_DURATION"),
    "google.protobuf.FieldMask": _by_itself("NOT_A_FIELD_MASK"),
    "google.protobuf.Struct": _fill_struct,
    "google.protobuf.Value": _fill_value,
    "google.protobuf.ListValue": _fill_list_value,
}
