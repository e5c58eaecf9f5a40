"""What is held about a person, as records of the file that the gateway makes."""

from collections.abc import Sequence

from kit.export import RECORDS_A_PAGE, Part, Record, Section
from services.events.domain.event import Event
from services.events.domain.people import Person
from services.events.domain.store import Admission, Change, PastOffer, Place, Reader
from services.events.domain.tickets import Booking
from services.events.handlers import customers, reservations


def sections(reader: Reader, person: Person) -> Sequence[Section]:
    """Returns the sections of what is held about a person's customers."""

    async def bookings(position: str) -> Part:
        page = await reservations.list_reservations(reader, person, RECORDS_A_PAGE, position)
        events = await reader.events({each.reservation.event_id for each in page.items})
        return Part(
            [_booking(each, events[each.reservation.event_id]) for each in page.items],
            page.next_token,
        )

    async def entries(position: str) -> Part:
        page, offers = await customers.list_entries(reader, person, RECORDS_A_PAGE, position)
        events = await reader.events({each.entry.event_id for each in page.items})
        return Part(
            [_entry(each, events[each.entry.event_id], offers) for each in page.items],
            page.next_token,
        )

    async def admissions(position: str) -> Part:
        page = await customers.list_admissions(reader, person, RECORDS_A_PAGE, position)
        return Part([_admission(each) for each in page.items], page.next_token)

    async def own_changes(position: str) -> Part:
        page = await customers.list_changes(
            reader, person, RECORDS_A_PAGE, position, by_staff=False
        )
        records = [{**_change(each), "byLink": each.actor.by_link} for each in page.items]
        return Part(records, page.next_token)

    async def staff_actions(position: str) -> Part:
        page = await customers.list_changes(reader, person, RECORDS_A_PAGE, position, by_staff=True)
        records = [{**_change(each), "reason": each.actor.reason} for each in page.items]
        return Part(records, page.next_token)

    return (
        Section("reservations", bookings),
        Section("waitlistEntries", entries),
        Section("admissions", admissions),
        Section("reservationChanges", own_changes),
        Section("staffActions", staff_actions),
    )


def _event(event: Event) -> Record:
    return {
        "eventId": event.id,
        "eventTitle": event.title,
        "eventVenue": event.venue,
        "eventStartsAt": event.starts_at,
    }


def _booking(booking: Booking, event: Event) -> Record:
    reservation = booking.reservation
    return {
        "id": reservation.id,
        "customerId": reservation.customer_id,
        **_event(event),
        "status": reservation.status.value,
        "quantity": reservation.quantity,
        "reservedAt": reservation.reserved_at,
        "tickets": [
            {
                "id": ticket.id,
                "code": ticket.code_text,
                "status": ticket.status.value,
                "usedAt": ticket.used_at,
            }
            for ticket in booking.tickets
        ],
    }


def _entry(place: Place, event: Event, offers: Sequence[PastOffer]) -> Record:
    entry = place.entry
    return {
        "id": entry.id,
        "customerId": entry.customer_id,
        **_event(event),
        "status": entry.status.value,
        "wanted": entry.wanted,
        "least": entry.least,
        "joinedAt": entry.joined_at,
        "pooledSeats": entry.pooled,
        "offers": [
            {
                "status": offer.status,
                "tickets": offer.tickets,
                "madeAt": offer.made_at,
                "toldAt": offer.told_at,
                "expiresAt": offer.expires_at,
                "endedAt": offer.ended_at,
            }
            for offer in offers
            if offer.entry_id == entry.id
        ],
    }


def _admission(admission: Admission) -> Record:
    return {
        "reservationId": admission.reservation_id,
        "eventId": admission.event_id,
        "kind": admission.kind,
        "guests": admission.guests,
        "device": admission.device,
        "happenedAt": admission.happened_at,
        "recordedAt": admission.recorded_at,
    }


def _change(change: Change) -> Record:
    return {
        "at": change.happened_at,
        "action": change.kind.value,
        "reservationId": change.reservation_id,
        "tickets": change.tickets,
    }
