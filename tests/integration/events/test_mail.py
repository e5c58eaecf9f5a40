"""Tickets and guest lists as files: for letters that consent writes, and for the customer."""

import io
from datetime import timedelta
from uuid import uuid4

import pypdf
import pytest

from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Events, refused


async def mailed(events: Events, reservation_id: str, language: str = "") -> pb.TicketsForMail:
    request = pb.GetTicketsForMailRequest(reservation_id=reservation_id, language=language)
    return await events.consent.GetTicketsForMail(request)


async def guest_list_mailed(events: Events, event_id: str) -> pb.GuestListForMail:
    request = pb.GetGuestListForMailRequest(event_id=event_id)
    return await events.consent.GetGuestListForMail(request)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


async def test_a_letter_brings_the_active_tickets_and_says_what_they_are_for(
    events: Events,
) -> None:
    event_id = await events.event(capacity=9)
    kari = await events.customer("Kari Nordmann")
    reservation = await events.reserve(kari, event_id, 4)
    released = await events.release(kari, reservation.id, 1)

    mail = await mailed(events, reservation.id)

    text = text_of(mail.pdf.data)
    by_status = {
        status: {each.code for each in released.tickets if each.status == status}
        for status in (pb.Ticket.ACTIVE, pb.Ticket.RELEASED)
    }
    assert (len(by_status[pb.Ticket.ACTIVE]), len(by_status[pb.Ticket.RELEASED])) == (3, 1)
    assert all(code in text for code in by_status[pb.Ticket.ACTIVE])
    assert not any(code in text for code in by_status[pb.Ticket.RELEASED])
    assert text.count("Kari Nordmann") == 3
    assert "Billett 3 av 3" in text
    mail.pdf.ClearField("data")
    assert mail == pb.TicketsForMail(
        reservation_id=reservation.id,
        customer_id=str(kari.id),
        event_id=event_id,
        event_title="Haustkonsert",
        event_venue="Ørsta kulturhus",
        event_starts_at=reservation.event_starts_at,
        tickets=3,
        pdf=pb.Attachment(
            file_name="billettar-haustkonsert-2026-04-01.pdf", content_type="application/pdf"
        ),
    )


@pytest.mark.parametrize(
    ("language", "name", "said"),
    [
        ("", "billettar", "Onsdag 1. april 2026 kl. 14.00"),
        ("nn", "billettar", "Vis koden i døra."),
        ("nb", "billetter", "Vis koden i døren."),
        ("en", "tickets", "Wednesday 1 April 2026 at 14:00"),
    ],
)
async def test_tickets_are_written_in_the_language_of_the_letter(
    events: Events, language: str, name: str, said: str
) -> None:
    reservation = await events.reserve(await events.customer(), await events.event(capacity=5), 1)

    mail = await mailed(events, reservation.id, language)

    assert mail.pdf.file_name == f"{name}-haustkonsert-2026-04-01.pdf"
    assert said in text_of(mail.pdf.data)


@pytest.mark.parametrize("language", ["sv", "NN", "nn-NO", "no"])
async def test_a_language_that_nothing_is_written_in_is_refused(
    events: Events, language: str
) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await mailed(events, str(uuid4()), language)
    assert refusing.refusal.fields == [("language", "NOT_A_CHOICE")]


async def test_a_reservation_without_active_tickets_is_not_there_for_a_letter(
    events: Events,
) -> None:
    event_id, other_id = await events.event(capacity=5), await events.event(capacity=5)
    kari = await events.customer()
    given_back = await events.reserve(kari, event_id, 2)
    await events.release(kari, given_back.id)
    cancelled = await events.reserve(kari, other_id, 2)
    await events.cancel(other_id)
    for reservation_id in (given_back.id, cancelled.id, str(uuid4())):
        with refused("NOT_FOUND"):
            await mailed(events, reservation_id)


async def test_a_customer_prints_the_tickets_that_the_letter_brings(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer("Kari Nordmann")
    reservation = await events.reserve(kari, event_id, 2)
    request = pb.GetTicketsPdfRequest(reservation_id=reservation.id)

    for language in ("nn", "nb", "en"):
        metadata = (*events.metadata(kari), ("accept-language", language))
        printed = await events.stub.GetTicketsPdf(request, metadata=metadata)
        assert printed.content_type == "application/pdf"
        assert printed.data == (await mailed(events, reservation.id, language)).pdf.data
    for role in ("EVENT_STAFF", "CUSTOMER_SERVICE"):
        printed = await events.stub.GetTicketsPdf(request, metadata=events.staff(role))
        assert reservation.tickets[0].code in text_of(printed.data)


async def test_what_was_given_back_is_not_printed_any_more(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    await events.release(kari, reservation.id)
    with refused("TICKET_RELEASED"):
        await events.stub.GetTicketsPdf(
            pb.GetTicketsPdfRequest(reservation_id=reservation.id), metadata=events.metadata(kari)
        )


async def test_a_letter_to_staff_brings_the_guest_list_that_they_would_see(events: Events) -> None:
    event_id = await events.event(capacity=6, starts_in=timedelta(days=2))
    kari, ola = await events.customer("Kari Nordmann"), await events.customer("Ola Aasen")
    waiting = await events.customers(3)
    await events.reserve(kari, event_id, 4)
    await events.reserve(ola, event_id, 2)
    for each in waiting:
        await events.join(each, event_id, 1)
    staff = events.staff()
    pdf = await events.stub.GetGuestListPdf(
        pb.GetGuestListPdfRequest(event_id=event_id), metadata=staff
    )
    csv = await events.stub.GetGuestListCsv(
        pb.GetGuestListCsvRequest(event_id=event_id), metadata=staff
    )
    seen = await events.stub.GetGuestList(pb.GetGuestListRequest(event_id=event_id), metadata=staff)

    mail = await guest_list_mailed(events, event_id)

    name = f"gjesteliste-haustkonsert-2026-03-04-v{seen.version}"
    assert mail == pb.GuestListForMail(
        event_id=event_id,
        event_title="Haustkonsert",
        event_venue="Ørsta kulturhus",
        event_starts_at=seen.starts_at,
        version=seen.version,
        capacity=6,
        reserved=6,
        parties=2,
        waiting_parties=3,
        pdf=pb.Attachment(file_name=f"{name}.pdf", content_type=pdf.content_type, data=pdf.data),
        csv=pb.Attachment(file_name=f"{name}.csv", content_type=csv.content_type, data=csv.data),
    )
    with refused("NOT_FOUND"):
        await guest_list_mailed(events, str(uuid4()))
