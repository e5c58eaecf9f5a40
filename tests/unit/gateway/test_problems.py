"""How refusals look to a client."""

from typing import Any

import grpc
import orjson
import pytest
from google.protobuf.descriptor import Descriptor

from gateway import problems
from kit import errors, status
from kit.errors import FieldError
from tests.protos import compiled

TRACE = "0af7651916cd43dd8448eb211c80319c"
THING: Descriptor = compiled.echo().message_types_by_name["Thing"]


class Exists(errors.Conflict):
    reason = "ACCOUNT_EXISTS"


class Changed(errors.Aborted):
    reason = "MAILING_CHANGED"


class WrongCredentials(errors.Unauthenticated):
    reason = "WRONG_CREDENTIALS"


def body(document: problems.Document) -> dict[str, Any]:
    return orjson.loads(document.body)


@pytest.mark.parametrize(
    ("problem", "http_status"),
    [
        (errors.Invalid(FieldError("name", "REQUIRED_FIELD")), 422),
        (errors.Malformed(detail="JSON"), 400),
        (errors.NotFound(), 404),
        (Exists(), 409),
        (Changed(version=2), 409),
        (WrongCredentials(), 401),
        (errors.Denied(), 403),
        (errors.TooMany(retryAfter=30), 429),
        (errors.Unavailable(), 503),
        (problems.MethodNotAllowed({"GET"}), 405),
        (problems.UnsupportedMediaType(), 415),
        (problems.PayloadTooLarge(limit=5), 413),
        (problems.HeadersTooLarge(), 431),
        (problems.RequestTimeout(), 408),
    ],
)
def test_each_kind_has_its_status(problem: errors.Problem, http_status: int) -> None:
    document = problems.of_problem(problem, "en", TRACE)
    assert document.status == http_status
    assert body(document)["status"] == http_status
    assert body(document)["code"] == problem.reason
    assert "{" not in body(document)["detail"]


def test_no_connection_is_used_again_whose_body_was_not_read() -> None:
    for problem in (problems.PayloadTooLarge(limit=5), problems.RequestTimeout()):
        assert ("connection", "close") in problems.of_problem(problem, "en", TRACE).headers
    document = problems.of_problem(errors.NotFound(), "en", TRACE)
    assert "connection" not in dict(document.headers)


def test_a_document_says_it_all() -> None:
    refusal = status.status_of(
        errors.Invalid(
            FieldError("renamed", "REQUIRED_FIELD"),
            FieldError("children[2].an_int32", "NOT_AN_INTEGER", {"minimum": 1, "maximum": 2}),
            FieldError("line 17", "REQUIRED_FIELD"),
        ),
        "nb",
    )
    document = problems.of_status(refusal, THING, "nb", TRACE)
    assert body(document) == {
        "type": "/docs#INVALID_FIELDS",
        "title": "Invalid fields",
        "status": 422,
        "detail": "Rett disse feltene og prøv igjen: from, children[2].anInt32, line 17.",
        "code": "INVALID_FIELDS",
        "errors": [
            {"field": "from", "code": "REQUIRED_FIELD", "detail": "Fyll ut dette feltet."},
            {
                "field": "children[2].anInt32",
                "code": "NOT_AN_INTEGER",
                "detail": "Skriv et heltall fra 1 til 2.",
            },
            {"field": "line 17", "code": "REQUIRED_FIELD", "detail": "Fyll ut dette feltet."},
        ],
        "traceId": TRACE,
    }
    assert ("content-type", "application/problem+json") in document.headers
    assert ("content-language", "nb") in document.headers


def test_when_to_try_again_is_a_fact_and_a_header() -> None:
    document = problems.of_problem(errors.TooMany(retryAfter=30), "nn", TRACE)
    assert body(document)["retryAfter"] == 30
    assert ("retry-after", "30") in document.headers


def test_days_that_are_too_few_are_numbers() -> None:
    class TooFewDays(errors.FailedPrecondition):
        reason = "TOO_FEW_DAYS"

    facts = body(problems.of_problem(TooFewDays(days=3, least=7), "nn", TRACE))
    assert (facts["days"], facts["least"]) == (3, 7)


def test_unavailable_says_when_to_try_again() -> None:
    document = problems.of_failure(grpc.StatusCode.UNAVAILABLE, "nn", TRACE)
    assert document.status == 503
    assert ("retry-after", "5") in document.headers


def test_a_deadline_is_a_gateway_timeout() -> None:
    assert problems.of_failure(grpc.StatusCode.DEADLINE_EXCEEDED, "nn", TRACE).status == 504


def test_a_login_is_asked_for_in_the_way_of_http() -> None:
    document = problems.of_problem(errors.Unauthenticated(), "nn", TRACE)
    assert ("www-authenticate", 'Bearer realm="kundeapp"') in document.headers


def test_allowed_methods_are_told() -> None:
    document = problems.of_problem(problems.MethodNotAllowed({"GET", "PUT"}), "nn", TRACE)
    assert ("allow", "GET, HEAD, OPTIONS, PUT") in document.headers


def test_a_failure_tells_nothing_of_its_cause() -> None:
    refusal = status.status_of_failure(grpc.StatusCode.INTERNAL, "en")
    refusal.message = "password is hunter2"
    document = problems.of_status(refusal, None, "en", TRACE)
    assert document.status == 500
    assert b"hunter2" not in document.body


@pytest.mark.parametrize("code", [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.NOT_FOUND])
def test_what_grpc_itself_makes_of_a_failure_is_one(code: grpc.StatusCode) -> None:
    document = problems.of_failure(code, "en", TRACE)
    assert (document.status, document.code) == (500, "INTERNAL")


def test_a_reason_of_a_newer_service_is_told_in_its_own_words() -> None:
    refusal = status.status_of(Exists(), "en")
    for index, detail in enumerate(refusal.details):
        if b"ACCOUNT_EXISTS" in detail.value:
            refusal.details[index].value = detail.value.replace(
                b"ACCOUNT_EXISTS", b"BRAND_NEW_CODE"
            )
    document = problems.of_status(refusal, None, "en", TRACE)
    assert body(document)["code"] == "BRAND_NEW_CODE"
    assert body(document)["detail"] == "You already have an account: log in."
