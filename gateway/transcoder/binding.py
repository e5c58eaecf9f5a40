"""An HTTP rule bound to its RPC: from a request's parts to a message, from an answer to bytes."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import unquote_plus

import orjson
from google.api import annotations_pb2, http_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from google.protobuf.message import Message

from gateway import problems
from gateway.transcoder import forms, shapes, templates
from gateway.transcoder.cookies import InvalidCookie, RouteCookies, cookie_of
from gateway.transcoder.decoding import (
    MAX_DEPTH,
    Decoders,
    Member,
    Members,
    Path,
    Wrong,
    fill_object,
    parse_json,
)
from gateway.transcoder.encoding import Encoders
from gateway.transcoder.routing import Match, RouteTable
from kit import access
from kit.errors import FieldError, Invalid, Malformed, NotFound
from kundeapp.web.v1 import web_pb2

IDEMPOTENCY_KEY = "Idempotency-Key"
WHOLE = "*"

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_MOST_PARAMETERS = 200
_UTF_8 = frozenset({"", "charset=utf-8", 'charset="utf-8"'})


class InvalidRoute(ValueError):  # noqa: N818 - names what it found
    """An HTTP rule cannot be kept."""


@dataclass(frozen=True, slots=True)
class Body:
    """What came behind the headers.

    Attributes:
        content: The bytes, empty without a body.
        media_type: The Content-Type header, empty without one.
    """

    content: bytes = b""
    media_type: str = ""


@dataclass(frozen=True)
class _BoundVariable:
    """A variable of the path, and the field that it fills.

    Attributes:
        variable: The part of the path.
        parents: Proto names of the messages on the way to the field.
        member: The field.
        json_path: The field in JSON names.
    """

    variable: templates.Variable
    parents: tuple[str, ...]
    member: Member
    json_path: Path


class Route:
    """One HTTP method and path template, and the RPC that it calls.

    Attributes:
        http_method: The method, `*` for all.
        template: The path template.
        rpc: The RPC.
        body: `*`, the name of the field that the body is, or empty.
        response_body: The name of the field that the answer is, or empty for all of it.
        answer_type: The message class of the answer.
        is_file: Whether the answer is a google.api.HttpBody, which is sent as it is.
        cookies: What a browser keeps of its messages.
        form: The field and the value of the form that it takes beside JSON; None without one. It is
            then nobody's: a login that comes along is not looked at.
        needs_body: Whether there must be a body; not where cookies can fill all that it may hold.
        path_fields: The fields that the path fills, by proto names from the request downwards.
    """

    def __init__(
        self,
        http_method: str,
        rule: http_pb2.HttpRule,
        path: str,
        rpc: MethodDescriptor,
        *,
        decoders: Decoders,
        encoders: Encoders,
    ) -> None:
        """Binds a rule.

        Raises:
            InvalidCookie: If a field cannot be the cookie that it is marked as.
            InvalidRoute: If the rule names fields that it cannot, or the RPC streams.
            InvalidTemplate: If the path template does not follow the grammar.
            UnsupportedType: If the request or the answer has no JSON form.
        """
        self.http_method = http_method
        self.template = templates.parse(path)
        self.rpc = rpc
        self.body = rule.body
        self.response_body = rule.response_body
        self.answer_type = message_factory.GetMessageClass(rpc.output_type)
        self.is_file = rpc.output_type.full_name == shapes.HTTP_BODY
        self.path_fields = frozenset(bound.field_path for bound in self.template.variables)
        self._request_type = message_factory.GetMessageClass(rpc.input_type)
        self._decoders = decoders
        self._refuse_impossible()
        self._variables = tuple(self._bind(variable) for variable in self.template.variables)
        self._takes_key = shapes.REQUEST_ID in rpc.input_type.fields_by_name
        self._members = self._free_members()
        self.cookies = RouteCookies(rpc, self.body_fields, whole_answer=not rule.response_body)
        self.needs_body = bool(rule.body) and (
            rule.body != WHOLE or not all(map(cookie_of, self.body_fields))
        )
        self._encode = self._encoder(encoders)
        self.form = self._form()

    @property
    def body_fields(self) -> Sequence[FieldDescriptor]:
        """The fields that the body may hold, if it is the request itself."""
        return _distinct(self._members) if self.body == WHOLE else ()

    @property
    def query_fields(self) -> Sequence[FieldDescriptor]:
        """The fields that query parameters may fill."""
        return () if self.body == WHOLE else _distinct(self._members)

    @property
    def takes_key(self) -> bool:
        """Whether the RPC takes an Idempotency-Key."""
        return self._takes_key

    def decode(
        self, segments: Sequence[str], query: str, body: Body, idempotency_key: str | None
    ) -> Message:
        """Returns the request message of an HTTP request.

        Args:
            segments: Of the path, percent-encoded, as the route table matched them.
            query: The query string, percent-encoded.
            body: The body.
            idempotency_key: The header of that name, None without one.

        Raises:
            Invalid: If fields are wrong; they are named.
            Malformed: If the request cannot be read.
            PayloadTooLarge: If it is a form of more than its one field.
            UnsupportedMediaType: If the body is not declared to be JSON, or a form that it takes.
        """
        message = self._request_type()
        errors: list[FieldError] = []
        self._fill_from_body(message, body, errors)
        if query:
            self._fill_from_query(message, query, errors)
        for bound in self._variables:
            _fill_from_path(bound, message, segments, errors)
        if self._takes_key and idempotency_key is not None:
            if _KEY.fullmatch(idempotency_key):
                setattr(message, shapes.REQUEST_ID, idempotency_key)
            else:
                errors.append(FieldError(IDEMPOTENCY_KEY, "NOT_AN_IDEMPOTENCY_KEY"))
        if errors:
            raise Invalid(*errors)
        return message

    def encode(self, answer: Message) -> bytes:
        """Returns the body of an answer: its JSON, or the file that it is."""
        return self._encode(answer)

    def _refuse_impossible(self) -> None:
        if self.rpc.client_streaming or self.rpc.server_streaming:
            raise InvalidRoute(f"{self.rpc.full_name} streams, which has no form in HTTP here.")
        if self.body and self.http_method in ("GET", "HEAD"):
            raise InvalidRoute(f"{self.rpc.full_name}: a {self.http_method} has no body.")
        if (shapes.REQUEST_ID,) in self.path_fields or self.body == shapes.REQUEST_ID:
            raise InvalidRoute(f"{self.rpc.full_name}: the {IDEMPOTENCY_KEY} is a header.")
        if self.is_file and self.response_body:
            raise InvalidRoute(f"{self.rpc.full_name}: a file is all of its answer.")

    def _form(self) -> tuple[str, str] | None:
        """Returns the field and the value of the form.

        Raises:
            InvalidRoute: If it has one, and may not.
        """
        if not self.rpc.GetOptions().HasExtension(web_pb2.form):
            return None
        form = self.rpc.GetOptions().Extensions[web_pb2.form]
        if not form.field or not form.value:
            raise InvalidRoute(f"{self.rpc.full_name}: its form has no field, or no value.")
        if self.http_method != "POST" or self.body != WHOLE or self.body_fields:
            raise InvalidRoute(f"{self.rpc.full_name}: a form is of a POST with all in its path.")
        if access.rule_of(self.rpc).WhichOneof("caller") != "public":
            raise InvalidRoute(f"{self.rpc.full_name}: what takes a form is public.")
        if self.cookies.taken or self.cookies.given or self.cookies.forgotten:
            raise InvalidRoute(f"{self.rpc.full_name}: what takes a form has no cookies.")
        return form.field, form.value

    def _bind(self, variable: templates.Variable) -> _BoundVariable:
        *parents, name = variable.field_path
        descriptor = self.rpc.input_type
        json_path: list[str] = []
        for parent in parents:
            field = _field(descriptor, parent)
            if field.message_type is None or field.is_repeated:
                raise InvalidRoute(f"{field.full_name} has no fields below it.")
            json_path.append(field.json_name)
            descriptor = field.message_type
        field = _field(descriptor, name)
        if field.message_type is not None or field.is_repeated:
            raise InvalidRoute(f"{field.full_name} is no single value, and so in no path.")
        member = self._decoders.members(descriptor)[name]
        return _BoundVariable(variable, tuple(parents), member, (*json_path, field.json_name))

    def _free_members(self) -> Members:
        """Returns the fields of the request that neither the path nor a header fills."""
        taken = {path[0] for path in self.path_fields if len(path) == 1} | {shapes.REQUEST_ID}
        if self.body not in ("", WHOLE):
            taken.add(_field(self.rpc.input_type, self.body).name)
        members = self._decoders.members(self.rpc.input_type)
        return {
            name: member for name, member in members.items() if member.descriptor.name not in taken
        }

    def _encoder(self, encoders: Encoders) -> Callable[[Message], bytes]:
        if self.is_file:
            return attrgetter("data")
        if self.response_body:
            to_json = encoders.field(_field(self.rpc.output_type, self.response_body))
        else:
            to_json = encoders.message(self.rpc.output_type)
        return lambda answer: orjson.dumps(to_json(answer))

    def _fill_from_body(self, message: Message, body: Body, errors: list[FieldError]) -> None:
        if not self.body:
            if body.content:
                raise Malformed(detail="this takes no content")
            return
        if not body.content and not self.needs_body:
            return
        if self.form is not None and forms.is_form(body.media_type):
            forms.refuse_other(body.content, body.media_type, *self.form)
            return
        if body.content and not _is_json(body.media_type):
            raise problems.UnsupportedMediaType
        value = parse_json(body.content)
        if self.body == WHOLE:
            fill_object(self._members, message, value, (), errors)
        else:
            members = self._decoders.members(self.rpc.input_type)
            fill_object({self.body: members[self.body]}, message, {self.body: value}, (), errors)

    def _fill_from_query(self, message: Message, query: str, errors: list[FieldError]) -> None:
        given: set[tuple[str, ...]] = set()
        for name, texts in _parameters(query).items():
            path: Path = tuple(name.split("."))
            found = self._find(name.split(".")) if self.body != WHOLE else None
            if found is None:
                errors.append(Wrong("UNKNOWN_FIELD").at(path))
                continue
            parents, member = found
            place = (*parents, member.place)
            if place in given:
                errors.append(Wrong("GIVEN_TWICE").at(path))
                continue
            given.add(place)
            member.fill_from_texts(_descend(message, parents), texts, path, errors)

    def _find(self, names: Sequence[str]) -> tuple[tuple[str, ...], Member] | None:
        """Returns the field that a parameter names, and the proto names on the way there."""
        members, path = self._members, list[str]()
        for name in names[:-1]:
            member = members.get(name)
            below = None if member is None else shapes.type_below(member.descriptor)
            if member is None or below is None or len(path) == MAX_DEPTH:
                return None
            path.append(member.descriptor.name)
            members = self._decoders.members(below)
        member = members.get(names[-1])
        if member is None or member.json_of is None:
            return None
        if (*path, member.descriptor.name) in self.path_fields:
            return None
        return tuple(path), member


class Transcoder:
    """The HTTP API of a set of gRPC services."""

    def __init__(self, services: Iterable[ServiceDescriptor]) -> None:
        """Compiles all there is to compile.

        Raises:
            AmbiguousRoutes: If two routes answer the same request.
            InvalidCookie: If a field cannot be the cookie that it is marked as.
            InvalidRoute: If a rule cannot be kept.
            InvalidTemplate: If a path template does not follow the grammar.
            UnsupportedType: If a request or an answer has no JSON form.
        """
        decoders, encoders = Decoders(), Encoders()
        self._table = RouteTable(
            Route(http_method, rule, path, rpc, decoders=decoders, encoders=encoders)
            for service in services
            for rpc in service.methods
            for http_method, path, rule in _rules(rpc)
        )
        _refuse_unknown_cookies(self.routes)

    @property
    def routes(self) -> Sequence[Route]:
        """All routes, in the order of the protos."""
        return self._table.endpoints

    def find(self, method: str, path: str) -> Match[Route]:
        """Returns the route of a request.

        Args:
            method: The HTTP method; HEAD is found where GET is.
            path: The path, percent-encoded.

        Raises:
            NotFound: If there is no such path.
            MethodNotAllowed: If the path does not answer the method.
        """
        match = self._table.match(method, path)
        if match is not None:
            return match
        methods = self.methods(path)
        if not methods:
            raise NotFound
        raise problems.MethodNotAllowed(methods)

    def methods(self, path: str) -> frozenset[str]:
        """Returns the methods that the protos declare for a path, none if there is no such path."""
        return self._table.methods(path)


def _rules(rpc: MethodDescriptor) -> Iterator[tuple[str, str, http_pb2.HttpRule]]:
    options = rpc.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return
    rule = options.Extensions[annotations_pb2.http]
    for binding in (rule, *rule.additional_bindings):
        if binding is not rule and binding.additional_bindings:
            raise InvalidRoute(f"{rpc.full_name}: additional_bindings stand inside others.")
        pattern = binding.WhichOneof("pattern")
        if pattern is None:
            raise InvalidRoute(f"{rpc.full_name}: a rule has no method and path.")
        if pattern == "custom":
            yield binding.custom.kind, binding.custom.path, binding
        else:
            yield pattern.upper(), getattr(binding, pattern), binding


def _refuse_unknown_cookies(routes: Sequence[Route]) -> None:
    given = {name for route in routes for name in route.cookies.given}
    for route in routes:
        unknown = {*route.cookies.taken, *route.cookies.forgotten} - given
        if unknown:
            raise InvalidCookie(f"{route.rpc.full_name}: no answer sets {', '.join(unknown)}.")


def _field(descriptor: Descriptor, name: str) -> FieldDescriptor:
    field = descriptor.fields_by_name.get(name)
    if field is None:
        raise InvalidRoute(f"{descriptor.full_name} has no field {name}.")
    return field


def _distinct(members: Mapping[str, Member]) -> Sequence[FieldDescriptor]:
    return list({member.descriptor.name: member.descriptor for member in members.values()}.values())


def _is_json(media_type: str) -> bool:
    kind, _, parameters = media_type.partition(";")
    return kind.strip().lower() == "application/json" and parameters.strip().lower() in _UTF_8


def _parameters(query: str) -> dict[str, list[str]]:
    """Returns the values of each parameter, as application/x-www-form-urlencoded has them."""
    pairs = query.split("&")
    if len(pairs) > _MOST_PARAMETERS:
        raise Malformed(detail=f"more than {_MOST_PARAMETERS} parameters")
    parameters: dict[str, list[str]] = {}
    for pair in pairs:
        if pair:
            name, _, value = pair.partition("=")
            parameters.setdefault(_plain(name), []).append(_plain(value))
    return parameters


def _plain(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed(detail="the query string is no UTF-8") from error


def _descend(message: Message, parents: Sequence[str]) -> Message:
    target: Any = message
    for parent in parents:
        target = getattr(target, parent)
        target.SetInParent()
    return target


def _fill_from_path(
    bound: _BoundVariable, message: Message, segments: Sequence[str], errors: list[FieldError]
) -> None:
    try:
        value = bound.variable.value(segments)
    except UnicodeDecodeError as error:
        raise Malformed(detail="the path is no UTF-8") from error
    target = _descend(message, bound.parents)
    bound.member.fill_from_texts(target, [value], bound.json_path, errors)
