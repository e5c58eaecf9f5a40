"""The guest list: who may come in, and what has changed since a device last looked."""

import hashlib
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest

from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Customer, Events, refused


async def guest_list(events: Events, event_id: str, since: int = 0) -> pb.GuestList:
    request = pb.GetGuestListRequest(event_id=event_id, since_version=since)
    return await events.stub.GetGuestList(request, metadata=events.staff())


async def admit(
    events: Events, event_id: str, reservation_id: str, guests: int = 1
) -> pb.AdmitGuestsResponse:
    request = pb.AdmitGuestsRequest(
        event_id=event_id,
        reservation_id=reservation_id,
        guests=guests,
        device="Dør 1",
        nonce=str(uuid4()),
    )
    return await events.stub.AdmitGuests(request, metadata=events.staff())


async def test_the_list_names_all_who_have_tickets_by_surname_in_norwegian_order(
    events: Events,
) -> None:
    event_id = await events.event(capacity=25)
    names = ["Ola Aasen", "Kari Zakariassen", "", "Per Ærø", "Anne Abel", "Åse Ødegård"]
    customers = [await events.customer(name) for name in names]
    for number, customer in enumerate(customers, 1):
        await events.reserve(customer, event_id, number)

    listed = await guest_list(events, event_id)

    assert [party.name for party in listed.parties] == [
        "Anne Abel",
        "Kari Zakariassen",
        "Per Ærø",
        "Åse Ødegård",
        "Ola Aasen",
        "",
    ]
    numbers = {customer.number: quantity for quantity, customer in enumerate(customers, 1)}
    assert {party.customer_number: party.tickets for party in listed.parties} == numbers
    event = await events.get(event_id)
    assert (listed.event_id, listed.title, listed.venue) == (event_id, event.title, event.venue)
    assert (listed.starts_at, listed.capacity) == (event.starts_at, 25)
    assert (listed.total_tickets, listed.total_admitted, listed.since_version) == (21, 0, 0)


async def test_a_device_can_know_a_ticket_without_being_able_to_make_one(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 4)
    await events.release(kari, reservation.id, 1)

    [party] = (await guest_list(events, event_id)).parties

    tickets = {ticket.code: ticket.token for ticket in reservation.tickets[:3]}
    assert list(party.codes) == sorted(tickets)
    assert list(party.token_hashes) == [
        hashlib.sha256(tickets[code].encode()).hexdigest() for code in party.codes
    ]
    whole = (await guest_list(events, event_id)).SerializeToString()
    assert not any(ticket.token.encode() in whole for ticket in reservation.tickets)


async def test_totals_are_those_of_all_parties(events: Events) -> None:
    event_id = await events.event(capacity=20)
    kari, ola, per = await events.customers(3)
    first = await events.reserve(kari, event_id, 4)
    second = await events.reserve(ola, event_id, 3)
    await events.reserve(per, event_id, 2)
    await admit(events, event_id, first.id, 4)
    await admit(events, event_id, second.id)

    listed = await guest_list(events, event_id)

    assert (listed.total_tickets, listed.total_admitted) == (9, 5)
    assert sum(party.remaining for party in listed.parties) == 4
    changes = await guest_list(events, event_id, listed.version)
    assert (changes.total_tickets, changes.total_admitted) == (9, 5)


async def test_who_gave_all_back_is_left_out_of_the_list_and_is_one_of_its_changes(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 2)
    await events.reserve(ola, event_id, 1)
    before = await guest_list(events, event_id)

    await events.release(kari, reservation.id)

    after = await guest_list(events, event_id)
    assert [party.customer_number for party in after.parties] == [ola.number]
    [gone] = (await guest_list(events, event_id, before.version)).parties
    assert (gone.reservation_id, gone.tickets) == (reservation.id, 0)
    assert (list(gone.codes), list(gone.token_hashes)) == ([], [])
    assert before.version < gone.version == after.version


async def test_who_is_in_stays_on_the_list_without_tickets(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    await admit(events, event_id, reservation.id)

    await events.cancel(event_id)

    [party] = (await guest_list(events, event_id)).parties
    assert (party.tickets, party.admitted, party.over) == (0, 1, 1)


async def test_every_change_of_the_list_has_a_higher_version_and_nothing_else_has(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 3)
    entry = await events.join(ola, event_id, 2)
    ticket_id, mine = reservation.tickets[0].id, events.metadata(kari)
    use, unuse = (
        pb.UseTicketRequest(ticket_id=ticket_id),
        pb.UnuseTicketRequest(ticket_id=ticket_id),
    )
    undo = pb.UndoAdmissionRequest(
        event_id=event_id, reservation_id=reservation.id, device="Dør 1", nonce="undo"
    )

    async def refuse(call: Awaitable[object]) -> None:
        with pytest.raises(grpc.aio.AioRpcError):
            await call

    changes: list[tuple[Callable[[], Awaitable[object]], bool]] = [
        (lambda: events.stub.UseTicket(use, metadata=mine), True),
        (lambda: events.stub.UseTicket(use, metadata=mine), False),
        (lambda: events.stub.UnuseTicket(unuse, metadata=mine), True),
        (lambda: events.stub.UnuseTicket(unuse, metadata=mine), False),
        (lambda: events.release(kari, reservation.id, 1), True),
        (lambda: events.accept(ola, entry.id), True),
        (lambda: events.reserve(kari, event_id, 2), False),
        (lambda: refuse(events.reserve(kari, event_id, 4)), False),
        (lambda: admit(events, event_id, reservation.id), True),
        (lambda: admit(events, event_id, reservation.id, 9), False),
        (lambda: events.stub.UndoAdmission(undo, metadata=events.staff()), True),
        (lambda: events.stub.UndoAdmission(undo, metadata=events.staff()), False),
        (lambda: guest_list(events, event_id), False),
        (lambda: events.cancel(event_id), True),
        (lambda: events.cancel(event_id), False),
    ]
    version = (await guest_list(events, event_id)).version
    for change, is_one in changes:
        await change()
        after = await guest_list(events, event_id, version)
        assert (after.version > version) == is_one
        assert bool(after.parties) == is_one
        assert all(version < party.version <= after.version for party in after.parties)
        version = after.version


async def test_a_device_that_takes_only_the_changes_has_the_whole_list(events: Events) -> None:
    event_id = await events.event(capacity=30)
    customers = await events.customers(6)
    chance = random.Random(1)  # noqa: S311 - foreseeable
    copy: dict[str, pb.GuestParty] = {}
    version = 0

    async def act(customer: Customer) -> None:
        found = [each for each in await events.reservations(customer) if each.quantity]
        if not found:
            await events.reserve(customer, event_id, chance.randint(1, 4))
        elif chance.random() < 0.5:
            await events.release(customer, found[0].id, chance.choice([0, 1]))
        else:
            await admit(events, event_id, found[0].id)

    for _ in range(40):
        for _ in range(chance.randint(1, 3)):
            with suppress(grpc.aio.AioRpcError):  # guests who are in keep their tickets
                await act(chance.choice(customers))
        changes = await guest_list(events, event_id, version)
        copy |= {party.reservation_id: party for party in changes.parties}
        version = changes.version
        whole = await guest_list(events, event_id)
        kept = [party for party in copy.values() if party.tickets or party.admitted]
        assert {party.reservation_id: party for party in whole.parties} == {
            party.reservation_id: party for party in kept
        }
        assert whole.version == version


async def test_what_was_never_a_version_is_refused_or_has_no_changes(events: Events) -> None:
    event_id = await events.event(capacity=5)
    await events.reserve(await events.customer(), event_id, 1)
    with refused("INVALID_FIELDS") as refusing:
        await guest_list(events, event_id, -1)
    assert refusing.refusal.fields == [("since_version", "OUT_OF_RANGE")]
    assert list((await guest_list(events, event_id, 2**63 - 1)).parties) == []
    with refused("NOT_FOUND"):
        await guest_list(events, str(uuid4()))


async def test_the_list_is_printed_and_put_into_a_spreadsheet(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customer("Kari Nordmann"), await events.customer("Ola Aasen")
    await events.reserve(kari, event_id, 5)
    await events.join(ola, event_id, 2)
    staff = events.staff("CUSTOMER_SERVICE")

    csv = await events.stub.GetGuestListCsv(
        pb.GetGuestListCsvRequest(event_id=event_id), metadata=staff
    )
    pdf = await events.stub.GetGuestListPdf(
        pb.GetGuestListPdfRequest(event_id=event_id), metadata=staff
    )

    assert csv.content_type == "text/csv; charset=utf-8"
    assert f"Nordmann;Kari;{kari.number};5;0;5;" in csv.data.decode()
    assert pdf.content_type == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    missing = str(uuid4())
    for call in (
        lambda: events.stub.GetGuestListCsv(
            pb.GetGuestListCsvRequest(event_id=missing), metadata=staff
        ),
        lambda: events.stub.GetGuestListPdf(
            pb.GetGuestListPdfRequest(event_id=missing), metadata=staff
        ),
    ):
        with refused("NOT_FOUND"):
            await call()


async def test_a_ticket_is_shown_as_a_qr_code_while_it_lets_a_guest_in(events: Events) -> None:
    event_id = await events.event(capacity=5, starts_in=timedelta(days=2))
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    mine = events.metadata(kari)

    async def shown(ticket: pb.Ticket) -> list[Any]:
        return [
            await events.stub.GetTicketSvg(
                pb.GetTicketSvgRequest(ticket_id=ticket.id), metadata=mine
            ),
            await events.stub.GetTicketPng(
                pb.GetTicketPngRequest(ticket_id=ticket.id), metadata=mine
            ),
        ]

    svg, png = await shown(reservation.tickets[0])
    assert (svg.content_type, png.content_type) == ("image/svg+xml", "image/png")
    assert b"<svg" in svg.data
    assert png.data.startswith(b"\x89PNG")

    released = await events.release(kari, reservation.id, 1)
    given_back = next(each for each in released.tickets if each.status == pb.Ticket.RELEASED)
    assert given_back.token == ""
    with refused("TICKET_RELEASED"):
        await shown(given_back)
