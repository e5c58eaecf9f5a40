"""Every refusal names a reason that exists, and arrives at the caller as it was raised."""

from collections.abc import Iterator
from typing import TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from kit import errors, status, texts
from kit.errors import FieldError, Kind, Problem
from kundeapp.errors.v1 import errors_pb2
from tests.unit.kit.modules import modules

_Detail = TypeVar("_Detail", bound=Message)

# What sets a kind, or a family of them, and leaves the reason to those below it.
WITHOUT_REASON = {"Aborted", "Conflict", "FailedPrecondition", "HttpProblem"}


def test_every_problem_names_a_reason_that_exists() -> None:
    modules("kit", "services", "gateway")
    problems = list(_below(Problem))
    assert len(problems) > len(Kind)
    for problem in problems:
        reason = getattr(problem, "reason", None)
        if problem.__name__ in WITHOUT_REASON:
            assert reason is None, problem
            assert problem.__subclasses__(), problem
        else:
            assert reason in errors_pb2.Reason.keys(), problem  # noqa: SIM118 - an enum, no mapping
            assert reason != "REASON_UNSPECIFIED", problem


class TooLate(errors.FailedPrecondition):
    reason = "SESSION_ENDED"


class Twice(errors.Conflict):
    reason = "ACCOUNT_EXISTS"


class Changed(errors.Aborted):
    reason = "MAILING_CHANGED"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (errors.Invalid(FieldError("email", "REQUIRED_FIELD")), grpc.StatusCode.INVALID_ARGUMENT),
        (errors.Malformed(detail="no JSON"), grpc.StatusCode.INVALID_ARGUMENT),
        (errors.NotFound(), grpc.StatusCode.NOT_FOUND),
        (Twice(), grpc.StatusCode.ALREADY_EXISTS),
        (Changed(version=2), grpc.StatusCode.ABORTED),
        (TooLate(), grpc.StatusCode.FAILED_PRECONDITION),
        (errors.Unauthenticated(), grpc.StatusCode.UNAUTHENTICATED),
        (errors.Denied(), grpc.StatusCode.PERMISSION_DENIED),
        (errors.TooMany(retryAfter=30), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (errors.Unavailable(), grpc.StatusCode.UNAVAILABLE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_problem_travels_whole(problem: Problem, code: grpc.StatusCode) -> None:
    sent = status.status_of(problem, "nb")
    assert status.code_of(sent) is code

    trailing = (("other", "text"), (status.DETAILS_KEY, sent.SerializeToString()))
    received = status.status_from(code, trailing)
    assert received == sent

    info = _detail(received, error_details_pb2.ErrorInfo())
    assert (info.domain, info.reason) == ("kundeapp", problem.reason)
    assert dict(info.metadata) == {name: str(fact) for name, fact in problem.facts.items()}
    localized = _detail(received, error_details_pb2.LocalizedMessage())
    assert localized.locale == "nb"
    assert localized.message == texts.render(problem.reason, "nb", problem.facts)
    assert received.message == texts.render(problem.reason, "en", problem.facts)


def test_every_kind_has_a_class() -> None:
    kinds = {
        problem.kind for problem in errors.Problem.__subclasses__() if hasattr(problem, "kind")
    }
    assert kinds >= set(Kind)


def test_wrong_fields_are_named_each_in_the_callers_language() -> None:
    problem = errors.Invalid(
        FieldError("password", "PASSWORD_TOO_SHORT", {"shortest": 12}),
        FieldError("line 17", "REQUIRED_FIELD"),
    )
    violations = _detail(
        status.status_of(problem, "nn"), error_details_pb2.BadRequest()
    ).field_violations
    assert [(error.field, error.reason) for error in violations] == [
        ("password", "PASSWORD_TOO_SHORT"),
        ("line 17", "REQUIRED_FIELD"),
    ]
    for error, told in zip(problem.fields, violations, strict=True):
        assert told.localized_message.locale == "nn"
        assert told.localized_message.message == texts.render(error.reason, "nn", error.facts)
        assert told.description == texts.render(error.reason, "en", error.facts)


def test_of_very_many_wrong_fields_as_many_are_named_as_a_caller_takes() -> None:
    fields = [f"changes[{number}].notice_version" for number in range(9_999)]
    problem = errors.Invalid(*(FieldError(field, "NOT_AN_INTEGER") for field in fields))
    sent = status.status_of(problem, "nb")
    violations = _detail(sent, error_details_pb2.BadRequest()).field_violations
    assert [error.field for error in violations] == fields[: errors.MOST_FIELDS]
    # Of metadata, gRPC takes 8 KiB, and some count it in base64.
    assert len(sent.SerializeToString()) * 4 / 3 < 8 * 1024


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]])
def test_a_failure_without_details_is_told_without_a_cause(code: grpc.StatusCode) -> None:
    received = status.status_from(code, (("secret", "of the peer"),))
    assert status.code_of(received) is code
    assert "secret" not in str(received)
    reason = _detail(received, error_details_pb2.ErrorInfo()).reason
    assert reason == (
        code.name if code.name in {"UNAVAILABLE", "DEADLINE_EXCEEDED"} else "INTERNAL"
    )


def _below(kind: type[Problem]) -> Iterator[type[Problem]]:
    for problem in kind.__subclasses__():
        if not problem.__module__.startswith("tests."):
            yield problem
            yield from _below(problem)


def _detail(whole: status_pb2.Status, detail: _Detail) -> _Detail:
    assert any(packed.Unpack(detail) for packed in whole.details)
    return detail
