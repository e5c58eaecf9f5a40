"""What operators do about consents, what the service is told, and what they see."""

import contextlib
import copy
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from typer.testing import CliRunner

from cli import services
from cli.__main__ import app
from cli.consent import service
from cli.consent.files import SHIPPED
from cli.outcome import Exit
from cli.session import Sessions
from kundeapp.consent.v1 import consents_pb2 as pb

runner = CliRunner()
CUSTOMER = "0195e0c0-0000-7000-8000-000000000001"
_Kind = pb.VerifyLedgerResponse.Problem


class Consent:
    """Stands for the service: notes what it is asked, and gives the answers it was told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.with_token: list[bool] = []
        self.answers: dict[str, list[Any]] = {}

    def __call__(self, _channel: object) -> "Consent":
        return self

    def __getattr__(self, rpc: str) -> Any:
        def call(request: Any, *, metadata: Any = (), timeout: float) -> Any:
            assert timeout > 0
            # The request that is asked with goes on being changed, as a page follows another.
            if isinstance(request, Message):
                self.requests.append(copy.deepcopy(request))
            else:
                self.requests.append(b"".join(piece.data for piece in request))
            self.with_token.append(bool(metadata))
            answers = self.answers[rpc]
            return answers.pop(0) if len(answers) > 1 else answers[0]

        return call


@pytest.fixture
def consent(monkeypatch: pytest.MonkeyPatch) -> Consent:
    stub = Consent()

    @contextlib.contextmanager
    def open_channel(*_: object) -> Generator[None]:
        yield

    def token(_: Sessions) -> str:
        return "token"

    monkeypatch.setattr(service, "ConsentServiceStub", stub)
    monkeypatch.setattr(service, "open_channel", open_channel)
    monkeypatch.setattr(services, "open_channel", open_channel)
    monkeypatch.setattr(Sessions, "internal_token", token)
    return stub


def run(*command: str, status: Exit = Exit.OK) -> str:
    result = runner.invoke(app, ["consent", *command], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def run_json(*command: str, status: Exit = Exit.OK) -> Any:
    return json.loads(run(*command, "--json", status=status))


def test_what_became_of_each_text_is_said(consent: Consent) -> None:
    outcomes = pb.PublishNoticeResponse
    consent.answers["PublishNotice"] = [
        outcomes(outcome=outcomes.NEW_VERSION, notice=pb.Notice(version=1)),
        outcomes(outcome=outcomes.UNCHANGED, notice=pb.Notice(version=4)),
        outcomes(outcome=outcomes.LANGUAGE_ADDED, notice=pb.Notice(version=2)),
    ]
    consent.answers["PutPurpose"] = [
        pb.PutPurposeResponse(outcome=pb.PutPurposeResponse.CREATED),
        pb.PutPurposeResponse(outcome=pb.PutPurposeResponse.CHANGED),
        pb.PutPurposeResponse(outcome=pb.PutPurposeResponse.UNCHANGED),
    ]

    said = [line.split() for line in run("publish", str(SHIPPED)).splitlines()]

    assert ["notice", "general", "version", "4", "as", "before"] in said
    assert ["notice", "privacy-statement", "version", "1", "new", "version"] in said
    assert ["notice", "kraftklubben", "version", "2", "language", "added"] in said
    assert ["purpose", "privacy-statement", "no", "channels", "new"] in said
    assert ["purpose", "kraftklubben", "5", "channels", "as", "before"] in said
    assert all(consent.with_token)
    keys = [request.request_id for request in consent.requests]
    assert len(set(keys)) == len(keys) == 6
    assert [each.is_material for each in consent.requests[:3]] == [True] * 3


@pytest.mark.parametrize(
    "text",
    ["x", "[[notice]]\nname = 'x'", "[[purpose]]\nid = 'x'\nchannels = ['FAX']", "notice = 1"],
)
def test_a_file_that_has_no_texts_is_refused(consent: Consent, tmp_path: Path, text: str) -> None:
    file = tmp_path / "notices.toml"
    file.write_text(text)
    assert run_json("publish", str(file), status=Exit.USAGE)["error"]["code"] == "BAD_FILE"
    assert consent.requests == []


def test_an_import_says_what_it_did(consent: Consent, tmp_path: Path) -> None:
    file = tmp_path / "consents.csv"
    file.write_text("customer_number,…\n")
    report = pb.ImportConsentsReport(rows=3, recorded=2, unchanged=1)
    consent.answers["ImportConsents"] = [report]
    said = run("import", str(file))
    assert "written down" in said
    assert run_json("import", str(file)) == {"rows": 3, "recorded": 2, "unchanged": 1}
    assert consent.requests[0] == file.read_bytes()


def whole(position: int = 10) -> list[pb.VerifyLedgerResponse]:
    """Returns the parts of a check that finds nothing."""
    anchor = pb.LedgerAnchor(position=position, digest=f"{position:064x}")
    return [
        pb.VerifyLedgerResponse(rows=position, anchor=anchor, next_page_token="views/"),
        pb.VerifyLedgerResponse(),
    ]


def test_the_ledger_is_checked_part_by_part_without_a_login(consent: Consent) -> None:
    consent.answers["VerifyLedger"] = whole()
    assert run_json("verify") == {
        "rows": 10,
        "anchors": 0,
        "position": 10,
        "digest": f"{10:064x}",
    }
    assert [each.page_token for each in consent.requests] == ["", "views/"]
    assert consent.with_token == [False, False]


def test_each_check_holds_the_ledger_against_the_ones_before(
    consent: Consent, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchors.jsonl"
    for position in (10, 10, 12):
        consent.answers["VerifyLedger"] = whole(position)
        run("verify", "--anchors", str(anchors))
    lines = [json.loads(line) for line in anchors.read_text().splitlines()]
    assert [line["position"] for line in lines] == [10, 12]
    brought = [[each.position for each in request.anchors] for request in consent.requests]
    assert brought == [[], [], [10], [10], [10], [10]]


def test_what_is_wrong_is_named_and_not_taken_for_an_anchor(
    consent: Consent, tmp_path: Path
) -> None:
    first, last = whole()
    first.problems.append(
        _Kind(
            kind=_Kind.CHANGED,
            position=5,
            last_position=5,
            customer_id=CUSTOMER,
            purpose="kraftklubben",
            channel="SMS",
        )
    )
    last.problems.append(_Kind(kind=_Kind.CUT, position=11, last_position=14))
    consent.answers["VerifyLedger"] = [first, last, first, last]
    anchors = tmp_path / "anchors.jsonl"

    said = run("verify", "--anchors", str(anchors), status=Exit.REFUSED)
    assert "position 5" in said
    assert f"kraftklubben SMS of customer {CUSTOMER}" in said
    assert "positions 11 to 14" in said
    error = run_json("verify", status=Exit.REFUSED)["error"]
    assert error["code"] == "LEDGER_BROKEN"
    assert [each["code"] for each in error["errors"]] == ["CHANGED", "CUT"]
    assert not anchors.exists()


def test_a_file_that_has_no_anchors_is_refused(consent: Consent, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.jsonl"
    anchors.write_text("x\n")
    answer = run_json("verify", "--anchors", str(anchors), status=Exit.USAGE)
    assert answer["error"]["code"] == "BAD_FILE"
    assert consent.requests == []
