"""From the parts of an HTTP request to a message, and what a rule may not say."""

from typing import Any

import pytest
from google.api import annotations_pb2, http_pb2, httpbody_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor

from gateway import problems
from gateway.transcoder import (
    AmbiguousRoutes,
    Body,
    InvalidRoute,
    InvalidTemplate,
    Transcoder,
    UnsupportedType,
)
from kit.errors import Invalid, Malformed, NotFound
from tests.protos import compiled

TRANSCODER = Transcoder(compiled.echo().services_by_name.values())
JSON = "application/json"


def decode(
    request: str, content: bytes = b"", key: str | None = None, media_type: str = JSON
) -> Any:
    method, _, target = request.partition(" ")
    path, _, query = target.partition("?")
    match = TRANSCODER.find(method, path)
    return match.endpoint.decode(match.segments, query, Body(content, media_type), key)


def wrong(request: str, content: bytes = b"", key: str | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        decode(request, content, key)
    return {error.field: error.reason for error in refusal.value.fields}


class TestPaths:
    def test_variables_fill_fields_of_fields(self) -> None:
        thing = decode("GET /v1/shelves/a%20b/books/7")
        assert (thing.child.name, thing.an_int64) == ("a b", 7)

    def test_a_variable_that_does_not_fit_is_named(self) -> None:
        assert wrong("GET /v1/shelves/a/books/x") == {"anInt64": "NOT_AN_INTEGER"}
        assert wrong("GET /v1/colours/BLUE") == {"colour": "NOT_A_CHOICE"}
        assert wrong(f"GET /v1/colours/{'9' * 5000}") == {"colour": "NOT_A_CHOICE"}

    def test_what_the_path_fills_is_no_parameter(self) -> None:
        assert wrong("GET /v1/shelves/a?name=b") == {"name": "UNKNOWN_FIELD"}
        assert wrong("GET /v1/shelves/a/books/7?child.name=b") == {"child.name": "UNKNOWN_FIELD"}
        assert decode("GET /v1/shelves/a/books/7?child.aBool=true").child.a_bool

    def test_what_the_path_fills_is_no_part_of_the_body(self) -> None:
        assert wrong("POST /v1/things/a:publish", b'{"name":"b"}') == {"name": "UNKNOWN_FIELD"}

    def test_the_path_wins_inside_the_body(self) -> None:
        thing = decode("PATCH /v1/things/a", b'{"name":"b","anInt32":1}')
        assert (thing.child.name, thing.child.an_int32) == ("things/a", 1)

    def test_an_unknown_path_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            decode("GET /v1/nothing")

    def test_another_method_is_not_allowed(self) -> None:
        with pytest.raises(problems.MethodNotAllowed) as refusal:
            decode("DELETE /v1/things")
        assert refusal.value.facts["allow"] == "GET, HEAD, OPTIONS, POST"

    def test_a_path_that_is_no_utf_8_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            decode("GET /v1/shelves/%ff")


class TestQueries:
    def test_a_parameter_goes_by_either_name(self) -> None:
        assert decode("GET /v1/query?anInt32=1").an_int32 == 1
        assert decode("GET /v1/query?an_int32=1").an_int32 == 1
        assert decode("GET /v1/query?from=x").renamed == "x"

    def test_a_field_is_given_once(self) -> None:
        assert wrong("GET /v1/query?anInt32=1&an_int32=1") == {"an_int32": "GIVEN_TWICE"}
        assert wrong("GET /v1/query?anInt32=1&anInt32=2") == {"anInt32": "GIVEN_TWICE"}
        assert wrong("GET /v1/query?chosenText=a&chosenNumber=1") == {"chosenNumber": "GIVEN_TWICE"}

    def test_a_list_is_given_value_by_value(self) -> None:
        assert decode("GET /v1/query?tags=a&tags=b,c").tags == ["a", "b,c"]
        assert wrong("GET /v1/query?numbers=1&numbers=x") == {"numbers[1]": "NOT_AN_INTEGER"}

    @pytest.mark.parametrize(
        "parameter",
        [
            *("nope=1", "child=1", "children.name=a", "labels.a=b", "aTime.seconds=1"),
            *("aStruct={}", "requestId=1", "request_id=1", "child.nope=1", "name.x=1"),
            *("=1", ".=1", "child.=1"),
        ],
    )
    def test_what_no_parameter_can_fill_is_refused_by_name(self, parameter: str) -> None:
        assert wrong(f"GET /v1/query?{parameter}").popitem()[1] == "UNKNOWN_FIELD"

    def test_names_may_be_nested_as_deep_as_bodies_and_no_deeper(self) -> None:
        assert decode("GET /v1/query?" + "child." * 32 + "name=a")
        assert wrong("GET /v1/query?" + "child." * 33 + "name=a")

    def test_with_the_request_as_body_there_are_no_parameters(self) -> None:
        assert wrong("POST /v1/things?name=a", b"{}") == {"name": "UNKNOWN_FIELD"}

    def test_beside_a_field_as_body_the_others_are_parameters(self) -> None:
        thing = decode("PATCH /v1/things/a?anInt32=1", b"{}")
        assert thing.an_int32 == 1
        assert wrong("PATCH /v1/things/a?child.anInt32=1", b"{}") == {
            "child.anInt32": "UNKNOWN_FIELD"
        }

    def test_what_is_no_query_string_is_malformed(self) -> None:
        for query in ("name=%ff", "&".join(f"tags={number}" for number in range(201))):
            with pytest.raises(Malformed):
                decode(f"GET /v1/query?{query}")


class TestBodies:
    def test_the_body_is_the_request_or_a_field_of_it(self) -> None:
        assert decode("POST /v1/things", b'{"name":"a"}').name == "a"
        assert decode("PUT /v1/things/a", b'{"name":"b"}').child.name == "b"

    def test_a_wrong_field_in_a_field_is_named_below_it(self) -> None:
        assert wrong("PUT /v1/things/a", b'{"nope":1}') == {"child.nope": "UNKNOWN_FIELD"}

    @pytest.mark.parametrize("content", [b"", b"{", b"nope"])
    def test_what_is_no_json_is_malformed(self, content: bytes) -> None:
        with pytest.raises(Malformed):
            decode("POST /v1/things", content)

    def test_no_body_is_needed_where_nothing_is_left_for_it(self) -> None:
        assert decode("POST /v1/things/a:touch", media_type="").name == "things/a"
        assert decode("POST /v1/things/a:touch", b"{}").name == "things/a"

    def test_a_body_that_nothing_takes_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            decode("GET /v1/query", b"{}")

    @pytest.mark.parametrize(
        "media_type",
        [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin-1",
        ],
    )
    def test_what_is_not_declared_to_be_json_is_refused(self, media_type: str) -> None:
        with pytest.raises(problems.UnsupportedMediaType):
            decode("POST /v1/things", b"{}", media_type=media_type)

    @pytest.mark.parametrize(
        "media_type",
        [
            "application/json",
            "Application/JSON ; charset=UTF-8",
            'application/json;charset="utf-8"',
        ],
    )
    def test_json_may_be_declared_in_several_ways(self, media_type: str) -> None:
        assert decode("POST /v1/things", b'{"name":"a"}', media_type=media_type).name == "a"


class TestIdempotencyKey:
    def test_the_header_fills_the_field(self) -> None:
        assert decode("POST /v1/things", b"{}", key="k-1").request_id == "k-1"

    def test_the_body_does_not(self) -> None:
        for name in ("requestId", "request_id"):
            content = f'{{"{name}":"k"}}'.encode()
            assert wrong("POST /v1/things", content) == {name: "UNKNOWN_FIELD"}

    @pytest.mark.parametrize("key", ["", " ", "a b", "å", "x" * 256, "a\t"])
    def test_it_is_visible_ascii_of_bounded_length(self, key: str) -> None:
        assert wrong("POST /v1/things", b"{}", key) == {"Idempotency-Key": "NOT_AN_IDEMPOTENCY_KEY"}


class TestImpossibleRules:
    @pytest.mark.parametrize(
        ("rule", "error"),
        [
            ({"get": "/v1/{nope}"}, InvalidRoute),
            ({"get": "/v1/{child}"}, InvalidRoute),
            ({"get": "/v1/{tags}"}, InvalidRoute),
            ({"get": "/v1/{children.name}"}, InvalidRoute),
            ({"get": "/v1/{name.x}"}, InvalidRoute),
            ({"get": "/v1/{request_id}"}, InvalidRoute),
            ({"get": "/v1/x", "body": "*"}, InvalidRoute),
            ({"post": "/v1/x", "body": "nope"}, InvalidRoute),
            ({"post": "/v1/x", "body": "request_id"}, InvalidRoute),
            ({"post": "/v1/x", "response_body": "nope"}, InvalidRoute),
            ({}, InvalidRoute),
            ({"get": "/v1/x y"}, InvalidTemplate),
            ({"get": "/v1/query"}, AmbiguousRoutes),
            ({"get": "/v1/{renamed=shelves/*}"}, AmbiguousRoutes),
        ],
    )
    def test_it_fails_at_start(self, rule: dict[str, str], error: type[Exception]) -> None:
        with pytest.raises(error):
            Transcoder([*compiled.echo().services_by_name.values(), service(rule)])

    def test_bindings_do_not_nest(self) -> None:
        inner = http_pb2.HttpRule(get="/v1/b", additional_bindings=[http_pb2.HttpRule(get="/v1/c")])
        with pytest.raises(InvalidRoute):
            Transcoder([service({"get": "/v1/a", "additional_bindings": [inner]})])

    @pytest.mark.parametrize("streams", ["client_streaming", "server_streaming"])
    def test_a_stream_has_no_form_in_http(self, streams: str) -> None:
        with pytest.raises(InvalidRoute):
            Transcoder([service({"get": "/v1/a"}, **{streams: True})])

    def test_a_column_in_a_request_has_no_form(self) -> None:
        with pytest.raises(UnsupportedType):
            Transcoder([service({"get": "/v1/a"}, input_type=".tests.echo.v1.Measures")])

    def test_a_file_is_no_request(self) -> None:
        with pytest.raises(UnsupportedType, match="whole answer"):
            Transcoder([service({"post": "/v1/a", "body": "*"}, input_type=FILE)])

    def test_a_file_is_no_part_of_a_message(self) -> None:
        for place in ("input_type", "output_type"):
            with pytest.raises(UnsupportedType, match="whole answer"):
                Transcoder([service({"post": "/v1/a", "body": "*"}, **{place: ".made.Folder"})])

    def test_a_part_of_a_file_is_no_answer(self) -> None:
        with pytest.raises(InvalidRoute, match="all of its answer"):
            Transcoder([service({"get": "/v1/a", "response_body": "data"}, output_type=FILE)])


def service(rule: dict[str, Any], **method: Any) -> ServiceDescriptor:
    """Returns a service with one RPC and one rule, in a pool of its own."""
    pool = descriptor_pool.DescriptorPool()
    for dependency in (descriptor_pb2, *compiled.IMPORTED):
        for file in _with_imports(dependency.DESCRIPTOR):
            pool.AddSerializedFile(file.serialized_pb)
    pool.AddSerializedFile(compiled.echo().serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="made.proto",
        package="made",
        syntax="proto3",
        dependency=[compiled.echo().name, httpbody_pb2.DESCRIPTOR.name],
    )
    file.message_type.add(name="Folder").field.add(
        name="file",
        number=1,
        type=descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
        label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        type_name=FILE,
    )
    rpc = file.service.add(name="Made").method.add(
        **{"name": "Call", "input_type": THING, "output_type": THING, **method}
    )
    rpc.options.Extensions[annotations_pb2.http].CopyFrom(http_pb2.HttpRule(**rule))
    pool.Add(file)
    return pool.FindServiceByName("made.Made")


THING = ".tests.echo.v1.Thing"
FILE = ".google.api.HttpBody"


def _with_imports(file: Any) -> list[Any]:
    return [*(inner for needed in file.dependencies for inner in _with_imports(needed)), file]
