"""What event staff ask for about news, what the service is told, and what they see."""

import contextlib
import json
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

from cli import staff_service
from cli.__main__ import app
from cli.demo.news import NEWS
from cli.news import service
from cli.outcome import Exit
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import mailings_pb2 as pb

MAILING = "0195e0c0-0000-7000-8000-000000000001"

runner = CliRunner()


def at(*moment: int) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime(*moment, tzinfo=UTC))  # pyright: ignore[reportArgumentType]
    return timestamp


DRAFT = pb.Mailing(
    id=MAILING,
    version=3,
    state=pb.Mailing.DRAFT,
    title="Vinteren i Kraftklubben",
    purpose="kraftklubben",
)
SCHEDULED = pb.Mailing(
    id=MAILING,
    version=4,
    state=pb.Mailing.SCHEDULED,
    title="Vinteren i Kraftklubben",
    purpose="kraftklubben",
    send_at=at(2026, 12, 4, 22),
    starts_at=at(2026, 12, 5, 6),
)
SENT = pb.Mailing(
    id=MAILING,
    version=4,
    state=pb.Mailing.SENT,
    title="Vinteren i Kraftklubben",
    starts_at=at(2026, 12, 5, 6),
    progress=pb.MailingProgress(
        sent=8312,
        dropped=[
            pb.MailingProgress.Dropped(reason="WITHDRAWN", customers=7),
            pb.MailingProgress.Dropped(reason="NO_ADDRESS", customers=5),
        ],
    ),
)


class Service:
    """Stands for the service: notes what it is asked, and gives the answers it was told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self._answers: list[Message] = []

    def answers(self, *answers: Message) -> None:
        self._answers = list(answers)

    def __call__(self, _channel: object) -> "Service":
        return self

    def __getattr__(self, _name: str) -> Any:
        def call(request: Message, *, metadata: object, timeout: float) -> Message:
            assert metadata == "metadata"
            assert timeout > 0
            self.requests.append(request)
            return self._answers.pop(0)

        return call


@pytest.fixture
def consent(monkeypatch: pytest.MonkeyPatch) -> Service:
    stub = Service()

    @contextlib.contextmanager
    def for_staff(*_: object) -> Generator[tuple[None, str]]:
        yield None, "metadata"

    monkeypatch.setattr(service, "ConsentServiceStub", stub)
    monkeypatch.setattr(staff_service, "for_staff", for_staff)
    return stub


def run(*command: str, status: Exit = Exit.OK) -> str:
    result = runner.invoke(app, ["news", *command], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def test_news_are_written_in_a_file(consent: Service) -> None:
    consent.answers(DRAFT)

    shown = run("create", str(NEWS))

    [request] = consent.requests
    assert request.purpose == "kraftklubben"
    assert request.request_id
    assert request.texts.nn.subject == "Vinteren i Kraftklubben"
    assert "**mye å glede seg til**" in request.texts.nb.body
    assert request.texts.en.subject == "Winter in Kraftklubben"
    assert MAILING in shown
    assert "draft" in shown


@pytest.mark.parametrize(
    "content",
    [
        "",
        'purpose = "kraftklubben"\n[se]\nsubject = "a"\nbody = "b"',
        'purpose = "kraftklubben"\n[nn]\nsubject = "a"',
        'purpose = "kraftklubben"\n[nn]\nsubject = "a"\nbody = 1',
        'purpose = "kraftklubben"\nnn = "a"',
        "no toml",
    ],
)
def test_a_file_that_has_no_news_is_refused(consent: Service, tmp_path: Path, content: str) -> None:
    file = tmp_path / "news.toml"
    file.write_text(content)

    assert "cannot be read as news" in run("create", str(file), status=Exit.USAGE)
    assert consent.requests == []


def test_mailings_are_listed_with_how_far_they_are(consent: Service) -> None:
    consent.answers(pb.ListMailingsResponse(mailings=[SENT, DRAFT]))
    shown = run("list")

    line = next(line for line in shown.splitlines() if "8312" in line)
    assert "sent" in line
    assert "12" in line
    consent.answers(pb.ListMailingsResponse(mailings=[SENT]))
    [listed] = json.loads(run("list", "--json"))["mailings"]
    assert listed["progress"]["dropped"][0] == {"reason": "WITHDRAWN", "customers": 7}


def test_a_preview_shows_who_would_get_it_and_is_written_for_a_browser(
    consent: Service, tmp_path: Path
) -> None:
    answer = pb.PreviewMailingResponse(
        subject="Vinteren", text="Det blir moro.", html="<p>Det blir moro.</p>", short="Nytt!"
    )
    answer.by_channel.add(channel=consents_pb2.EMAIL, customers=8312)
    answer.left_out.add(reason="NOT_CONFIRMED", customers=4)
    consent.answers(answer)
    file = tmp_path / "news.html"

    shown = run("preview", MAILING, "--language", "nb", "--html", str(file))

    assert consent.requests == [pb.PreviewMailingRequest(mailing_id=MAILING, language="nb")]
    assert file.read_text() == "<p>Det blir moro.</p>"
    for part in ("by email", "8312", "not confirmed", "Det blir moro.", "Nytt!"):
        assert part in shown


def test_what_is_sent_at_night_is_said_to_go_in_the_morning(consent: Service) -> None:
    consent.answers(DRAFT, SCHEDULED)
    shown = run("schedule", MAILING, "--at", "2026-12-04 23:00")

    _, request = consent.requests
    assert (request.version, request.send_at) == (3, at(2026, 12, 4, 22))
    assert "2026-12-05 07:00, after the quiet hours" in shown


def test_what_is_sent_now_names_no_time(consent: Service) -> None:
    consent.answers(DRAFT, SCHEDULED)
    run("schedule", MAILING)

    assert not consent.requests[1].HasField("send_at")


def test_a_mailing_is_tested_stopped_and_deleted(consent: Service) -> None:
    consent.answers(pb.SendTestMailingResponse())
    assert "on its way to you" in run("test", MAILING, "--language", "en")
    consent.answers(SENT)
    assert "8312" in run("stop", MAILING)
    consent.answers(DRAFT, pb.DeleteMailingResponse())
    assert "deleted" in run("delete", MAILING)

    test, stop, _, delete = consent.requests
    assert (test.mailing_id, test.language) == (MAILING, "en")
    assert stop.mailing_id == MAILING
    assert (delete.mailing_id, delete.version) == (MAILING, 3)
