"""Which RPCs can take a form that others send; what cannot does not start."""

from typing import Any

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor

from gateway.transcoder import InvalidRoute, Transcoder
from kundeapp.access.v1 import access_pb2
from kundeapp.web.v1 import web_pb2

FORM = {"field": "List-Unsubscribe", "value": "One-Click"}
RULE: dict[str, Any] = {"post": "/x/{token}", "body": "*"}
PUBLIC = access_pb2.Rule(public=access_pb2.Public())


def service(
    form: dict[str, str],
    rule: dict[str, Any],
    access: access_pb2.Rule,
    fields: tuple[str, ...],
    forgets: tuple[str, ...],
) -> ServiceDescriptor:
    """Returns a service with one RPC, in a pool of its own."""
    file = descriptor_pb2.FileDescriptorProto(name="x.proto", package="x", syntax="proto3")
    message = file.message_type.add(name="M")
    for number, name in enumerate(fields, start=1):
        message.field.add(
            name=name,
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        )
    rpc = file.service.add(name="S").method.add(name="R", input_type=".x.M", output_type=".x.M")
    rpc.options.Extensions[annotations_pb2.http].CopyFrom(http_pb2.HttpRule(**rule))
    rpc.options.Extensions[access_pb2.rule].CopyFrom(access)
    rpc.options.Extensions[web_pb2.form].CopyFrom(web_pb2.Form(**form))
    if forgets:
        rpc.options.Extensions[web_pb2.forget].cookies.extend(forgets)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindFileByName("x.proto").services_by_name["S"]


def start(
    form: dict[str, str] = FORM,
    rule: dict[str, Any] = RULE,
    access: access_pb2.Rule = PUBLIC,
    fields: tuple[str, ...] = ("token", "request_id"),
    forgets: tuple[str, ...] = (),
) -> Transcoder:
    """Starts a transcoder in front of one RPC with a form."""
    return Transcoder([service(form, rule, access, fields, forgets)])


def test_a_form_stands_for_the_empty_body_of_a_public_post() -> None:
    (route,) = start().routes
    assert route.form == ("List-Unsubscribe", "One-Click")
    assert not route.needs_body


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"form": {"field": "x"}}, "no field, or no value"),
        ({"form": {"value": "x"}}, "no field, or no value"),
        ({"rule": {"get": "/x/{token}"}}, "a POST with all in its path"),
        ({"rule": {"put": "/x/{token}", "body": "*"}}, "a POST with all in its path"),
        ({"rule": {"post": "/x/{token}"}}, "a POST with all in its path"),
        ({"fields": ("token", "other")}, "a POST with all in its path"),
        ({"access": access_pb2.Rule(customer=access_pb2.Customer())}, "is public"),
        ({"access": access_pb2.Rule(staff=access_pb2.Staff())}, "is public"),
        ({"forgets": ("access",)}, "has no cookies"),
    ],
)
def test_what_could_do_harm_does_not_start(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRoute, match=complaint):
        start(**wrong)
