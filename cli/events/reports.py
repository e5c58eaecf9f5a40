"""What the commands of event staff say when they are done."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from cli.moments import show
from cli.outcome import CommandError, Exit, Fault, JsonObject, Report
from kundeapp.events.v1 import events_service_pb2 as pb

Facts = list[tuple[str, str]]


def events_report(events: Sequence[pb.Event]) -> Report:
    """Lists events."""
    rows = [(event.id, _when(event.starts_at), event.title, _state(event)) for event in events]
    return Report(
        title=_counted(len(events), "event", "events"),
        columns=("Event", "Starts", "Title", "State"),
        rows=rows,
        data={"events": [_json(event) for event in events]},
    )


def event_report(event: pb.Event) -> Report:
    """Shows an event."""
    sales = f"{_when(event.sales_open_at)} to {_when(event.sales_close_at)}"
    rows: Facts = [
        ("event", event.id),
        ("state", _state(event)),
        ("starts", _when(event.starts_at)),
        ("venue", event.venue),
        ("capacity", f"{event.capacity}, at most {event.max_per_customer} for a customer"),
        ("sales", sales),
        ("waiting list until", _when(event.waiting_list_closes_at)),
    ]
    if event.HasField("ballot"):
        rows += _ballot(event.ballot)
    if event.cancel_reason:
        rows.append(("cancelled because", event.cancel_reason))
    if event.text:
        rows.append(("text", event.text))
    return Report(event.title, rows, _json(event))


def draw_report(draw: pb.Draw) -> Report:
    """Shows how a ballot was drawn."""
    rows: Facts = [
        ("event", draw.event_id),
        ("drawn", _when(draw.drawn_at)),
        ("seed", draw.seed),
        ("commitment", draw.commitment),
        *((f"{place}", entry) for place, entry in enumerate(draw.entry_ids, start=1)),
    ]
    title = f"Ballot with {_counted(len(draw.entry_ids), 'party', 'parties')}"
    return Report(title, rows, _json(draw))


def reservation_report(reservation: pb.Reservation) -> Report:
    """Shows a reservation."""
    active = [each for each in reservation.tickets if each.status == pb.Ticket.ACTIVE]
    rows: Facts = [
        ("reservation", reservation.id),
        ("event", reservation.event_title),
        ("starts", _when(reservation.event_starts_at)),
        ("status", _word(pb.Reservation.Status.Name(reservation.status))),
        ("tickets", f"{reservation.quantity}"),
        ("codes", ", ".join(ticket.code for ticket in active)),
    ]
    return Report("Reservation", rows, _json(reservation))


def guest_list_report(guests: pb.GuestList) -> Report:
    """Lists the guests, or those of whom something has changed."""
    since = f", changed since version {guests.since_version}" if guests.since_version else ""
    tickets = _counted(guests.total_tickets, "ticket", "tickets")
    counts = f"{tickets}, {guests.total_admitted} in, version {guests.version}"
    return Report(
        title=f"{guests.title}, {_when(guests.starts_at)}: {counts}{since}",
        columns=("Name", "Customer", "Tickets", "In", "Reservation"),
        rows=[
            (
                party.name,
                party.customer_number,
                f"{party.tickets}",
                _admitted(party),
                party.reservation_id,
            )
            for party in guests.parties
        ],
        data=_json(guests),
    )


def file_report(file: Path, content: bytes, *, overwrite: bool) -> Report:
    """Writes a guest list to a file, and says so.

    Raises:
        CommandError: It is there already and may not be replaced, or cannot be written.
    """
    try:
        with file.open("wb" if overwrite else "xb") as opened:
            opened.write(content)
    except FileExistsError as error:
        message = f"{file} exists already. Name another file, or replace it with --overwrite."
        raise CommandError(Exit.USAGE, "FILE_EXISTS", message) from error
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise CommandError(Exit.USAGE, "FILE_NOT_WRITABLE", message) from error
    return Report(f"The guest list is in {file}.", (), {"file": str(file), "bytes": len(content)})


def waiting_list_report(entries: Sequence[pb.WaitlistEntry]) -> Report:
    """Lists who waits."""
    return Report(
        title=f"{_counted(len(entries), 'party', 'parties')} on the waiting list",
        columns=("", "Name", "Customer", "Wants", "State", "Joined"),
        rows=[
            (
                f"{place}",
                entry.customer_name,
                entry.customer_number,
                _wants(entry),
                _place(entry),
                _when(entry.joined_at),
            )
            for place, entry in enumerate(entries, start=1)
        ],
        data={"waitlistEntries": [_json(entry) for entry in entries]},
    )


def changes_report(changes: Sequence[pb.ReservationChange]) -> Report:
    """Lists what happened to reservations."""
    return Report(
        title=_counted(len(changes), "change", "changes"),
        columns=("When", "What", "Tickets", "Name", "Customer", "By", "Why"),
        rows=[
            (
                _when(change.happened_at),
                _word(pb.ReservationChange.Kind.Name(change.kind)),
                f"{change.tickets}",
                change.name,
                change.customer_number,
                "staff" if change.staff_account_id else "customer",
                change.reason,
            )
            for change in changes
        ],
        data={"changes": [_json(change) for change in changes]},
    )


def audit_report(audit: pb.InventoryAudit) -> Report:
    """Says that the counters of an event are right.

    Raises:
        CommandError: They are not; each that is wrong is named.
    """
    held = audit.offered + audit.pooled
    if not audit.consistent:
        pairs = (
            ("reserved", audit.reserved, "reservations have", audit.reserved_by_reservations),
            ("reserved", audit.reserved, "active tickets are", audit.active_tickets),
            ("held", audit.held, "offers and pooled seats are", held),
        )
        faults = [
            Fault(name, "INCONSISTENT", f"The counter says {counter}, but {what} {rows}.")
            for name, counter, what, rows in pairs
            if counter != rows
        ]
        raise CommandError(
            Exit.REFUSED, "INCONSISTENT", "The counters of this event are wrong.", faults
        )
    rows: Facts = [
        ("capacity", f"{audit.capacity}"),
        ("reserved", f"{audit.reserved}"),
        ("held", f"{audit.held}: {audit.offered} offered, {audit.pooled} pooled"),
    ]
    return Report("The counters of this event are right.", rows, _json(audit))


def admission_report(answer: pb.AdmitGuestsResponse) -> Report:
    """Says that guests are in.

    Raises:
        CommandError: Nobody was let in.
    """
    party = answer.party
    match answer.outcome:
        case pb.AdmitGuestsResponse.ADMITTED:
            return party_report(party)
        case pb.AdmitGuestsResponse.RELEASED:
            why = "the tickets were given back"
        case _:
            why = f"{party.admitted} of {party.tickets} are in already"
    last = ""
    if party.HasField("last_admitted_at"):
        last = f", the last at {_when(party.last_admitted_at)} by {party.last_device}"
    message = f"{_who(party)}: {why}{last}. Nobody was let in now; --override does it all the same."
    code = pb.AdmitGuestsResponse.Outcome.Name(answer.outcome)
    raise CommandError(Exit.REFUSED, code, message)


def party_report(party: pb.GuestParty) -> Report:
    """Says who of a party is in."""
    rows: Facts = [
        ("reservation", party.reservation_id),
        ("tickets", f"{party.tickets}"),
        ("in", _admitted(party)),
        ("still to come", f"{party.remaining}"),
    ]
    return Report(_who(party), rows, _json(party))


def _state(event: pb.Event) -> str:
    match event.status:
        case pb.Event.DRAFT:
            return "draft"
        case pb.Event.CANCELLED:
            return "cancelled"
        case _ if event.HasField("ballot") and not event.ballot.HasField("drawn_at"):
            return f"ballot for {event.capacity}, {event.waiting_parties} registered"
        case _:
            left = f"{event.available} of {event.capacity} left" if event.available else "sold out"
            waiting = f", {event.waiting_parties} waiting" if event.waiting_parties else ""
            return left + waiting


def _ballot(ballot: pb.Event.Ballot) -> Facts:
    rows = [("ballot closes", _when(ballot.closes_at)), ("commitment", ballot.commitment)]
    if ballot.HasField("drawn_at"):
        rows.append(("ballot drawn", _when(ballot.drawn_at)))
    return rows


def _wants(entry: pb.WaitlistEntry) -> str:
    least = f", at least {entry.least}" if entry.least < entry.wanted else ""
    return f"{entry.wanted}{least}"


def _place(entry: pb.WaitlistEntry) -> str:
    if entry.HasField("offer"):
        return f"offered {entry.offer.tickets} until {_when(entry.offer.expires_at)}"
    if entry.pooled_seats:
        return f"waiting, {entry.pooled_seats} put aside"
    return _word(pb.WaitlistEntry.Status.Name(entry.status))


def _admitted(party: pb.GuestParty) -> str:
    over = f", {party.over} too many" if party.over else ""
    look = ", look into it" if party.conflict else ""
    return f"{party.admitted}{over}{look}"


def _who(party: pb.GuestParty) -> str:
    return f"{party.name or 'Customer'} ({party.customer_number})"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _word(name: str) -> str:
    return name.lower().replace("_", " ")


def _when(moment: Timestamp) -> str:
    return show(moment.ToDatetime(UTC))


def _json(message: Message) -> JsonObject:
    """Returns a message as the HTTP API shows it."""
    return MessageToDict(message, always_print_fields_with_no_presence=True)
