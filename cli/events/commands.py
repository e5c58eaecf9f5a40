"""The commands of event staff."""

import platform
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, moment_option, sessions, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.timestamp_pb2 import Timestamp

    from cli.events.service import EventsService
    from cli.outcome import Output, Report
    from kundeapp.events.v1 import events_service_pb2 as pb

events = typer.Typer(
    help=(
        "Runs Kraftklubben events, for staff who are logged in.\n\n"
        "TIME is `2026-12-05 19:00` in Norwegian time, or RFC 3339."
    ),
    no_args_is_help=True,
)
door = typer.Typer(help="Lets guests in.", no_args_is_help=True)
events.add_typer(door, name="door")

_LONGEST_DEVICE = 64


_TITLE = typer.Option(help="What it is called.")
_VENUE = typer.Option(help="Where it is.")
_TEXT = typer.Option(help="What it is about.")
_CAPACITY = typer.Option(help="How many guests there is room for.")
_MAX_PER_CUSTOMER = typer.Option(help="The most tickets that one customer can have.")
_STARTS_AT = moment_option("When it starts.")

Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event, a UUID.")]
Text = Annotated[str | None, _TEXT]
MaxPerCustomer = Annotated[int | None, _MAX_PER_CUSTOMER]
SalesOpenAt = Annotated[datetime | None, moment_option("When tickets can be had from.")]
SalesCloseAt = Annotated[datetime | None, moment_option("Until when tickets can be reserved.")]
WaitingListClosesAt = Annotated[
    datetime | None, moment_option("Until when the waiting list is served.")
]
BallotClosesAt = Annotated[
    datetime | None, moment_option("When the registration for a ballot closes.")
]
Quantity = Annotated[int, typer.Option(min=1, help="How many tickets.")]
Reason = Annotated[str, typer.Option(help="Why you do this for the customer.")]
Reservation = Annotated[str, typer.Option(help="The reservation, as the guest list shows it.")]
Guests = Annotated[int, typer.Option(min=1, help="How many guests.")]
Device = Annotated[str, typer.Option(help="What this device is called; this machine if left out.")]


@events.command("list")
def list_events(
    past: Annotated[bool, typer.Option("--past", help="Those that are over as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lists the events, drafts too, the next one first.

    Example: kundeapp events list
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import events_report

        return events_report(service.list_events(past=past))

    _finish(ask, as_json=as_json)


@events.command("show")
def show_event(event: Event, as_json: AsJson = False) -> None:
    """Shows an event.

    Example: kundeapp events show 0195e0c0-0000-7000-8000-000000000001
    """
    _finish_with_event(lambda service: service.get_event(event), as_json=as_json)


@events.command("create")
def create_event(
    *,
    title: Annotated[str, _TITLE],
    venue: Annotated[str, _VENUE],
    starts_at: Annotated[datetime, _STARTS_AT],
    capacity: Annotated[int, _CAPACITY],
    text: Text = None,
    max_per_customer: MaxPerCustomer = None,
    sales_open_at: SalesOpenAt = None,
    sales_close_at: SalesCloseAt = None,
    waiting_list_closes_at: WaitingListClosesAt = None,
    ballot_closes_at: BallotClosesAt = None,
    as_json: AsJson = False,
) -> None:
    """Makes an event, as a draft that only staff see; with --ballot-closes-at, one with a ballot.

    Example: kundeapp events create --title Jolekonsert --venue Kulturhuset
    --starts-at "2026-12-05 19:00" --capacity 200
    """

    def ask(service: "EventsService") -> "pb.Event":
        from kundeapp.events.v1 import events_service_pb2 as pb

        request = pb.CreateEventRequest(
            title=title,
            text=text or "",
            venue=venue,
            starts_at=_timestamp(starts_at),
            sales_open_at=_timestamp(sales_open_at),
            sales_close_at=_timestamp(sales_close_at),
            waiting_list_closes_at=_timestamp(waiting_list_closes_at),
            capacity=capacity,
            max_per_customer=max_per_customer or 0,
            mode=pb.Event.BALLOT if ballot_closes_at else pb.Event.FIRST_COME,
            ballot_closes_at=_timestamp(ballot_closes_at),
        )
        return service.create_event(request)

    _finish_with_event(ask, as_json=as_json)


@events.command("change")
def change_event(
    event: Event,
    *,
    title: Annotated[str | None, _TITLE] = None,
    venue: Annotated[str | None, _VENUE] = None,
    starts_at: Annotated[datetime | None, _STARTS_AT] = None,
    capacity: Annotated[int | None, _CAPACITY] = None,
    text: Text = None,
    max_per_customer: MaxPerCustomer = None,
    sales_open_at: SalesOpenAt = None,
    sales_close_at: SalesCloseAt = None,
    waiting_list_closes_at: WaitingListClosesAt = None,
    ballot_closes_at: BallotClosesAt = None,
    as_json: AsJson = False,
) -> None:
    """Changes what is given of an event, and leaves the rest. Nobody loses tickets by it.

    Example: kundeapp events change 0195e0c0-0000-7000-8000-000000000001 --capacity 250
    """

    def ask(service: "EventsService") -> "pb.Event":
        from cli.outcome import CommandError, Exit
        from kundeapp.events.v1 import events_service_pb2 as pb

        request = pb.UpdateEventRequest(
            title=title,
            text=text,
            venue=venue,
            starts_at=_timestamp(starts_at),
            sales_open_at=_timestamp(sales_open_at),
            sales_close_at=_timestamp(sales_close_at),
            waiting_list_closes_at=_timestamp(waiting_list_closes_at),
            capacity=capacity,
            max_per_customer=max_per_customer,
            ballot_closes_at=_timestamp(ballot_closes_at),
        )
        if not request.ListFields():
            raise CommandError(Exit.USAGE, "NOTHING_TO_CHANGE", "Say what to change.")
        request.event_id = event
        return service.update_event(request)

    _finish_with_event(ask, as_json=as_json)


@events.command("publish")
def publish_event(event: Event, as_json: AsJson = False) -> None:
    """Shows a draft to customers.

    Example: kundeapp events publish 0195e0c0-0000-7000-8000-000000000001
    """
    _finish_with_event(lambda service: service.publish_event(event), as_json=as_json)


@events.command("cancel")
def cancel_event(
    event: Event,
    reason: Annotated[str, typer.Option(help="What is told to those who had tickets.")],
    as_json: AsJson = False,
) -> None:
    """Cancels an event for good, and tells everyone who has tickets or waits.

    Example: kundeapp events cancel 0195e0c0-0000-7000-8000-000000000001 --reason "Storm"
    """
    _finish_with_event(lambda service: service.cancel_event(event, reason), as_json=as_json)


@events.command("draw")
def draw_ballot(event: Event, as_json: AsJson = False) -> None:
    """Draws a ballot whose registration has closed, or shows how it was drawn.

    Example: kundeapp events draw 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import draw_report

        return draw_report(service.draw_ballot(event))

    _finish(ask, as_json=as_json)


@events.command("reserve")
def reserve_tickets(
    event: Event,
    customer_number: Annotated[str, typer.Option(help="The customer, as the bill says it.")],
    quantity: Quantity,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Reserves tickets for a customer who calls.

    Example: kundeapp events reserve 0195e0c0-0000-7000-8000-000000000001
    --customer-number 100001 --quantity 2 --reason "Called; has no app"
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import reservation_report

        return reservation_report(service.reserve_tickets(event, customer_number, quantity, reason))

    _finish(ask, as_json=as_json)


@events.command("release")
def release_tickets(
    reservation: Annotated[
        str,
        typer.Argument(metavar="RESERVATION", help="The reservation, as the guest list shows it."),
    ],
    reason: Reason,
    quantity: Annotated[
        int | None, typer.Option(min=1, help="How many tickets; all if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Gives tickets of a customer back. They go to the next in line.

    Example: kundeapp events release 0195e0c0-0000-7000-8000-000000000002
    --quantity 1 --reason "Called; has no app"
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import reservation_report

        return reservation_report(service.release_tickets(reservation, quantity or 0, reason))

    _finish(ask, as_json=as_json)


@events.command("guest-list")
def guest_list(
    event: Event,
    *,
    csv: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write it to a file for a spreadsheet.")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write it to a file for the printer.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
    since: Annotated[
        int | None, typer.Option(min=1, help="Only what has changed since this version.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shows who may come in, or writes it to a file that works without a network.

    Example: kundeapp events guest-list 0195e0c0-0000-7000-8000-000000000001 --pdf guests.pdf
    """
    _require_at_most_one(**{"--csv": csv, "--pdf": pdf, "--since": since})

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import file_report, guest_list_report

        if csv is not None:
            return file_report(csv, service.guest_list_csv(event), overwrite=overwrite)
        if pdf is not None:
            return file_report(pdf, service.guest_list_pdf(event), overwrite=overwrite)
        return guest_list_report(service.guest_list(event, since or 0))

    _finish(ask, as_json=as_json)


@events.command("waiting-list")
def waiting_list(event: Event, as_json: AsJson = False) -> None:
    """Lists who waits, in the order in which they are served.

    Example: kundeapp events waiting-list 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import waiting_list_report

        return waiting_list_report(service.waiting_list(event))

    _finish(ask, as_json=as_json)


@events.command("changes")
def list_changes(event: Event, as_json: AsJson = False) -> None:
    """Lists what was reserved and released and by whom, the oldest first.

    Example: kundeapp events changes 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import changes_report

        return changes_report(service.changes(event))

    _finish(ask, as_json=as_json)


@events.command("audit")
def audit_inventory(event: Event, as_json: AsJson = False) -> None:
    """Compares the counters of an event with the rows that they count; ends with 1 if they differ.

    Example: kundeapp events audit 0195e0c0-0000-7000-8000-000000000001
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import audit_report

        return audit_report(service.audit(event))

    _finish(ask, as_json=as_json)


@door.command("admit")
def admit_guests(
    event: Event,
    *,
    ticket: Annotated[
        str | None, typer.Option(help="A ticket: its code, or what its QR code says.")
    ] = None,
    reservation: Annotated[
        str | None, typer.Option(help="A reservation, as the guest list shows it.")
    ] = None,
    guests: Guests = 1,
    device: Device = "",
    override: Annotated[
        bool, typer.Option("--override", help="Let them in although it does not add up.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Lets guests in, by a ticket or by a reservation. Ends with 1 if they are in already.

    Example: kundeapp events door admit 0195e0c0-0000-7000-8000-000000000001 --ticket K7QX-2M4P
    """
    _require_at_most_one(**{"--ticket": ticket, "--reservation": reservation})
    if not ticket and not reservation:
        raise typer.BadParameter("Give --ticket or --reservation.")

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import admission_report
        from kundeapp.events.v1 import events_service_pb2 as pb

        request = pb.AdmitGuestsRequest(
            event_id=event,
            guests=guests,
            device=device or _this_machine(),
            override=override,
        )
        if ticket:
            request.ticket = ticket
        if reservation:
            request.reservation_id = reservation
        return admission_report(service.admit_guests(request))

    _finish(ask, as_json=as_json)


@door.command("undo")
def undo_admission(
    event: Event,
    reservation: Reservation,
    guests: Guests = 1,
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Takes an admission back.

    Example: kundeapp events door undo 0195e0c0-0000-7000-8000-000000000001
    --reservation 0195e0c0-0000-7000-8000-000000000002
    """

    def ask(service: "EventsService") -> "Report":
        from cli.events.reports import party_report
        from kundeapp.events.v1 import events_service_pb2 as pb

        request = pb.UndoAdmissionRequest(
            event_id=event,
            reservation_id=reservation,
            guests=guests,
            device=device or _this_machine(),
        )
        return party_report(service.undo_admission(request))

    _finish(ask, as_json=as_json)


def _finish(ask: "Callable[[EventsService], Report]", *, as_json: bool) -> None:
    """Asks the service, prints what came of it and ends with its status."""

    def act(_: "Output") -> "Report":
        from cli.events.service import EventsService

        where = settings()
        return ask(EventsService.of(where, sessions(where).internal_token))

    finish(act, as_json=as_json)


def _finish_with_event(ask: "Callable[[EventsService], pb.Event]", *, as_json: bool) -> None:
    def ask_and_show(service: "EventsService") -> "Report":
        from cli.events.reports import event_report

        return event_report(ask(service))

    _finish(ask_and_show, as_json=as_json)


def _require_at_most_one(**options: object) -> None:
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} exclude each other.")


def _this_machine() -> str:
    return platform.node()[:_LONGEST_DEVICE] or "cli"


def _timestamp(moment: datetime | None) -> "Timestamp | None":
    from google.protobuf.timestamp_pb2 import Timestamp

    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
