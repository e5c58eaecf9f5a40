"""How a refusal of the suite reaches a person, a program and the exit status."""

import json
from collections.abc import Callable

import grpc
import httpx
import pytest

from cli import services
from cli.gateway import Gateway
from cli.outcome import CommandError, Exit, Fault, Output
from kit import errors, status
from kit.errors import FieldError


class BadFile(errors.Invalid):
    """A file that is refused."""

    reason = "BAD_FILE"


def _answering(response: httpx.Response) -> Callable[..., httpx.Response]:
    def request(*_: object, **__: object) -> httpx.Response:
        return response

    return request


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, Exit.REFUSED),
        (grpc.StatusCode.INTERNAL, Exit.REFUSED),
        (grpc.StatusCode.UNAVAILABLE, Exit.UNREACHABLE),
        (grpc.StatusCode.DEADLINE_EXCEEDED, Exit.UNREACHABLE),
        (grpc.StatusCode.UNAUTHENTICATED, Exit.NOT_ALLOWED),
        (grpc.StatusCode.PERMISSION_DENIED, Exit.NOT_ALLOWED),
    ],
)
def test_a_status_decides_how_the_command_ends(code: grpc.StatusCode, expected: Exit) -> None:
    assert services.refusal("localhost:8082", code, "", ()).status is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (401, Exit.NOT_ALLOWED),
        (403, Exit.NOT_ALLOWED),
        (409, Exit.REFUSED),
        (422, Exit.REFUSED),
        (503, Exit.UNREACHABLE),
    ],
)
def test_an_http_status_decides_how_the_command_ends(
    code: int, expected: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = {"code": "WRONG_CREDENTIALS", "detail": "The e-mail or the password is wrong."}
    monkeypatch.setattr(httpx, "request", _answering(httpx.Response(code, json=problem)))

    with pytest.raises(CommandError, match="password is wrong") as refused:
        Gateway("http://localhost:1").post("/v1/sessions", {})

    assert refused.value.status is expected
    assert refused.value.code == "WRONG_CREDENTIALS"


def test_a_gateway_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx, "request", refuse)

    with pytest.raises(CommandError) as refused:
        Gateway("http://localhost:1").post("/v1/sessions", {})
    assert refused.value.status is Exit.UNREACHABLE


def test_an_answer_that_is_no_problem_document_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(httpx, "request", _answering(httpx.Response(418, text="teapot")))

    with pytest.raises(CommandError, match="HTTP 418") as refused:
        Gateway("http://localhost:1").post("/v1/sessions", {})
    assert refused.value.status is Exit.REFUSED


def test_a_bad_file_names_each_line_and_what_is_wrong_with_it() -> None:
    problem = BadFile(FieldError("line 17", "INTERNAL"), badLines="17")

    rich = status.status_of(problem, "nn")
    trailing = ((status.DETAILS_KEY, rich.SerializeToString()),)

    refused = services.refusal("localhost:8082", status.code_of(rich), "", trailing)

    assert refused.code == "BAD_FILE"
    assert "17" in refused.message
    assert [(fault.where, fault.code) for fault in refused.faults] == [("line 17", "INTERNAL")]
    assert refused.faults[0].message


ERROR = CommandError(Exit.REFUSED, "BAD_FILE", "Refused.", [Fault("line 17", "X", "no [number]")])


def test_a_person_sees_a_table_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).error(ERROR)

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "line 17" in printed.err
    assert "no [number]" in printed.err


def test_a_program_gets_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).error(ERROR)

    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out)["error"]["errors"] == [
        {"field": "line 17", "code": "X", "message": "no [number]"}
    ]
