"""The JSON of messages, held against protobuf's own."""

import json
import math
from typing import Any, cast

import orjson
import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transcoder import UnsupportedType
from gateway.transcoder.decoding import Decoders, parse_json
from gateway.transcoder.encoding import Encoders
from kit.errors import FieldError, Malformed
from tests.protos import compiled
from tests.unit.gateway.messages import messages

THING = compiled.echo().message_types_by_name["Thing"]
Thing = message_factory.GetMessageClass(THING)

RANDOM = settings(max_examples=40, deadline=None)

_encode = Encoders().message(THING)
_fill = Decoders().message(THING)


def encoded(message: Message) -> dict[str, Any]:
    return json.loads(orjson.dumps(_encode(message)))


def decoded(value: object) -> Message:
    message, errors = Thing(), list[FieldError]()
    _fill(message, value, (), errors)
    assert errors == []
    return message


def wrong(value: object) -> dict[str, str]:
    errors: list[FieldError] = []
    _fill(Thing(), value, (), errors)
    return {error.field: error.reason for error in errors}


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {name: without_nulls(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in cast("list[object]", value)]
    return value


class TestAgainstProtobuf:
    @RANDOM
    @given(messages(THING))
    def test_protobuf_reads_what_is_written(self, message: Message) -> None:
        assert json_format.Parse(orjson.dumps(_encode(message)), Thing()) == message

    @RANDOM
    @given(messages(THING))
    def test_what_protobuf_writes_is_read(self, message: Message) -> None:
        assert decoded(parse_json(json_format.MessageToJson(message).encode())) == message

    @RANDOM
    @given(messages(THING))
    def test_what_is_written_is_read(self, message: Message) -> None:
        assert decoded(parse_json(orjson.dumps(_encode(message)))) == message

    @RANDOM
    @given(messages(THING))
    def test_nulls_apart_the_json_is_the_same(self, message: Message) -> None:
        theirs = json_format.MessageToJson(message, always_print_fields_with_no_presence=True)
        assert without_nulls(encoded(message)) == without_nulls(json.loads(theirs))


class TestWriting:
    def test_unset_fields_are_there(self) -> None:
        empty = encoded(Thing())
        assert empty["anInt32"] == 0
        assert empty["anInt64"] == "0"
        assert empty["colour"] == "COLOUR_UNSPECIFIED"
        assert empty["tags"] == []
        assert empty["labels"] == {}
        assert empty["optionalString"] is None
        assert empty["child"] is None
        assert empty["aTime"] is None
        assert empty["from"] == ""

    def test_members_of_a_oneof_that_were_not_chosen_are_left_out(self) -> None:
        assert "chosenText" not in encoded(Thing())
        chosen = encoded(Thing(chosen_number=0))
        assert chosen["chosenNumber"] == 0
        assert "chosenText" not in chosen

    def test_an_unset_value_is_left_out_because_null_is_a_value(self) -> None:
        assert "aValue" not in encoded(Thing())
        assert encoded(decoded({"aValue": None}))["aValue"] is None

    def test_an_unknown_number_of_an_enum_stays_a_number(self) -> None:
        assert encoded(Thing(colour=77))["colour"] == 77

    def test_floats_that_are_no_json_numbers_are_strings(self) -> None:
        thing = Thing(a_double=math.nan, a_float=-math.inf)
        assert encoded(thing)["aDouble"] == "NaN"
        assert encoded(thing)["aFloat"] == "-Infinity"

    def test_a_float_is_as_short_as_it_can_be(self) -> None:
        assert b'"aFloat":0.1,' in orjson.dumps(_encode(Thing(a_float=0.1)))


class TestReading:
    @pytest.mark.parametrize(
        ("value", "field", "reason"),
        [
            ({"nope": 1}, "nope", "UNKNOWN_FIELD"),
            ({"child": {"nope": 1}}, "child.nope", "UNKNOWN_FIELD"),
            ({"children": [{}, {"nope": 1}]}, "children[1].nope", "UNKNOWN_FIELD"),
            ({"thingsByNumber": {"7": {"nope": 1}}}, "thingsByNumber.7.nope", "UNKNOWN_FIELD"),
            ({"name": 1}, "name", "NOT_A_STRING"),
            ({"aBool": "true"}, "aBool", "NOT_A_BOOLEAN"),
            ({"aBool": 1}, "aBool", "NOT_A_BOOLEAN"),
            ({"anInt32": 2**31}, "anInt32", "NOT_AN_INTEGER"),
            ({"anInt32": 1.5}, "anInt32", "NOT_AN_INTEGER"),
            ({"anInt32": True}, "anInt32", "NOT_AN_INTEGER"),
            ({"anInt32": "1 "}, "anInt32", "NOT_AN_INTEGER"),
            ({"anInt64": "9223372036854775808"}, "anInt64", "NOT_AN_INTEGER"),
            ({"anInt64": "9" * 10_000}, "anInt64", "NOT_AN_INTEGER"),
            ({"aUint32": -1}, "aUint32", "NOT_AN_INTEGER"),
            ({"aDouble": "1e999"}, "aDouble", "NOT_A_NUMBER"),
            ({"aDouble": True}, "aDouble", "NOT_A_NUMBER"),
            ({"aFloat": 1e39}, "aFloat", "NOT_A_NUMBER"),
            ({"someBytes": "a*b"}, "someBytes", "NOT_BASE64"),
            ({"someBytes": "a"}, "someBytes", "NOT_BASE64"),
            ({"someBytes": "é"}, "someBytes", "NOT_BASE64"),
            ({"colour": "BLUE"}, "colour", "NOT_A_CHOICE"),
            ({"colour": 9}, "colour", "NOT_A_CHOICE"),
            ({"colour": True}, "colour", "NOT_A_CHOICE"),
            ({"tags": "a"}, "tags", "NOT_A_LIST"),
            ({"tags": ["a", None]}, "tags[1]", "NOT_A_STRING"),
            ({"children": {}}, "children", "NOT_A_LIST"),
            ({"children": [None]}, "children[0]", "NOT_AN_OBJECT"),
            ({"child": []}, "child", "NOT_AN_OBJECT"),
            ({"labels": []}, "labels", "NOT_AN_OBJECT"),
            ({"labels": {"a": 1}}, "labels.a", "NOT_A_STRING"),
            ({"counts": {"yes": 1}}, "counts.yes", "NOT_A_BOOLEAN"),
            ({"thingsByNumber": {"x": {}}}, "thingsByNumber.x", "NOT_AN_INTEGER"),
            ({"aTime": "2026-04-06"}, "aTime", "NOT_A_TIMESTAMP"),
            ({"aTime": 5}, "aTime", "NOT_A_TIMESTAMP"),
            ({"aTime": "9999-99-99T99:99:99Z"}, "aTime", "NOT_A_TIMESTAMP"),
            ({"aTime": "0001-01-01T00:00:00+14:00"}, "aTime", "NOT_A_TIMESTAMP"),
            ({"aDuration": "1.5"}, "aDuration", "NOT_A_DURATION"),
            ({"aDuration": "9999999999999s"}, "aDuration", "NOT_A_DURATION"),
            ({"aMask": "a_b"}, "aMask", "NOT_A_FIELD_MASK"),
            ({"wrappedInt64": "x"}, "wrappedInt64", "NOT_AN_INTEGER"),
            ({"aStruct": []}, "aStruct", "NOT_AN_OBJECT"),
            ({"aList": {}}, "aList", "NOT_A_LIST"),
            ({"from": "a", "renamed": "b"}, "renamed", "GIVEN_TWICE"),
            ({"chosenText": "a", "chosenNumber": 1}, "chosenNumber", "GIVEN_TWICE"),
            ([], "body", "NOT_AN_OBJECT"),
        ],
    )
    def test_a_wrong_value_is_refused_by_its_path(
        self, value: object, field: str, reason: str
    ) -> None:
        assert wrong(value) == {field: reason}

    def test_all_wrong_fields_are_named_at_once(self) -> None:
        assert wrong({"anInt32": "x", "child": {"colour": 9}, "nope": 0}) == {
            "anInt32": "NOT_AN_INTEGER",
            "child.colour": "NOT_A_CHOICE",
            "nope": "UNKNOWN_FIELD",
        }

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"anInt64": 5}, {"an_int64": 5}),
            ({"anInt32": 5.0}, {"an_int32": 5}),
            ({"an_int32": "-5"}, {"an_int32": -5}),
            ({"colour": 2}, {"colour": 2}),
            ({"someBytes": "-_-_"}, {"some_bytes": b"\xfb\xff\xbf"}),
            ({"someBytes": "YQ"}, {"some_bytes": b"a"}),
            ({"child": None, "tags": None, "anInt32": None, "labels": None}, {}),
            ({"chosenText": None, "chosenNumber": 1}, {"chosen_number": 1}),
            ({"aDouble": "1e3"}, {"a_double": 1000}),
        ],
    )
    def test_what_protojson_allows_is_read(
        self, value: object, expected: dict[str, object]
    ) -> None:
        assert decoded(value) == Thing(**expected)

    @given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
    def test_any_json_in_any_field_is_read_or_refused(self, value: object) -> None:
        for field in THING.fields:
            errors: list[FieldError] = []
            _fill(Thing(), {field.json_name: value}, (), errors)


class TestBodies:
    @pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"a": NaN}', b"\xff", b'"\\ud800"'])
    def test_what_is_no_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(Malformed):
            parse_json(body)

    def test_nesting_has_an_end(self) -> None:
        assert parse_json(b"[" * 32 + b"]" * 32)
        with pytest.raises(Malformed):
            parse_json(b"[" * 33 + b"]" * 33)

    def test_many_brackets_side_by_side_are_fine(self) -> None:
        assert parse_json(b"[" + b",".join([b"[]"] * 100) + b"]")


class TestDecimals:
    AMOUNTS = compiled.echo().message_types_by_name["Amounts"]

    def read(self, value: object) -> tuple[Any, list[FieldError]]:
        message, errors = message_factory.GetMessageClass(self.AMOUNTS)(), list[FieldError]()
        Decoders().message(self.AMOUNTS)(message, value, (), errors)
        return message, errors

    @given(st.integers(-(10**15) + 1, 10**15 - 1))
    def test_what_is_written_is_read_to_its_last_digit(self, amount: int) -> None:
        message = message_factory.GetMessageClass(self.AMOUNTS)(amount=amount)
        text = orjson.dumps(Encoders().message(self.AMOUNTS)(message))
        assert self.read(parse_json(text)) == (message, [])

    @given(st.integers(-(2**63), 2**63 - 1))
    def test_a_string_is_read_to_its_last_digit(self, amount: int) -> None:
        sign, digits = ("-" if amount < 0 else ""), f"{abs(amount):04d}"
        text = f"{sign}{digits[:-3]}.{digits[-3:]}"
        assert self.read({"amount": text})[0].amount == amount

    @pytest.mark.parametrize(
        "value",
        [0.0001, 1.2345, "1.2345", "1e3", "", "x", True, [], 1e300, 9007199254740.993, "1" * 99],
    )
    def test_what_cannot_be_kept_exactly_is_refused(self, value: object) -> None:
        _, errors = self.read({"amount": value})
        assert [error.reason for error in errors] == ["NOT_A_DECIMAL"]


def test_a_column_is_no_part_of_a_request() -> None:
    with pytest.raises(UnsupportedType):
        Decoders().message(compiled.echo().message_types_by_name["Measures"])
