"""The one table from a problem to a gRPC status, and how a status travels.

A refusal travels as google.rpc.Status with ErrorInfo (the reason and its facts), BadRequest (the
wrong fields) and LocalizedMessage (the text in the caller's language), in the trailing metadata
that gRPC reserves for it.
"""

from collections.abc import Mapping, Sequence

import grpc
from google.rpc import error_details_pb2, status_pb2

from kit import texts
from kit.errors import FieldError, Kind, Problem
from kit.texts import Language

DOMAIN = "kundeapp"
DETAILS_KEY = "grpc-status-details-bin"

_CODES: Mapping[Kind, grpc.StatusCode] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
    Kind.ABORTED: grpc.StatusCode.ABORTED,
    Kind.FAILED_PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.TOO_MANY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}

_REASONS_OF_FAILURES: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.UNAVAILABLE: "UNAVAILABLE",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
}


def status_of(problem: Problem, language: Language) -> status_pb2.Status:
    """Returns the rich status of a problem, with its texts in one language."""
    return _status(_CODES[problem.kind], problem.reason, language, problem.facts, problem.fields)


def status_of_failure(code: grpc.StatusCode, language: Language) -> status_pb2.Status:
    """Returns the rich status of a failure that is no refusal; it tells nothing of the cause."""
    return _status(code, _REASONS_OF_FAILURES.get(code, "INTERNAL"), language, {}, ())


def code_of(status: status_pb2.Status) -> grpc.StatusCode:
    """Returns the gRPC status code of a rich status."""
    return _CODES_BY_NUMBER[status.code]


def status_from(
    code: grpc.StatusCode, trailing: Sequence[tuple[str, str | bytes]]
) -> status_pb2.Status:
    """Returns the rich status that came with an answer, or one that says INTERNAL where none came.

    Args:
        code: The status code of the answer.
        trailing: The trailing metadata of the answer.
    """
    for key, value in trailing:
        if key == DETAILS_KEY and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return status_of_failure(code, "nn")


def _status(
    code: grpc.StatusCode,
    reason: str,
    language: Language,
    facts: Mapping[str, str | int],
    fields: Sequence[FieldError],
) -> status_pb2.Status:
    status = status_pb2.Status(code=code.value[0], message=texts.render(reason, "en", facts))
    metadata = {name: str(fact) for name, fact in facts.items()}
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)
    status.details.add().Pack(info)
    if fields:
        violations = [_violation(error, language) for error in fields]
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=violations))
    status.details.add().Pack(_localized(reason, language, facts))
    return status


def _violation(
    error: FieldError, language: Language
) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=error.field,
        reason=error.reason,
        description=texts.render(error.reason, "en", error.facts),
        localized_message=_localized(error.reason, language, error.facts),
    )


def _localized(
    reason: str, language: Language, facts: Mapping[str, str | int]
) -> error_details_pb2.LocalizedMessage:
    return error_details_pb2.LocalizedMessage(
        locale=language, message=texts.render(reason, language, facts)
    )


_CODES_BY_NUMBER: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
