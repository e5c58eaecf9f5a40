"""What event staff ask for, what the service is told, and what they see."""

import contextlib
import json
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

from cli import outcome, services
from cli.__main__ import app
from cli.events import service
from cli.outcome import Exit
from cli.session import Sessions
from kundeapp.events.v1 import events_service_pb2 as pb

EVENT = "0195e0c0-0000-7000-8000-000000000001"
RESERVATION = "0195e0c0-0000-7000-8000-000000000002"

runner = CliRunner()


def at(*moment: int) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime(*moment, tzinfo=UTC))  # pyright: ignore[reportArgumentType]
    return timestamp


CONCERT = pb.Event(
    id=EVENT,
    title="Jolekonsert",
    venue="Kulturhuset",
    starts_at=at(2026, 12, 5, 18),
    sales_open_at=at(2026, 11, 1, 9),
    sales_close_at=at(2026, 12, 5, 18),
    waiting_list_closes_at=at(2026, 12, 5, 12),
    capacity=200,
    available=12,
    max_per_customer=4,
    status=pb.Event.PUBLISHED,
    mode=pb.Event.FIRST_COME,
)
PARTY = pb.GuestParty(
    reservation_id=RESERVATION,
    customer_number="100001",
    name="Ingrid Storelva",
    tickets=2,
    admitted=2,
    last_admitted_at=at(2026, 12, 5, 18, 4),
    last_device="door-1",
)


class Service:
    """Stands for the service: notes what it is asked, and gives the answers it was told to."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.metadata: list[object] = []
        self._answers: list[Message] = []

    def answers(self, *answers: Message) -> None:
        self._answers = list(answers)

    def __call__(self, _channel: object) -> "Service":
        return self

    def __getattr__(self, rpc: str) -> Any:
        def call(request: Message, *, metadata: object, timeout: float) -> Message:
            assert timeout > 0
            assert type(request).__name__ == f"{rpc}Request"
            self.requests.append(request)
            self.metadata.append(metadata)
            return self._answers.pop(0)

        return call


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Service:
    stub = Service()

    @contextlib.contextmanager
    def open_channel(*_: object) -> Generator[None]:
        yield

    def token(_: Sessions) -> str:
        return "token"

    monkeypatch.setattr(service, "EventsServiceStub", stub)
    monkeypatch.setattr(services, "open_channel", open_channel)
    monkeypatch.setattr(Sessions, "internal_token", token)
    return stub


def run(*command: str, status: Exit = Exit.OK) -> str:
    result = runner.invoke(app, ["events", *command], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def run_json(*command: str, status: Exit = Exit.OK) -> Any:
    return json.loads(run(*command, "--json", status=status))


def test_an_event_is_made_from_local_times_and_shown_in_them(events: Service) -> None:
    events.answers(CONCERT)

    shown = run(
        *("create", "--title", "Jolekonsert", "--venue", "Kulturhuset", "--capacity", "200"),
        *("--starts-at", "2026-12-05 19:00", "--sales-open-at", "2026-11-01T10:00:00+01:00"),
    )

    assert events.requests == [
        pb.CreateEventRequest(
            title="Jolekonsert",
            venue="Kulturhuset",
            capacity=200,
            starts_at=at(2026, 12, 5, 18),
            sales_open_at=at(2026, 11, 1, 9),
            mode=pb.Event.FIRST_COME,
        )
    ]
    assert events.metadata == [(("authorization", "Bearer token"),)]
    assert "2026-12-05 19:00" in shown
    assert "12 of 200 left" in shown


def test_a_closing_time_makes_it_a_ballot(events: Service) -> None:
    events.answers(CONCERT)

    run(
        *("create", "--title", "T", "--venue", "V", "--capacity", "8"),
        *("--starts-at", "2026-12-05 19:00", "--ballot-closes-at", "2026-12-01 12:00"),
    )

    assert events.requests[0].mode == pb.Event.BALLOT
    assert events.requests[0].ballot_closes_at == at(2026, 12, 1, 11)


def test_a_change_says_what_is_given_and_nothing_else(events: Service) -> None:
    events.answers(CONCERT)

    run("change", EVENT, "--capacity", "0", "--text", "")

    assert events.requests == [pb.UpdateEventRequest(event_id=EVENT, capacity=0, text="")]
    assert not events.requests[0].HasField("title")


def test_a_change_of_nothing_is_not_sent(events: Service) -> None:
    refused = run_json("change", EVENT, status=Exit.USAGE)

    assert refused["error"]["code"] == "NOTHING_TO_CHANGE"
    assert events.requests == []


def test_an_event_is_json_as_the_api_shows_it(events: Service) -> None:
    events.answers(CONCERT)

    shown = run_json("publish", EVENT)

    assert shown["startsAt"] == "2026-12-05T18:00:00Z"
    assert shown["status"] == "PUBLISHED"
    assert shown["waitingParties"] == 0


def test_a_list_shows_every_page_and_what_is_left(events: Service) -> None:
    draft, sold_out, cancelled, ballot, drawn = (pb.Event() for _ in range(5))
    for event in (draft, sold_out, cancelled, ballot, drawn):
        event.CopyFrom(CONCERT)
    draft.status = pb.Event.DRAFT
    sold_out.available, sold_out.waiting_parties = 0, 3
    cancelled.status = pb.Event.CANCELLED
    ballot.ballot.closes_at.CopyFrom(at(2026, 12, 1, 11))
    ballot.waiting_parties = 7
    drawn.ballot.drawn_at.CopyFrom(at(2026, 12, 1, 11))
    events.answers(
        pb.ListEventsResponse(events=[draft, CONCERT], next_page_token="next"),
        pb.ListEventsResponse(events=[sold_out, cancelled, ballot, drawn]),
    )

    lines = run("list", "--past").splitlines()

    assert [request.page_token for request in events.requests] == ["", "next"]
    assert all(request.past for request in events.requests)
    assert lines[0] == "6 events"
    assert [line.split("Jolekonsert")[1].strip() for line in lines[2:]] == [
        "draft",
        "12 of 200 left",
        "sold out, 3 waiting",
        "cancelled",
        "ballot for 200, 7 registered",
        "12 of 200 left",
    ]


def test_an_id_stays_whole_on_a_narrow_terminal(
    events: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "_WIDTH_OF_A_FILE", 80)
    events.answers(pb.ListEventsResponse(events=[CONCERT]))

    lines = run("list").splitlines()

    assert max(map(len, lines)) <= 80
    assert any(EVENT in line for line in lines)


def test_a_cancellation_says_why(events: Service) -> None:
    events.answers(CONCERT)

    run("cancel", EVENT, "--reason", "Storm")

    assert events.requests == [pb.CancelEventRequest(event_id=EVENT, reason="Storm")]


def test_a_draw_shows_the_seed_and_the_order(events: Service) -> None:
    events.answers(pb.Draw(event_id=EVENT, seed="5eed", entry_ids=["b", "a"]))

    lines = run("draw", EVENT).splitlines()

    assert lines[0] == "Ballot with 2 parties"
    assert [line.split() for line in lines[3:]] == [
        ["seed", "5eed"],
        ["commitment"],
        ["1", "b"],
        ["2", "a"],
    ]


def _reservation() -> pb.Reservation:
    tickets = [
        pb.Ticket(code="K7QX-2M4P", status=pb.Ticket.ACTIVE),
        pb.Ticket(code="GONE-GONE", status=pb.Ticket.RELEASED),
    ]
    return pb.Reservation(id=RESERVATION, quantity=1, tickets=tickets, status=pb.Reservation.ACTIVE)


def test_staff_reserve_for_a_customer_and_see_the_codes(events: Service) -> None:
    events.answers(_reservation())

    shown = run(
        *("reserve", EVENT, "--customer-number", "100001", "--quantity", "1"),
        *("--reason", "Called"),
    )

    assert events.requests == [
        pb.ReserveTicketsRequest(
            event_id=EVENT, customer_number="100001", quantity=1, reason="Called"
        )
    ]
    assert "K7QX-2M4P" in shown
    assert "GONE-GONE" not in shown


@pytest.mark.parametrize(("option", "quantity"), [((), 0), (("--quantity", "1"), 1)])
def test_staff_release_some_tickets_or_all(
    events: Service, option: Sequence[str], quantity: int
) -> None:
    events.answers(_reservation())

    run("release", RESERVATION, "--reason", "Called", *option)

    assert events.requests == [
        pb.ReleaseTicketsRequest(reservation_id=RESERVATION, quantity=quantity, reason="Called")
    ]


def test_a_guest_list_shows_parties_and_changes_since_a_version(events: Service) -> None:
    events.answers(pb.GuestList(title="Jolekonsert", version=9, since_version=7, parties=[PARTY]))

    shown = run("guest-list", EVENT, "--since", "7")

    assert events.requests == [pb.GetGuestListRequest(event_id=EVENT, since_version=7)]
    assert "changed since version 7" in shown
    assert "Ingrid Storelva" in shown
    assert RESERVATION in shown


@pytest.mark.parametrize("kind", ["csv", "pdf"])
def test_a_guest_list_goes_to_a_file_and_over_another_only_when_asked(
    events: Service, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"guests.{kind}"
    events.answers(HttpBody(data=b"first"), HttpBody(data=b"second"), HttpBody(data=b"third"))

    assert run_json("guest-list", EVENT, f"--{kind}", str(file))["bytes"] == 5
    refused = run_json("guest-list", EVENT, f"--{kind}", str(file), status=Exit.USAGE)
    assert refused["error"]["code"] == "FILE_EXISTS"
    assert file.read_bytes() == b"first"

    run("guest-list", EVENT, f"--{kind}", str(file), "--overwrite")
    assert file.read_bytes() == b"third"


def test_a_file_that_cannot_be_written_is_no_traceback(events: Service, tmp_path: Path) -> None:
    events.answers(HttpBody(data=b"first"))
    nowhere = str(tmp_path / "nowhere" / "guests.csv")

    refused = run_json("guest-list", EVENT, "--csv", nowhere, status=Exit.USAGE)

    assert refused["error"]["code"] == "FILE_NOT_WRITABLE"


def test_a_waiting_list_shows_offers_and_pooled_seats(events: Service) -> None:
    offer = pb.WaitlistEntry.Offer(tickets=2, expires_at=at(2026, 12, 1, 11))
    entries = [
        pb.WaitlistEntry(wanted=4, least=2, offer=offer, status=pb.WaitlistEntry.OFFERED),
        pb.WaitlistEntry(wanted=6, least=6, pooled_seats=3, status=pb.WaitlistEntry.WAITING),
        pb.WaitlistEntry(wanted=1, least=1, status=pb.WaitlistEntry.WAITING),
    ]
    events.answers(pb.ListWaitlistEntriesResponse(waitlist_entries=entries))

    lines = run("waiting-list", EVENT).splitlines()

    assert lines[0] == "3 parties on the waiting list"
    assert "4, at least 2" in lines[2]
    assert "offered 2 until 2026-12-01 12:00" in lines[2]
    assert "waiting, 3 put aside" in lines[3]
    assert "waiting" in lines[4]


def test_changes_are_read_until_nothing_more_has_happened(events: Service) -> None:
    change = pb.ReservationChange(
        kind=pb.ReservationChange.RELEASED, tickets=2, staff_account_id=EVENT, reason="Called"
    )
    events.answers(
        pb.ListReservationChangesResponse(changes=[change], next_page_token="1"),
        pb.ListReservationChangesResponse(next_page_token="1"),
    )

    lines = run("changes", EVENT).splitlines()

    assert [request.page_token for request in events.requests] == ["", "1"]
    assert lines[0] == "1 change"
    assert lines[2].split()[2:] == ["released", "2", "staff", "Called"]


def test_an_audit_that_finds_a_wrong_counter_ends_with_1_and_names_it(events: Service) -> None:
    events.answers(
        pb.InventoryAudit(
            consistent=False,
            reserved=12,
            reserved_by_reservations=11,
            active_tickets=12,
            held=2,
            offered=1,
            pooled=1,
        )
    )

    refused = run_json("audit", EVENT, status=Exit.REFUSED)["error"]

    assert [(fault["field"], fault["message"]) for fault in refused["errors"]] == [
        ("reserved", "The counter says 12, but reservations have 11.")
    ]


def test_an_audit_that_finds_nothing_says_so(events: Service) -> None:
    events.answers(pb.InventoryAudit(consistent=True, capacity=200))

    assert "are right" in run("audit", EVENT)


def test_guests_are_let_in_by_a_ticket_from_a_named_device(events: Service) -> None:
    events.answers(pb.AdmitGuestsResponse(outcome=pb.AdmitGuestsResponse.ADMITTED, party=PARTY))

    shown = run("door", "admit", EVENT, "--ticket", "K7QX-2M4P", "--device", "door-1")

    [request] = events.requests
    assert request.WhichOneof("guest") == "ticket"
    assert (request.ticket, request.guests, request.device) == ("K7QX-2M4P", 1, "door-1")
    assert request.nonce
    assert "Ingrid Storelva (100001)" in shown


def test_each_admission_has_a_nonce_of_its_own(events: Service) -> None:
    answer = pb.AdmitGuestsResponse(outcome=pb.AdmitGuestsResponse.ADMITTED, party=PARTY)
    events.answers(answer, answer)

    for _ in range(2):
        run("door", "admit", EVENT, "--reservation", RESERVATION, "--guests", "2")

    first, second = events.requests
    assert first.WhichOneof("guest") == "reservation_id"
    assert first.nonce != second.nonce
    assert first.device


def test_guests_who_are_in_already_are_not_let_in_again(events: Service) -> None:
    events.answers(
        pb.AdmitGuestsResponse(outcome=pb.AdmitGuestsResponse.ALREADY_ADMITTED, party=PARTY)
    )

    refused = run_json("door", "admit", EVENT, "--ticket", "K7QX-2M4P", status=Exit.REFUSED)

    assert refused["error"]["code"] == "ALREADY_ADMITTED"
    assert (
        "2 of 2 are in already, the last at 2026-12-05 19:04 by door-1"
        in (refused["error"]["message"])
    )


def test_an_admission_is_taken_back(events: Service) -> None:
    events.answers(pb.UndoAdmissionResponse(party=PARTY))

    run("door", "undo", EVENT, "--reservation", RESERVATION, "--guests", "2")

    [request] = events.requests
    assert (request.reservation_id, request.guests) == (RESERVATION, 2)
    assert request.nonce


def test_whoever_is_not_logged_in_ends_with_4() -> None:
    assert run_json("list", status=Exit.NOT_ALLOWED)["error"]["code"] == "UNAUTHENTICATED"
