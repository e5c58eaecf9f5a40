"""OpenAPI 3.1 from the transcoder's own route table, with the protos' comments as descriptions."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from google.api import field_behavior_pb2
from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FieldDescriptor,
    MethodDescriptor,
)

from gateway import cookies, export, live, problems
from gateway.transcoder import IDEMPOTENCY_KEY, Route, forms, shapes
from gateway.transcoder.cookies import cookie_of
from gateway.transcoder.templates import ONE, REST, Template
from kit import access
from kit.comments import Comments
from kundeapp.access.v1 import access_pb2
from kundeapp.json.v1 import json_pb2

Schema: TypeAlias = dict[str, Any]

_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"})
_DEEPEST_PARAMETER: Final = 3
_BEARER: Final = "accessToken"
_COOKIE: Final = "accessCookie"
_LOGIN: Final[Sequence[Mapping[str, Sequence[str]]]] = [{_BEARER: []}, {_COOKIE: []}]


def document(
    routes: Sequence[Route],
    comments: Comments,
    version: str,
    told: Mapping[str, Descriptor] | None = None,
    exported: Mapping[str, MethodDescriptor] | None = None,
) -> Schema:
    """Returns the OpenAPI document of a set of routes, of the live stream and of the export.

    Args:
        routes: The routes.
        comments: What describes them.
        version: Of the API.
        told: The messages of the live stream by the names of their events; None without a stream.
        exported: What hands out the parts of the export, by service; None without an export.
    """
    written = _Writer(comments)
    others = {
        **({live.PATH: {"get": written.stream(told)}} if told else {}),
        **({export.PATH: {"get": written.export(exported)}} if exported else {}),
    }
    return written.document(routes, version, others)


class _Writer:
    """Writes one document; the types that it meets become its components."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._schemas: dict[str, Schema] = {}

    def document(
        self, routes: Sequence[Route], version: str, others: Mapping[str, Mapping[str, Schema]]
    ) -> Schema:
        shown = [route for route in routes if route.http_method in _METHODS]
        services = {route.rpc.containing_service.full_name: route.rpc for route in shown}
        paths: dict[str, dict[str, Schema]] = {}
        for route in shown:
            methods = paths.setdefault(_path(route.template), {})
            methods[route.http_method.lower()] = self._operation(route, routes)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Kundeapp",
                "version": version,
                "description": (
                    "What the customer app and Di side call. A refusal is a problem document "
                    "(RFC 9457) in the language of Accept-Language: nn (default), nb or en."
                ),
            },
            "servers": [{"url": "/"}],
            "tags": [
                {"name": _tag(rpc), "description": self._comments.of(name)}
                for name, rpc in services.items()
            ],
            "paths": {**paths, **others},
            "components": {
                "schemas": {**self._schemas, "Problem": _PROBLEM},
                "headers": _HEADERS,
                "responses": _PROBLEMS,
                "securitySchemes": {
                    _BEARER: {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": "The access token of a session.",
                    },
                    _COOKIE: {
                        "type": "apiKey",
                        "in": "cookie",
                        "name": f"{cookies.PREFIX}{cookies.ACCESS}",
                        "description": (
                            "The same, as a browser keeps it: no script can read it. It counts in "
                            "requests without an Authorization header that our own pages make; "
                            "any other is refused with CROSS_SITE_REQUEST."
                        ),
                    },
                },
            },
        }

    def _operation(self, route: Route, routes: Sequence[Route]) -> Schema:
        rpc = route.rpc
        description = self._comments.of(rpc.full_name)
        bindings = [other for other in routes if other.rpc is rpc]
        number = bindings.index(route)
        operation: Schema = {
            "operationId": rpc.name if number == 0 else f"{rpc.name}{number + 1}",
            "tags": [_tag(rpc)],
            "summary": description.split(". ")[0].split("\n")[0].removesuffix("."),
            "description": description + _roles(rpc) + _forgotten(route),
            "parameters": list(self._parameters(route)),
            "security": [] if _is_public(rpc) else _LOGIN,
        }
        body = self._body(route)
        if body is not None:
            operation["requestBody"] = {
                "required": route.needs_body,
                "content": {"application/json": {"schema": body, "example": self._example(body)}},
            }
        elif route.form is not None:
            operation["requestBody"] = _form(*route.form)
        operation["responses"] = {
            "200": _FILE if route.is_file else self._success(route),
            **_refusals(route),
        }
        return operation

    def stream(self, told: Mapping[str, Descriptor]) -> Schema:
        messages = {name: self._message(of, is_answer=True) for name, of in told.items()}
        name, message = next(iter(messages.items()))
        data = json.dumps(self._example(message), ensure_ascii=False)
        content = {
            "example": f"event: ready\ndata: {{}}\n\nid: {_ID}\nevent: {name}\ndata: {data}\n\n",
            "x-events": messages,
        }
        return {
            **_STREAM,
            "responses": {
                "200": {"description": _STREAM_ANSWER, "content": {live.MEDIA_TYPE: content}},
                **_refused(_OF_ANY),
                **_told(
                    {
                        "401": "Nobody is logged in.",
                        "403": _CROSS_SITE,
                        "429": f"The account has {live.MOST_STREAMS} streams open.",
                    }
                ),
            },
        }

    def export(self, exported: Mapping[str, MethodDescriptor]) -> Schema:
        """Returns the operation that hands out what is held about the caller."""
        records = {"type": "array", "items": {"type": "object"}}
        services = {
            service: {
                "type": "object",
                "additionalProperties": records,
                "description": self._comments.of(rpc.full_name),
            }
            for service, rpc in exported.items()
        }
        schema = {
            "type": "object",
            "required": ["exportedAt", "account", "services"],
            "properties": {
                "exportedAt": {**_DATE_TIME, "description": "When it was asked for."},
                "account": {"type": "string", "description": "The account, a UUID."},
                "services": {
                    "type": "object",
                    "required": list(services),
                    "properties": services,
                    "description": "What each service holds: sections, each a list of records.",
                },
            },
        }
        content = {"schema": schema, "example": self._example(schema)}
        return {
            **_EXPORT,
            "responses": {
                "200": {"description": _EXPORT_ANSWER, "content": {export.MEDIA_TYPE: content}},
                **_refused(_OF_ANY),
                **_told(
                    {
                        "401": "Nobody is logged in, or not lately: REAUTHENTICATION_NEEDED.",
                        "403": _CROSS_SITE,
                        "409": "It does not fit in a file: EXPORT_TOO_LARGE.",
                        "503": "A service does not answer, and nothing is handed out.",
                    }
                ),
            },
        }

    def _parameters(self, route: Route) -> Iterator[Schema]:
        for variable in route.template.variables:
            descriptor, *parents = route.rpc.input_type, *variable.field_path[:-1]
            for parent in parents:
                below = descriptor.fields_by_name[parent].message_type
                if below is None:  # the transcoder has seen to it
                    raise TypeError(parent)
                descriptor = below
            field = descriptor.fields_by_name[variable.field_path[-1]]
            for name in _parameter_names(route.template, variable.field_path):
                yield {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "description": self._comments.of(field.full_name),
                    "schema": self._value(field, is_answer=False),
                }
        for field in route.query_fields:
            yield from self._query(route, field, (), ())
        if route.takes_key:
            yield _KEY_PARAMETER

    def _query(
        self,
        route: Route,
        field: FieldDescriptor,
        names: tuple[str, ...],
        path: tuple[str, ...],
    ) -> Iterator[Schema]:
        names, path = (*names, field.json_name), (*path, field.name)
        below = shapes.type_below(field)
        if path in route.path_fields or len(path) > _DEEPEST_PARAMETER:
            return
        if below is not None:
            for inner in below.fields:
                yield from self._query(route, inner, names, path)
        elif shapes.has_text_form(field):
            yield {
                "name": ".".join(names),
                "in": "query",
                "required": _is_required(field),
                "description": self._comments.of(field.full_name),
                "schema": self._field(field, is_answer=False),
            }

    def _body(self, route: Route) -> Schema | None:
        if route.body == "*":
            fields = route.body_fields
            return self._object(route.rpc.input_type, fields, is_answer=False) if fields else None
        if route.body:
            field = route.rpc.input_type.fields_by_name[route.body]
            return self._field(field, is_answer=False)
        return None

    def _success(self, route: Route) -> Schema:
        answer = self._answer(route)
        return {
            "description": self._comments.of(route.rpc.output_type.full_name) or "Done.",
            "content": {"application/json": {"schema": answer, "example": self._example(answer)}},
        }

    def _answer(self, route: Route) -> Schema:
        if route.response_body:
            field = route.rpc.output_type.fields_by_name[route.response_body]
            return self._nullable_field(field)
        return self._message(route.rpc.output_type, is_answer=True)

    def _message(self, descriptor: Descriptor, *, is_answer: bool) -> Schema:
        if descriptor.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[descriptor.full_name])
        if descriptor.full_name in shapes.WRAPPERS:
            return self._value(descriptor.fields_by_name["value"], is_answer=is_answer)
        name = descriptor.full_name.removeprefix(f"{descriptor.file.package}.")
        if not is_answer:
            name += "Input"
        if name not in self._schemas:
            self._schemas[name] = {}  # holds the place, so that a type may contain itself
            self._schemas[name] = self._object(descriptor, descriptor.fields, is_answer=is_answer)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(
        self, descriptor: Descriptor, fields: Iterable[FieldDescriptor], *, is_answer: bool
    ) -> Schema:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in fields:
            schema = (
                self._nullable_field(field) if is_answer else self._field(field, is_answer=False)
            )
            comment = self._comments.of(field.full_name) + _kept(field, is_answer=is_answer)
            properties[field.json_name] = {**schema, "description": comment} if comment else schema
            if shapes.is_always_there(field) if is_answer else _is_required(field):
                required.append(field.json_name)
        schema: Schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if not is_answer:
            schema["additionalProperties"] = False
        comment = self._comments.of(descriptor.full_name)
        return {**schema, "description": comment} if comment else schema

    def _nullable_field(self, field: FieldDescriptor) -> Schema:
        schema = self._field(field, is_answer=True)
        if not field.has_presence or not shapes.is_always_there(field):
            return schema
        if isinstance(schema.get("type"), str):
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    def _field(self, field: FieldDescriptor, *, is_answer: bool) -> Schema:
        entry = shapes.map_entry(field)
        if entry is not None:
            value = self._value(entry.fields_by_name["value"], is_answer=is_answer)
            return {"type": "object", "additionalProperties": value}
        value = self._value(field, is_answer=is_answer)
        return {"type": "array", "items": value} if field.is_repeated else value

    def _value(self, field: FieldDescriptor, *, is_answer: bool) -> Schema:
        options = field.GetOptions()
        if options.HasExtension(json_pb2.column):
            return _column(options.Extensions[json_pb2.column])
        if options.HasExtension(json_pb2.decimal):
            return _decimal(options.Extensions[json_pb2.decimal].scale)
        if field.message_type is not None:
            return self._message(field.message_type, is_answer=is_answer)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return dict(_SCALARS[field.type])

    def _enum(self, enum: EnumDescriptor) -> Schema:
        name = enum.full_name.removeprefix(f"{enum.file.package}.")
        lines = [
            f"- `{value.name}`: {self._comments.of(f'{enum.full_name}.{value.name}')}"
            for value in enum.values
        ]
        self._schemas[name] = {
            "type": "string",
            "enum": [value.name for value in enum.values],
            "description": "\n".join([self._comments.of(enum.full_name), "", *lines]),
        }
        return {"$ref": f"#/components/schemas/{name}"}

    def _example(self, schema: Schema, depth: int = 0) -> object:
        """Returns a value that fits a schema, for a reader to see its shape."""
        schema = schema["anyOf"][0] if "anyOf" in schema else schema
        if "$ref" in schema:
            schema = self._schemas[str(schema["$ref"]).rpartition("/")[2]]
        examples: Sequence[object] = schema.get("examples", schema.get("enum", ()))
        if examples:
            return examples[-1]
        kind = str(schema.get("type", "string"))
        if kind == "array":
            return [self._example(schema["items"], depth + 1)]
        if kind == "object":
            fields: Mapping[str, Schema] = schema.get("properties", {})
            return {
                name: self._example(field, depth + 1)
                for name, field in fields.items()
                if depth <= _DEEPEST_PARAMETER
            }
        return _EXAMPLES.get(kind, _EXAMPLES["integer" if "integer" in kind else "string"])


_EXAMPLES: Mapping[Any, object] = {"string": "…", "integer": 1, "number": 1.5, "boolean": True}

_INT32: Schema = {"type": "integer", "format": "int32"}
_UINT32: Schema = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
_INT64: Schema = {"type": "string", "format": "int64", "examples": ["1"]}
_UINT64: Schema = {"type": "string", "format": "uint64", "examples": ["1"]}
_NUMBER: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]
}
_DATE_TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "examples": ["2026-04-06T13:00:00+02:00"],
}

_SCALARS: Mapping[int, Schema] = {
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT32,
            FieldDescriptor.TYPE_SINT32,
            FieldDescriptor.TYPE_SFIXED32,
        ),
        _INT32,
    ),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32), _UINT32),
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT64,
            FieldDescriptor.TYPE_SINT64,
            FieldDescriptor.TYPE_SFIXED64,
        ),
        _INT64,
    ),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), _UINT64),
    FieldDescriptor.TYPE_FLOAT: _NUMBER,
    FieldDescriptor.TYPE_DOUBLE: _NUMBER,
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}

_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": _DATE_TIME,
    "google.protobuf.Duration": {"type": "string", "examples": ["1.5s"]},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["name,homeAddress"]},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
}

_FILE: Schema = {
    "description": "A file, of the type that Content-Type says.",
    "headers": {"Content-Disposition": {"$ref": "#/components/headers/Content-Disposition"}},
    "content": {"*/*": {}},
}

_ID = "01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52"

_STREAM: Schema = {
    "operationId": "Stream",
    "tags": ["Events"],
    "summary": "Tells what happens while it happens",
    "description": (
        "Tells what happens while it happens: to the caller's own offers, tickets and places on "
        "waiting lists, and what everyone may know of events. Event staff and customer service are "
        "told of all customers.\n\n"
        "Nothing is replayed. The first event is `ready`: from then on all is told, so fetch what "
        "is shown. It comes again when something may have been missed; fetch again. An event may "
        "come twice, with the same id. How many tickets are left is told at most every half "
        "second, and always in the end.\n\n"
        "The stream ends when the access token expires: open the next one with a new token. A "
        "comment comes after 15 seconds of silence; when nothing has come for longer, the "
        "connection is lost."
    ),
    "parameters": [],
    "security": _LOGIN,
}

_CROSS_SITE = "A request with a cookie may come from another site."

_EXPORT: Schema = {
    "operationId": "Export",
    "tags": ["Identity"],
    "summary": "Hands out all that is held about the caller",
    "description": (
        "Hands out all that is held about the caller and the customers that the account stands "
        "for, of all services, as one file (GDPR art. 15 and 20). It needs a login of the last ten "
        "minutes."
    ),
    "parameters": [],
    "security": _LOGIN,
}

_EXPORT_ANSWER = "A file `kundeapp-export-<date>.json`; what is not known is null."

_STREAM_ANSWER = (
    "Server-sent events, each with its `id`, its name as `event`, and one of these messages as "
    "`data`. Pass over names that you do not know: there will be more."
)

_KEY_PARAMETER: Schema = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": (
        "Any text that names this attempt, such as a UUID: a retry with the same key and the same "
        "request returns the first answer and changes nothing more."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[\\x21-\\x7e]+$",
        "examples": [_ID],
    },
}

_PROBLEM: Schema = {
    "type": "object",
    "description": "Why a request was refused or failed (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "traceId"],
    "properties": {
        "type": {"type": "string", "description": "Where the code is explained."},
        "title": {"type": "string", "description": "The code, for people; always in English."},
        "status": {"type": "integer", "description": "The status of the response."},
        "detail": {"type": "string", "description": "What happened and what to do."},
        "code": {"type": "string", "description": "What a program acts on."},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string", "description": "The path of the field."},
                    "code": {"type": "string", "description": "What a program acts on."},
                    "detail": {"type": "string", "description": "What is wrong with it."},
                },
            },
        },
        "retryAfter": {
            "type": "integer",
            "description": "When to try again, in seconds; also in the header Retry-After.",
        },
        "traceId": {"type": "string", "description": "What to tell customer service."},
    },
}


def _problem(description: str, *headers: str) -> Schema:
    """Returns a kind of refusal, with the headers that it has beside those of every one."""
    named = ("Content-Language", *headers)
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in named},
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_HEADERS: Final[Mapping[str, Schema]] = {
    "Content-Language": {
        "description": "The language of the texts: nn, nb or en.",
        "required": True,
        "schema": {"type": "string", "enum": ["nn", "nb", "en"]},
    },
    "Retry-After": {
        "description": "When to try again, in seconds.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "How to say who calls.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Content-Disposition": {
        "description": "Whether a browser shows it or keeps it, and the name of the file.",
        "required": True,
        "schema": {"type": "string"},
    },
}

_PROBLEMS: Final[Mapping[str, Schema]] = {
    "Problem": _problem("The request was refused, or it failed."),
    "Unauthenticated": _problem("Nobody is who the request says.", "WWW-Authenticate"),
    "TryLater": _problem("It can be tried again later.", "Retry-After"),
}
_KINDS: Final = {"401": "Unauthenticated", "429": "TryLater", "503": "TryLater"}

_OF_ANY: Final = ("400", "413", "431", "503", "default")
"""What may come of any request, and is said once for all of them."""
_OF_A_CHANGE: Final = ("401", "408", "409", "415", "429")


def _refused(statuses: Iterable[str]) -> dict[str, Schema]:
    """Returns refusals by status."""
    return {
        status: {"$ref": f"#/components/responses/{_KINDS.get(status, 'Problem')}"}
        for status in statuses
    }


def _told(refusals: Mapping[str, str]) -> dict[str, Schema]:
    """Returns refusals by status, each with what it says of an operation."""
    return {
        status: {**refusal, "description": refusals[status]}
        for status, refusal in _refused(refusals).items()
    }


def _refusals(route: Route) -> dict[str, Schema]:
    is_public, is_reading = _is_public(route.rpc), route.http_method == "GET"
    told: dict[str, str] = {}
    if not is_public:
        told["401"] = "Nobody is logged in."
    if access.rule_of(route.rpc).WhichOneof("caller") == "staff":
        told["403"] = (
            "The caller lacks the role, or a request with a cookie may come from another site."
        )
    elif not is_public or route.cookies.taken or route.cookies.given:
        told["403"] = _CROSS_SITE
    if route.template.variables:
        told["404"] = "There is no such thing, or it is none of the caller's."
    if route.rpc.input_type.fields:
        told["422"] = "Fields are wrong; each is named."
    of_all = _OF_ANY if is_reading else (*_OF_A_CHANGE, *_OF_ANY)
    if route.template.variables or route.body_fields:
        of_all = ("404", "409", *of_all)
    return dict(sorted({**_refused(of_all), **_told(told)}.items()))


def _is_public(rpc: MethodDescriptor) -> bool:
    return access.rule_of(rpc).WhichOneof("caller") == "public"


def _roles(rpc: MethodDescriptor) -> str:
    rule = access.rule_of(rpc)
    if rule.WhichOneof("caller") != "staff":
        return ""
    roles = ", ".join(f"`{access_pb2.Staff.Role.Name(role)}`" for role in rule.staff.roles)
    return f"\n\nFor staff with the role {roles}."


def _forgotten(route: Route) -> str:
    if not route.cookies.forgotten:
        return ""
    names = ", ".join(f"`{cookies.PREFIX}{name}`" for name in route.cookies.forgotten)
    return f"\n\nRemoves from a browser: {names}."


def _form(field: str, value: str) -> Schema:
    """Returns the body of an operation that a form with one field may stand for."""
    schema = {
        "type": "object",
        "properties": {field: {"const": value}},
        "required": [field],
        "additionalProperties": False,
    }
    content = {"schema": schema, "example": {field: value}}
    return {
        "description": f"Nothing, or a form with one field, `{field}={value}`.",
        "required": False,
        "content": dict.fromkeys(forms.MEDIA_TYPES, content),
    }


def _kept(field: FieldDescriptor, *, is_answer: bool) -> str:
    """Returns what is to be said of a field that a browser keeps as a cookie."""
    name = cookie_of(field)
    if not name:
        return ""
    cookie = f"`{cookies.PREFIX}{name}`"
    if is_answer:
        return f"\n\nEmpty for a browser, which keeps it in the cookie {cookie}."
    return f"\n\nA browser leaves it out: the cookie {cookie} fills it."


def _is_required(field: FieldDescriptor) -> bool:
    if cookie_of(field):  # by an app, but not by a browser
        return False
    behaviours = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviours


def _decimal(scale: int) -> Schema:
    return {"type": "number", "format": "decimal", "examples": [round(12.3456789, scale)]}


def _column(column: json_pb2.Column) -> Schema:
    if column.type == json_pb2.Column.TIMESTAMP:
        return {"type": "array", "items": _DATE_TIME}
    if column.scale == 0:
        return {"type": "array", "items": {"type": ["integer", "null"]}}
    return {
        "type": "array",
        "items": {
            "type": ["number", "null"],
            "format": "decimal",
            "examples": [round(5.93912345, column.scale)],
        },
    }


def _tag(rpc: MethodDescriptor) -> str:
    return rpc.containing_service.name.removesuffix("Service")


def _path(template: Template) -> str:
    """Returns a path template as OpenAPI writes it: one variable a segment."""
    parts = list(template.segments)
    for variable in template.variables:
        names = iter(_parameter_names(template, variable.field_path))
        for index in range(variable.start, variable.end or len(parts)):
            if parts[index] in (ONE, REST):
                parts[index] = f"{{{next(names)}}}"
    return "/" + "/".join(parts) + (f":{template.verb}" if template.verb else "")


def _parameter_names(template: Template, field_path: tuple[str, ...]) -> Sequence[str]:
    variable = next(v for v in template.variables if v.field_path == field_path)
    open_segments = [
        segment
        for segment in template.segments[variable.start : variable.end]
        if segment in (ONE, REST)
    ]
    name = ".".join(field_path)
    if len(open_segments) == 1:
        return [name]
    return [f"{name}{number}" for number in range(1, len(open_segments) + 1)]
