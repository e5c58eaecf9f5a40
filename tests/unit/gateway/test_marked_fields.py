"""Which fields can be cookies; what cannot does not start."""

from typing import Any

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor, ServiceDescriptor

from gateway.transcoder import InvalidCookie, Transcoder
from kundeapp.web.v1 import web_pb2
from tests.protos import compiled

Fields = dict[str, dict[str, Any]]

CLIENT: Fields = {"client": {"type": "Client", "is_client": True}}
ENDS: Fields = {"ends": {"type": "google.protobuf.Timestamp"}}
TOKEN: Fields = {"token": {"cookie": {"name": "token", "days": 1}}}
REFRESH: Fields = {"refresh": {"cookie": {"name": "token"}}}
ANSWER: Fields = {**CLIENT, **ENDS, **TOKEN}


def start(
    answer: Fields, request: Fields | None = None, *, forgets: tuple[str, ...] = (), **rule: Any
) -> Transcoder:
    """Starts a transcoder in front of one RPC.

    Args:
        answer: The fields of its answer; those of `Inner` are `ANSWER`.
        request: The fields of its request.
        forgets: The cookies that it removes.
        rule: Its HTTP rule.
    """
    rule = rule or {"post": "/x", "body": "*"}
    return Transcoder([service(answer, request or {}, forgets, rule)])


def test_an_answer_says_when_a_cookie_ends_by_days_or_by_a_moment() -> None:
    for cookie in ({"name": "token", "days": 1}, {"name": "token", "expires": "ends"}):
        (route,) = start({**ANSWER, "token": {"cookie": cookie}}, REFRESH).routes
        assert (route.cookies.taken, route.cookies.given) == (["token"], ["token"])


@pytest.mark.parametrize(
    "cookie",
    [
        {"name": "token"},
        {"name": "token", "days": 1, "expires": "ends"},
        {"name": "token", "expires": "nope"},
        {"name": "token", "expires": "client"},
        {"name": "", "days": 1},
        {"name": "Token", "days": 1},
        {"name": "a b", "days": 1},
        {"name": "a=b;", "days": 1},
    ],
)
def test_a_cookie_without_a_name_or_an_end_is_refused(cookie: dict[str, Any]) -> None:
    with pytest.raises(InvalidCookie):
        start({**ANSWER, "token": {"cookie": cookie}})


@pytest.mark.parametrize(
    "answer",
    [
        {**ENDS, **TOKEN},
        {**ENDS, **TOKEN, "client": {"type": "Client"}},
        {**ENDS, **TOKEN, "client": {"is_client": True}},
        {**ENDS, **TOKEN, "client": {"type": "tests.echo.v1.Colour", "is_client": True}},
        {**ANSWER, "other": {"type": "Client", "is_client": True}},
    ],
)
def test_an_answer_with_cookies_says_for_which_client_it_is(answer: Fields) -> None:
    with pytest.raises(InvalidCookie):
        start(answer)


@pytest.mark.parametrize(
    "field", [{"kind": FieldDescriptor.TYPE_BYTES}, {"kind": FieldDescriptor.TYPE_INT32}]
)
def test_only_a_string_is_a_cookie(field: dict[str, Any]) -> None:
    with pytest.raises(InvalidCookie):
        start({**ANSWER, "token": {**TOKEN["token"], **field}})
    with pytest.raises(InvalidCookie):
        start(ANSWER, {"refresh": {**REFRESH["refresh"], **field}})


def test_two_fields_are_not_one_cookie() -> None:
    with pytest.raises(InvalidCookie, match="twice"):
        start({**ANSWER, "other": TOKEN["token"]})


def test_what_lies_deeper_is_no_cookie() -> None:
    with pytest.raises(InvalidCookie, match="below"):
        start({"inner": {"type": "Inner"}})
    with pytest.raises(InvalidCookie, match="below"):
        start(ANSWER, {"inner": {"type": "Inner"}})


def test_a_part_of_an_answer_has_no_cookies() -> None:
    with pytest.raises(InvalidCookie, match="whole"):
        start(ANSWER, post="/x", body="*", response_body="ends")


@pytest.mark.parametrize(
    "rule", [{"get": "/x"}, {"post": "/x/{refresh}", "body": "*"}, {"post": "/x", "body": "other"}]
)
def test_no_cookie_fills_what_stands_in_the_address(rule: dict[str, Any]) -> None:
    with pytest.raises(InvalidCookie, match="body"):
        start(ANSWER, {**REFRESH, "other": {}}, **rule)


def test_what_no_answer_sets_is_neither_taken_nor_forgotten() -> None:
    with pytest.raises(InvalidCookie, match="refresh"):
        start(ANSWER, {"refresh": {"cookie": {"name": "refresh"}}})
    with pytest.raises(InvalidCookie, match="tokens"):
        start(ANSWER, forgets=("tokens",))
    assert start(ANSWER, forgets=("token",))


def service(
    answer: Fields, request: Fields, forgets: tuple[str, ...], rule: dict[str, Any]
) -> ServiceDescriptor:
    """Returns a service with one RPC in a pool of its own."""
    pool = descriptor_pool.DescriptorPool()
    for name in descriptor_pb2.FileDescriptorSet.FromString(
        compiled.descriptor_set("tests/echo/v1/echo.proto")
    ).file:
        pool.Add(name)
    file = descriptor_pb2.FileDescriptorProto(
        name="made.proto", package="made", syntax="proto3", dependency=[compiled.echo().name]
    )
    client = file.enum_type.add(name="Client")
    for number, name in enumerate(("CLIENT_UNSPECIFIED", "WEB")):
        client.value.add(name=name, number=number)
    for name, fields in (("Request", request), ("Answer", answer), ("Inner", ANSWER)):
        _add_message(file, name, fields)
    rpc = file.service.add(name="Made").method.add(
        name="Call", input_type=".made.Request", output_type=".made.Answer"
    )
    rpc.options.Extensions[annotations_pb2.http].CopyFrom(http_pb2.HttpRule(**rule))
    rpc.options.Extensions[web_pb2.forget].cookies.extend(forgets)
    pool.Add(file)
    return pool.FindServiceByName("made.Made")


def _add_message(file: descriptor_pb2.FileDescriptorProto, name: str, fields: Fields) -> None:
    message = file.message_type.add(name=name)
    for number, (field_name, says) in enumerate(fields.items(), start=1):
        field = message.field.add(
            name=field_name, number=number, label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        )
        if "type" in says:
            field.type_name = says["type"] if "." in says["type"] else f".made.{says['type']}"
        else:
            field.type = says.get("kind", descriptor_pb2.FieldDescriptorProto.TYPE_STRING)
        if "cookie" in says:
            field.options.Extensions[web_pb2.cookie].CopyFrom(web_pb2.Cookie(**says["cookie"]))
        if says.get("is_client"):
            field.options.Extensions[web_pb2.is_client] = True
