"""What staff ask about who may be written to, what consent is told, and what they see."""

import contextlib
import json
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from typer.testing import CliRunner

from cli import staff_service
from cli.__main__ import app
from cli.consent import recipients_service
from cli.outcome import CommandError, Exit
from cli.session import Sessions
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb

runner = CliRunner()
KARI, OLA = "0195e0c0-0000-7000-8000-000000000001", "0195e0c0-0000-7000-8000-000000000002"


class Consent:
    """Stands for the service: notes what it is asked, and gives the answer it was told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answer: Message | Iterable[Message] = pb.AddSuppressionsResponse()

    def __call__(self, _channel: object) -> "Consent":
        return self

    def __getattr__(self, rpc: str) -> Any:
        def call(request: Message, *, metadata: object, timeout: float) -> object:
            assert metadata == "for staff"
            assert timeout > 0
            assert type(request).__name__ == f"{rpc}Request"
            self.requests.append(request)
            return self.answer

        return call


@pytest.fixture
def consent(monkeypatch: pytest.MonkeyPatch) -> Consent:
    stub = Consent()

    @contextlib.contextmanager
    def for_staff(*_: object) -> Generator[tuple[None, str]]:
        yield None, "for staff"

    def token(_: Sessions) -> str:
        return "token"

    monkeypatch.setattr(recipients_service, "ConsentServiceStub", stub)
    monkeypatch.setattr(staff_service, "for_staff", for_staff)
    monkeypatch.setattr(Sessions, "internal_token", token)
    return stub


def run(*command: str, status: Exit = Exit.OK, typed: str = "") -> str:
    result = runner.invoke(app, ["consent", *command], input=typed, env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def run_json(*command: str, status: Exit = Exit.OK, typed: str = "") -> Any:
    return json.loads(run(*command, "--json", status=status, typed=typed))


def test_the_audience_is_counted_with_who_is_left_out(consent: Consent) -> None:
    consent.answer = pb.CountAudienceResponse(
        ledger_position=812,
        channels=[
            pb.CountAudienceResponse.ChannelAudience(
                channel=consents_pb2.EMAIL,
                consented=5,
                allowed=3,
                left_out=[
                    pb.CountAudienceResponse.LeftOut(reason=pb.SUPPRESSED, customers=2),
                    pb.CountAudienceResponse.LeftOut(reason=pb.WITHDRAWN, customers=7),
                ],
            )
        ],
    )
    shown = run("audience", "kraftklubben")
    assert consent.requests == [pb.CountAudienceRequest(purpose="kraftklubben")]
    for text in ("as of row 812", "email", "2 are blocked", "7 have said no"):
        assert text in shown
    assert run_json("audience", "kraftklubben", "--channel", "email") == {
        "purpose": "kraftklubben",
        "ledgerPosition": 812,
        "channels": [
            {
                "channel": "EMAIL",
                "consented": 5,
                "allowed": 3,
                "leftOut": {"SUPPRESSED": 2, "WITHDRAWN": 7},
            }
        ],
    }
    assert consent.requests[1].channel == consents_pb2.EMAIL


def messages() -> Generator[pb.ExportAudienceResponse]:
    yield pb.ExportAudienceResponse(ledger_position=812)
    yield pb.ExportAudienceResponse(customer_ids=[KARI])
    yield pb.ExportAudienceResponse(customer_ids=[OLA])


def test_the_audience_goes_into_a_file_with_ids_only(consent: Consent, tmp_path: Path) -> None:
    consent.answer, file = messages(), tmp_path / "audience.csv"
    said = run_json(
        "audience", "kraftklubben", "--channel", "sms", "--as-of", "812", "--csv", str(file)
    )
    assert said == {"file": str(file), "customers": 2, "ledgerPosition": 812}
    assert file.read_text() == f"customer_id\n{KARI}\n{OLA}\n"
    [request] = consent.requests
    assert (request.channel, request.as_of_position) == (consents_pb2.SMS, 812)


def test_a_file_that_is_there_is_only_replaced_if_that_is_meant(
    consent: Consent, tmp_path: Path
) -> None:
    file = tmp_path / "audience.csv"
    file.write_text("earlier")
    command = ("audience", "kraftklubben", "--channel", "email", "--csv", str(file))
    assert run_json(*command, status=Exit.USAGE)["error"]["code"] == "FILE_EXISTS"
    assert (file.read_text(), consent.requests) == ("earlier", [])
    consent.answer = messages()
    run(*command, "--overwrite")
    assert KARI in file.read_text()


def test_of_an_export_that_breaks_off_no_file_is_left(consent: Consent, tmp_path: Path) -> None:
    def broken() -> Generator[pb.ExportAudienceResponse]:
        yield from messages()
        raise CommandError(Exit.UNREACHABLE, "UNAVAILABLE", "localhost:1 does not answer")

    consent.answer = broken()
    command = ("audience", "kraftklubben", "--channel", "email", "--csv")
    run(*command, str(tmp_path / "audience.csv"), status=Exit.UNREACHABLE)
    assert list(tmp_path.glob("audience*")) == []


@pytest.mark.parametrize("options", [("--csv", "a.csv"), ("--as-of", "1", "--channel", "email")])
def test_an_export_names_a_channel_and_a_position_is_one_of_an_export(
    consent: Consent, options: tuple[str, ...]
) -> None:
    run("audience", "kraftklubben", *options, status=Exit.USAGE)
    assert consent.requests == []


def test_addresses_are_blocked_each_attempt_with_a_key_of_its_own(consent: Consent) -> None:
    consent.answer = pb.AddSuppressionsResponse(added=1)
    command = ("suppress", "kari@example.no", "91234567", "--reason", "manual", "--note", "brev")
    assert run_json(*command) == {"addresses": 2, "added": 1}
    run(*command)
    first, second = consent.requests
    assert list(first.addresses) == ["kari@example.no", "91234567"]
    assert (first.reason, first.note) == (pb.Suppression.MANUAL, "brev")
    assert first.request_id
    assert first.request_id != second.request_id


def test_a_register_is_read_from_the_standard_input_in_pieces(consent: Consent) -> None:
    consent.answer = pb.AddSuppressionsResponse(added=1)
    lines = "".join(f"{91_000_000 + each}\n\n" for each in range(1001))
    said = run_json("suppress", "--reason", "reservation-register", typed=lines)
    assert said == {"addresses": 1001, "added": 2}
    assert [len(request.addresses) for request in consent.requests] == [1000, 1]
    assert {request.reason for request in consent.requests} == {pb.Suppression.RESERVATION_REGISTER}


def test_an_address_is_written_to_again_with_a_reason_and_why(consent: Consent) -> None:
    consent.answer = pb.RemoveSuppressionResponse()
    run("unsuppress", "kari@example.no", "--reason", "complaint", "--why", "Har ringt.")
    [request] = consent.requests
    assert (request.address, request.why) == ("kari@example.no", "Har ringt.")
    assert request.reason == pb.Suppression.COMPLAINT
    run("unsuppress", "kari@example.no", "--reason", "complaint", status=Exit.USAGE)
    run("unsuppress", "kari@example.no", "--why", "Har ringt.", status=Exit.USAGE)
    assert len(consent.requests) == 1


def test_staff_see_why_nothing_is_sent_to_an_address(consent: Consent) -> None:
    found = pb.Suppression(
        medium=pb.Suppression.EMAIL, reason=pb.Suppression.HARD_BOUNCE, note="5.1.1"
    )
    found.since.FromJsonString("2026-03-02T12:00:00Z")
    consent.answer = pb.CheckSuppressionResponse(suppressions=[found])
    shown = run("suppressions", "kari@example.no")
    for text in ("hard-bounce", "2026-03-02 13:00", "5.1.1"):
        assert text in shown
    assert run_json("suppressions", "kari@example.no") == {
        "suppressions": [
            {
                "medium": "EMAIL",
                "reason": "HARD_BOUNCE",
                "since": "2026-03-02T12:00:00Z",
                "note": "5.1.1",
            }
        ]
    }
    consent.answer = pb.CheckSuppressionResponse()
    assert "not blocked" in run("suppressions", "kari@example.no")


def test_staff_see_how_many_are_blocked(consent: Consent) -> None:
    consent.answer = pb.CountSuppressionsResponse(
        counts=[
            pb.CountSuppressionsResponse.SuppressionCount(
                medium=pb.Suppression.MOBILE,
                reason=pb.Suppression.RESERVATION_REGISTER,
                addresses=41_812,
            )
        ]
    )
    shown = run("suppressions")
    for text in ("mobile", "reservation-register", "41812"):
        assert text in shown
