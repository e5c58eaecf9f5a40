"""What staff ask for about a customer, what identity is told, and what they see."""

import contextlib
import json
from collections.abc import Generator
from typing import Any

import pytest
from google.protobuf.message import Message
from typer.testing import CliRunner

from cli import services
from cli.__main__ import app
from cli.outcome import CommandError, Exit
from cli.session import Sessions
from kundeapp.identity.v1 import identity_service_pb2 as pb

runner = CliRunner()
WHY = ("--reason", "Kunden ringde.")
LEFT = "0195e0c0-0000-7000-8000-000000000001"


class Identity:
    """Stands for the service: notes what it is asked, and gives the answer it was told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answer: Message = pb.CustomerRecord()

    def __call__(self, _channel: object) -> "Identity":
        return self

    def __getattr__(self, rpc: str) -> Any:
        def call(request: Message, *, metadata: object, timeout: float) -> Message:
            assert metadata == (("authorization", "Bearer token"),)
            assert timeout > 0
            assert type(request).__name__ == f"{rpc}Request"
            self.requests.append(request)
            return self.answer

        return call


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    stub = Identity()

    @contextlib.contextmanager
    def open_channel(*_: object) -> Generator[None]:
        yield

    monkeypatch.setattr(services.identity_grpc, "IdentityServiceStub", stub)
    monkeypatch.setattr(services, "open_channel", open_channel)

    def token(_: Sessions) -> str:
        return "token"

    monkeypatch.setattr(Sessions, "internal_token", token)
    return stub


def run(*command: str, status: Exit = Exit.OK, typed: str = "") -> str:
    result = runner.invoke(app, ["customers", *command], input=typed, env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def run_json(*command: str, status: Exit = Exit.OK) -> Any:
    return json.loads(run(*command, "--json", status=status))


def test_a_customer_is_shown_with_the_reason_told(identity: Identity) -> None:
    identity.answer = pb.CustomerRecord(
        customer=pb.Customer(
            id=LEFT, customer_number="100001", name="Kari Fjord", status=pb.Customer.MOVED
        ),
        email="kari@fil.no",
        account_email="kari@example.no",
    )

    shown = run("look-up", "100001", *WHY)

    [request] = identity.requests
    assert (request.customer_number, request.reason) == ("100001", "Kunden ringde.")
    assert all(text in shown for text in ("Kari Fjord", "moved", "kari@fil.no", "kari@example.no"))
    assert run_json("look-up", "100001", *WHY) == {
        "id": LEFT,
        "customerNumber": "100001",
        "name": "Kari Fjord",
        "status": "MOVED",
        "email": "kari@fil.no",
        "mobile": "",
        "accountEmail": "kari@example.no",
    }


def test_a_pin_is_shown_and_each_attempt_has_a_key_of_its_own(identity: Identity) -> None:
    identity.answer = pb.IssuedPin(customer_number="100001", pin="12345678")
    assert "12345678" in run("issue-pin", "100001", *WHY)
    assert run_json("issue-pin", "100001", *WHY) == {"customerNumber": "100001", "pin": "12345678"}
    first, second = identity.requests
    assert first.request_id
    assert first.request_id != second.request_id


def test_a_customer_is_logged_out_and_it_is_told_of_how_many_logins(identity: Identity) -> None:
    identity.answer = pb.EndCustomerSessionsResponse(ended=3)
    assert "3" in run("log-out", "100001", *WHY)
    assert run_json("log-out", "100001", *WHY) == {"customerNumber": "100001", "ended": 3}
    request, _ = identity.requests
    assert (request.customer_number, request.reason) == ("100001", "Kunden ringde.")


@pytest.mark.parametrize(
    "command", ["look-up", "issue-pin", "reset-second-factors", "log-out", "erase"]
)
def test_nothing_is_done_without_a_reason(identity: Identity, command: str) -> None:
    run(command, "100001", status=Exit.USAGE)
    assert identity.requests == []


@pytest.mark.parametrize("typed", ["", "n\n", "\n"])
def test_nobody_is_erased_unless_it_is_meant(identity: Identity, typed: str) -> None:
    said = run("erase", "100001", *WHY, status=Exit.USAGE, typed=typed)
    assert "100001" in said
    assert "Nothing was erased." in said
    assert identity.requests == []


@pytest.mark.parametrize(("more", "typed"), [(("--yes",), ""), ((), "y\n")])
def test_who_is_meant_is_erased(identity: Identity, more: tuple[str, ...], typed: str) -> None:
    identity.answer = pb.EraseCustomerResponse(customer_id=LEFT)
    said = run("erase", "100001", *WHY, *more, typed=typed)
    [request] = identity.requests
    assert (request.customer_number, request.reason) == ("100001", "Kunden ringde.")
    assert LEFT in said


def test_a_program_is_told_what_is_left(identity: Identity) -> None:
    identity.answer = pb.EraseCustomerResponse(customer_id=LEFT)
    assert run_json("erase", "100001", *WHY, "--yes") == {"customerId": LEFT}


def test_a_refusal_is_said_as_identity_said_it(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CommandError(Exit.NOT_ALLOWED, "PERMISSION_DENIED", "You may not do this.")

    monkeypatch.setattr(services.Services, "look_up_customer", refuse)
    answer = run_json("look-up", "100001", *WHY, status=Exit.NOT_ALLOWED)
    assert answer["error"]["code"] == "PERMISSION_DENIED"
    assert identity.requests == []
