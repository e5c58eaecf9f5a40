"""From what the domain knows to protobuf, and the fields of requests to what it understands."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import FieldError, Invalid
from kit.moments import moment_of
from kit.texts import Language
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.documents.file_names import guest_list_file_name, tickets_file_name
from services.events.domain import waiting_list
from services.events.domain.door import LONGEST_NAME, Guest, Kind, OfflineRecord, Outcome
from services.events.domain.event import Changes, Event, Mode
from services.events.domain.guest_list import GuestList, GuestParty
from services.events.domain.store import Audit, Change, Draw, Listing, Place
from services.events.domain.ticket_sheet import TicketSheet
from services.events.domain.tickets import Booking, Ticket
from services.events.domain.tickets import Status as TicketStatus
from services.events.handlers.door import Synced
from services.events.handlers.links import LinkedReservation

PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"

_LANGUAGES: Mapping[str, Language] = {"": "nn", "nn": "nn", "nb": "nb", "en": "en"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def uuid_of(text: str, field: str) -> UUID:
    """Returns a UUID that a request names.

    Raises:
        Invalid: If it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(FieldError(field, "NOT_A_UUID" if text else "REQUIRED_FIELD")) from None


def _stamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    return Timestamp(seconds=(moment - _EPOCH) // _SECOND, nanos=moment.microsecond * 1000)


def changes_of(request: pb.CreateEventRequest | pb.UpdateEventRequest) -> Changes:
    """Returns what staff say of an event."""
    if isinstance(request, pb.CreateEventRequest):
        title, text, venue = request.title or None, request.text, request.venue or None
        capacity, max_per_customer = request.capacity, request.max_per_customer or None
    else:
        title = request.title if request.HasField("title") else None
        text = request.text if request.HasField("text") else None
        venue = request.venue if request.HasField("venue") else None
        capacity = request.capacity if request.HasField("capacity") else None
        most = request.max_per_customer
        max_per_customer = most if request.HasField("max_per_customer") else None
    return Changes(
        title=title,
        text=text,
        venue=venue,
        starts_at=moment_of(request, "starts_at"),
        sales_open_at=moment_of(request, "sales_open_at"),
        sales_close_at=moment_of(request, "sales_close_at"),
        waiting_list_closes_at=moment_of(request, "waiting_list_closes_at"),
        capacity=capacity,
        max_per_customer=max_per_customer,
        ballot_closes_at=moment_of(request, "ballot_closes_at"),
    )


def mode_of(number: pb.Event.Mode.ValueType) -> Mode:
    """Returns how tickets are given out.

    Raises:
        Invalid: If this version knows no such way.
    """
    if number == pb.Event.MODE_UNSPECIFIED:
        return Mode.FIRST_COME
    try:
        return Mode(pb.Event.Mode.Name(number))
    except ValueError:
        choices = ", ".join(mode.value for mode in Mode)
        raise Invalid(FieldError("mode", "NOT_A_CHOICE", {"choices": choices})) from None


def language_of(text: str) -> Language:
    """Returns the language that a request names, Nynorsk if it names none.

    Raises:
        Invalid: If nothing is written in it here.
    """
    language = _LANGUAGES.get(text)
    if language is None:
        raise Invalid(FieldError("language", "NOT_A_CHOICE", {"choices": "nn, nb, en"}))
    return language


def quantity_of(request: pb.ReleaseByLinkRequest) -> int | None:
    """Returns how many tickets are given back, None for all.

    Raises:
        Invalid: If that is not said.
    """
    if request.HasField("tickets"):
        return request.tickets
    if request.all:
        return None
    raise Invalid(FieldError("tickets", "REQUIRED_FIELD"))


def event_of(listing: Listing) -> pb.Event:
    """Returns an event as it is shown."""
    event, inventory = listing.event, listing.inventory
    ballot = None
    if event.ballot is not None:
        ballot = pb.Event.Ballot(
            closes_at=_stamp(event.ballot.closes_at),
            commitment=event.ballot.commitment,
            drawn_at=_stamp(event.ballot.drawn_at),
        )
    return pb.Event(
        id=str(event.id),
        title=event.title,
        text=event.text,
        venue=event.venue,
        starts_at=_stamp(event.starts_at),
        sales_open_at=_stamp(event.sales_open_at),
        sales_close_at=_stamp(event.sales_close_at),
        waiting_list_closes_at=_stamp(event.waiting_list_closes_at),
        capacity=inventory.capacity,
        available=inventory.available if event.is_published else 0,
        max_per_customer=event.max_per_customer,
        waiting_parties=listing.waiting_parties,
        status=pb.Event.Status.Value(event.status.value),
        mode=pb.Event.FIRST_COME if event.ballot is None else pb.Event.BALLOT,
        ballot=ballot,
        cancel_reason=event.cancel_reason,
    )


def draw_of(draw: Draw) -> pb.Draw:
    """Returns how a ballot was drawn."""
    ballot = draw.event.ballot
    if ballot is None:
        raise ValueError("there is no draw without a ballot")
    return pb.Draw(
        event_id=str(draw.event.id),
        seed=ballot.seed.hex(),
        commitment=ballot.commitment,
        drawn_at=_stamp(ballot.drawn_at),
        entry_ids=[str(entry_id) for entry_id in draw.entry_ids],
    )


def reservation_of(booking: Booking, event: Event) -> pb.Reservation:
    """Returns a reservation with its tickets, and what its event is."""
    reservation = booking.reservation
    return pb.Reservation(
        id=str(reservation.id),
        event_id=str(reservation.event_id),
        customer_id=str(reservation.customer_id),
        status=pb.Reservation.Status.Value(reservation.status.value),
        quantity=reservation.quantity,
        reserved_at=_stamp(reservation.reserved_at),
        tickets=[ticket_of(ticket) for ticket in booking.tickets],
        event_title=event.title,
        event_venue=event.venue,
        event_starts_at=_stamp(event.starts_at),
    )


def ticket_of(ticket: Ticket) -> pb.Ticket:
    """Returns a ticket; its token only while it lets a guest in."""
    return pb.Ticket(
        id=str(ticket.id),
        reservation_id=str(ticket.reservation_id),
        status=pb.Ticket.Status.Value(ticket.status.value),
        token=ticket.token_text if ticket.status is TicketStatus.ACTIVE else "",
        code=ticket.code_text,
        used_at=_stamp(ticket.used_at),
    )


def reservation_for_link_of(linked: LinkedReservation) -> pb.ReservationForLink:
    """Returns a reservation as the page behind a link shows it."""
    reservation, event = linked.booking.reservation, linked.event
    return pb.ReservationForLink(
        reservation_id=str(reservation.id),
        event_id=str(event.id),
        event_title=event.title,
        event_venue=event.venue,
        event_starts_at=_stamp(event.starts_at),
        status=pb.Reservation.Status.Value(reservation.status.value),
        tickets=reservation.quantity,
        releasable=linked.releasable,
    )


def tickets_for_mail_of(sheet: TicketSheet, language: Language, pdf: bytes) -> pb.TicketsForMail:
    """Returns the tickets of a reservation, for a letter."""
    event, reservation = sheet.event, sheet.reservation
    name = tickets_file_name(event, language)
    return pb.TicketsForMail(
        reservation_id=str(reservation.id),
        customer_id=str(reservation.customer_id),
        event_id=str(event.id),
        event_title=event.title,
        event_venue=event.venue,
        event_starts_at=_stamp(event.starts_at),
        tickets=len(sheet.tickets),
        pdf=pb.Attachment(file_name=name, content_type=PDF, data=pdf),
    )


def waitlist_entry_of(place: Place, event: Event, *, for_staff: bool = False) -> pb.WaitlistEntry:
    """Returns a party on the waiting list; whose it is only for staff."""
    entry = place.entry
    return pb.WaitlistEntry(
        id=str(entry.id),
        event_id=str(entry.event_id),
        customer_id=str(entry.customer_id),
        status=pb.WaitlistEntry.Status.Value(entry.status.value),
        wanted=entry.wanted,
        least=entry.least,
        parties_ahead=place.ahead,
        pooled_seats=entry.pooled,
        joined_at=_stamp(entry.joined_at),
        offer=_offer_of(entry.offer) if entry.offer else None,
        customer_number=place.customer_number if for_staff else "",
        customer_name=place.customer_name if for_staff else "",
        event_title=event.title,
        event_venue=event.venue,
        event_starts_at=_stamp(event.starts_at),
    )


def _offer_of(offer: waiting_list.Offer) -> pb.WaitlistEntry.Offer:
    return pb.WaitlistEntry.Offer(
        id=str(offer.id),
        tickets=offer.tickets,
        made_at=_stamp(offer.made_at),
        expires_at=_stamp(offer.expires_at),
    )


def guest_list_of(
    guest_list: GuestList, since_version: int, parties: Sequence[GuestParty]
) -> pb.GuestList:
    """Returns a guest list that shows these parties of it, and the totals of all."""
    return pb.GuestList(
        event_id=str(guest_list.event_id),
        title=guest_list.title,
        venue=guest_list.venue,
        starts_at=_stamp(guest_list.starts_at),
        version=guest_list.version,
        since_version=since_version,
        parties=[party_of(party) for party in parties],
        total_tickets=guest_list.total_tickets,
        total_admitted=guest_list.total_admitted,
        unknown_tickets=guest_list.unknown_tickets,
        capacity=guest_list.capacity,
    )


def guest_list_for_mail_of(guest_list: GuestList, pdf: bytes, csv: bytes) -> pb.GuestListForMail:
    """Returns a guest list, for a letter."""
    pdf_name, csv_name = (guest_list_file_name(guest_list, each) for each in ("pdf", "csv"))
    return pb.GuestListForMail(
        event_id=str(guest_list.event_id),
        event_title=guest_list.title,
        event_venue=guest_list.venue,
        event_starts_at=_stamp(guest_list.starts_at),
        version=guest_list.version,
        capacity=guest_list.capacity,
        reserved=guest_list.total_tickets,
        parties=len(guest_list.parties),
        waiting_parties=len(guest_list.waiting),
        pdf=pb.Attachment(file_name=pdf_name, content_type=PDF, data=pdf),
        csv=pb.Attachment(file_name=csv_name, content_type=CSV, data=csv),
    )


def party_of(party: GuestParty) -> pb.GuestParty:
    """Returns a party on the guest list."""
    return pb.GuestParty(
        reservation_id=str(party.reservation_id),
        customer_number=party.customer_number,
        name=party.name,
        tickets=party.tickets,
        admitted=party.admitted,
        remaining=party.remaining,
        over=party.over,
        used_in_app=party.used_in_app,
        codes=party.codes,
        token_hashes=party.token_hashes,
        last_admitted_at=_stamp(party.last_admitted_at),
        last_device=party.last_device,
        conflict=party.conflict,
        version=party.version,
    )


def change_of(change: Change) -> pb.ReservationChange:
    """Returns something that happened to a reservation."""
    return pb.ReservationChange(
        sequence=change.sequence,
        happened_at=_stamp(change.happened_at),
        kind=pb.ReservationChange.Kind.Value(change.kind.value),
        reservation_id=str(change.reservation_id),
        customer_number=change.customer_number,
        name=change.name,
        tickets=change.tickets,
        staff_account_id=str(change.actor.staff_account_id or ""),
        reason=change.actor.reason,
        by_link=change.actor.by_link,
    )


def audit_of(audit: Audit) -> pb.InventoryAudit:
    """Returns counters beside what they count."""
    return pb.InventoryAudit(
        consistent=audit.is_consistent,
        capacity=audit.inventory.capacity,
        reserved=audit.inventory.reserved,
        reserved_by_reservations=audit.reserved_by_reservations,
        active_tickets=audit.active_tickets,
        held=audit.inventory.held,
        offered=audit.offered,
        pooled=audit.pooled,
    )


def outcome_of(outcome: Outcome, party: GuestParty) -> pb.AdmitGuestsResponse:
    """Returns what came of letting guests in."""
    return pb.AdmitGuestsResponse(
        outcome=pb.AdmitGuestsResponse.Outcome.Value(outcome.value), party=party_of(party)
    )


def synced_of(synced: Synced) -> pb.SyncDoorResponse:
    """Returns what came of the records that a device handed over."""
    return pb.SyncDoorResponse(
        results=[
            pb.SyncDoorResponse.Result(
                nonce=nonce,
                outcome=pb.SyncDoorResponse.Result.Outcome.Value(outcome.value),
                reservation_id=str(reservation_id or ""),
            )
            for nonce, outcome, reservation_id in synced.results
        ],
        parties=[party_of(party) for party in synced.parties],
        version=synced.version,
    )


def guest_of(message: pb.AdmitGuestsRequest | pb.SyncDoorRequest.Record) -> Guest:
    """Returns who stands at the door.

    Raises:
        Invalid: If neither a ticket nor a reservation is named.
    """
    if message.reservation_id:
        return Guest(uuid_of(message.reservation_id, "reservation_id"), "")
    ticket = message.ticket.replace("\0", "").strip()
    if not ticket:
        raise Invalid(FieldError("ticket", "REQUIRED_FIELD"))
    return Guest(None, ticket[:LONGEST_NAME])


def offline_record_of(record: pb.SyncDoorRequest.Record) -> OfflineRecord:
    """Returns what a device recorded, as far as it can be read."""
    try:
        guest = guest_of(record)
    except Invalid:
        guest = None
    try:
        happened_at = moment_of(record, "happened_at")
    except Invalid:
        happened_at = None
    kinds = {
        pb.SyncDoorRequest.Record.ADMIT: Kind.ADMIT,
        pb.SyncDoorRequest.Record.UNDO: Kind.UNDO,
    }
    return OfflineRecord(
        kinds.get(record.kind), guest, record.guests or 1, record.nonce, happened_at
    )
