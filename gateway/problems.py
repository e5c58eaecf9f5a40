"""Refusals and failures as problem documents (RFC 9457), in the caller's language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final

import grpc
import orjson
from google.protobuf.descriptor import Descriptor
from google.rpc import error_details_pb2, status_pb2

from kit import errors, status, texts
from kit.texts import Language

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/docs#"
"""A problem's type is the place in the API page that explains its code."""

RETRY_WHEN_UNAVAILABLE: Final = 5
"""When to try again after a 503, in seconds: what a restart takes."""

_STATUSES: Mapping[grpc.StatusCode, HTTPStatus] = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.ABORTED: HTTPStatus.CONFLICT,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
}

_FAILURE: Final = "INTERNAL"
_BODY_UNREAD = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT})

# Facts travel as text. These are numbers; `detail` and `fields` are said by the document itself.
_NUMBERS = frozenset(
    {"available", "currentVersion", "days", "least", "limit", "reserved", "retryAfter"}
)
_SAID_ELSEWHERE = frozenset({"detail", "fields"})


class HttpProblem(errors.Problem):
    """A refusal that only HTTP knows, with the status that says so."""

    status: ClassVar[HTTPStatus]


class MethodNotAllowed(HttpProblem):
    """The path exists, but not for this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    reason = "METHOD_NOT_ALLOWED"

    def __init__(self, methods: Iterable[str]) -> None:
        super().__init__(allow=allow(methods))


class UnsupportedMediaType(HttpProblem):
    """The body is not declared to be JSON in UTF-8."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    reason = "UNSUPPORTED_MEDIA_TYPE"


class PayloadTooLarge(HttpProblem):
    """The body is larger than the fact `limit`, in bytes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    reason = "PAYLOAD_TOO_LARGE"


class HeadersTooLarge(HttpProblem):
    """The headers, or the path and query, are larger than they may be."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    reason = "HEADERS_TOO_LARGE"


class ExportTooLarge(HttpProblem):
    """All that is held about the caller does not fit in a file."""

    status = HTTPStatus.CONFLICT
    reason = "EXPORT_TOO_LARGE"


class RequestTimeout(HttpProblem):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    reason = "DEADLINE_EXCEEDED"


def allow(methods: Iterable[str]) -> str:
    """Returns the Allow header (RFC 9110, 10.2.1) of a path that the protos declare methods for."""
    answered = {"OPTIONS", *methods}
    if "GET" in answered:
        answered.add("HEAD")
    return ", ".join(sorted(answered))


@dataclass(frozen=True)
class Document:
    """A problem document, ready to be sent.

    Attributes:
        status: The status of the response.
        code: The reason, a name of `kundeapp.errors.v1.Reason`.
        headers: Headers of the response, in lower case.
        body: The JSON.
    """

    status: HTTPStatus
    code: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def of_problem(problem: errors.Problem, language: Language, trace_id: str) -> Document:
    """Returns the document of a refusal of the gateway itself."""
    if isinstance(problem, HttpProblem):
        facts = {name: str(fact) for name, fact in problem.facts.items()}
        detail = texts.render(problem.reason, language, facts)
        return _document(
            problem.status, problem.reason, detail, facts, language=language, trace_id=trace_id
        )
    return of_status(status.status_of(problem, language), None, language, trace_id)


def of_failure(code: grpc.StatusCode, language: Language, trace_id: str) -> Document:
    """Returns the document of a failure that is no refusal; it tells nothing of the cause."""
    return of_status(status.status_of_failure(code, language), None, language, trace_id)


def of_status(
    refusal: status_pb2.Status, request: Descriptor | None, language: Language, trace_id: str
) -> Document:
    """Returns the document of a rich gRPC status.

    Args:
        refusal: What the service answered.
        request: The type of the request, whose field names become JSON names; None if the fields
            are JSON paths already.
        language: Of the texts.
        trace_id: Of the request, 32 hexadecimal digits.
    """
    info, violations = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    localized = error_details_pb2.LocalizedMessage()
    for detail in refusal.details:
        for known in (info, violations, localized):
            detail.Unpack(known)
    wrong = [
        {
            "field": violation.field if request is None else json_path(violation.field, request),
            "code": violation.reason,
            "detail": violation.localized_message.message,
        }
        for violation in violations.field_violations
    ]
    http_status = _STATUSES.get(status.code_of(refusal), HTTPStatus.INTERNAL_SERVER_ERROR)
    if info.reason == errors.Malformed.reason:
        http_status = HTTPStatus.BAD_REQUEST
    elif info.reason == _FAILURE:  # whatever gRPC itself made of it
        http_status = HTTPStatus.INTERNAL_SERVER_ERROR
    facts = dict(info.metadata)
    if http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        facts.setdefault("retryAfter", str(RETRY_WHEN_UNAVAILABLE))
    if info.reason == errors.Invalid.reason:
        facts["fields"] = ", ".join(error["field"] for error in wrong)
    try:
        text = texts.render(info.reason, language, facts)
    except ValueError:  # a reason that a newer service knows, and this gateway does not
        text = localized.message
    return _document(
        http_status, info.reason, text, facts, wrong=wrong, language=language, trace_id=trace_id
    )


def _document(
    http_status: HTTPStatus,
    code: str,
    detail: str,
    facts: Mapping[str, str],
    *,
    language: Language,
    trace_id: str,
    wrong: Sequence[Mapping[str, str]] = (),
) -> Document:
    body: dict[str, object] = {
        "type": TYPE_PREFIX + code,
        "title": title_of(code),
        "status": http_status.value,
        "detail": detail,
        "code": code,
    }
    if wrong:
        body["errors"] = wrong
    for name, fact in facts.items():
        if name not in _SAID_ELSEWHERE:
            body[name] = int(fact) if name in _NUMBERS else fact
    body["traceId"] = trace_id
    headers = [
        ("content-type", MEDIA_TYPE),
        ("content-language", language),
        ("vary", "accept-language"),
    ]
    if "retryAfter" in facts:
        headers.append(("retry-after", facts["retryAfter"]))
    if http_status in _BODY_UNREAD:
        # The connection cannot be used again, and a client must not try.
        headers.append(("connection", "close"))
    if http_status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("allow", facts["allow"]))
    if http_status == HTTPStatus.UNAUTHORIZED:
        headers.append(("www-authenticate", 'Bearer realm="kundeapp"'))
    return Document(http_status, code, tuple(headers), orjson.dumps(body))


def title_of(code: str) -> str:
    """Returns the title of a problem, the same for each occurrence: its code, for people."""
    return code.replace("_", " ").capitalize()


def json_path(path: str, request: Descriptor) -> str:
    """Returns a path of proto names in JSON names; what is no such path stays as it is."""
    names: list[str] = []
    descriptor: Descriptor | None = request
    for part in path.split("."):
        name, bracket, index = part.partition("[")
        field = descriptor.fields_by_name.get(name) if descriptor is not None else None
        if field is None:
            return path
        names.append(field.json_name + bracket + index)
        descriptor = field.message_type
    return ".".join(names)
