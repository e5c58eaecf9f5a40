"""Staff act for customers who call, with a reason; customers reach what is their own."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import grpc
import pytest

from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Customer, Events, refused

Metadata = Sequence[tuple[str, str]]
WHY = "Kunden ringde."


async def reserve_for(
    events: Events,
    metadata: Metadata,
    event_id: str,
    *,
    number: str = "",
    reason: str = "",
    quantity: int = 2,
) -> pb.Reservation:
    request = pb.ReserveTicketsRequest(
        event_id=event_id, quantity=quantity, customer_number=number, reason=reason
    )
    return await events.stub.ReserveTickets(request, metadata=metadata)


async def release_for(
    events: Events, metadata: Metadata, reservation_id: str, reason: str = "", quantity: int = 1
) -> pb.Reservation:
    request = pb.ReleaseTicketsRequest(
        reservation_id=reservation_id, quantity=quantity, reason=reason
    )
    return await events.stub.ReleaseTickets(request, metadata=metadata)


@pytest.mark.parametrize("role", ["EVENT_STAFF", "CUSTOMER_SERVICE"])
async def test_staff_reserve_and_release_for_a_customer_and_it_is_written_down_who_did_so_and_why(
    events: Events, role: str
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    kim, siv = uuid4(), uuid4()

    reservation = await reserve_for(
        events,
        events.staff(role, account_id=kim),
        event_id,
        number=kari.number,
        reason=f" {WHY} ",
    )
    assert list(await events.reservations(kari)) == [reservation]
    assert reservation.customer_id == str(kari.id)
    released = await release_for(
        events, events.staff(role, account_id=siv), reservation.id, "Kunden er sjuk."
    )
    assert list(await events.reservations(kari)) == [released]

    answer = await events.stub.ListReservationChanges(
        pb.ListReservationChangesRequest(event_id=event_id), metadata=events.staff(role)
    )
    assert [(each.tickets, each.staff_account_id, each.reason) for each in answer.changes] == [
        (2, str(kim), WHY),
        (1, str(siv), "Kunden er sjuk."),
    ]
    [confirmed] = await events.messages(told.ReservationConfirmed)
    assert (confirmed.customer_id, confirmed.total) == (str(kari.id), 2)
    [given_back] = await events.messages(told.TicketsReleased)
    assert (given_back.customer_id, given_back.total) == (str(kari.id), 1)
    await events.invariants(event_id)


async def test_rules_hold_for_staff_too(events: Events) -> None:
    event_id = await events.event(capacity=5, most=4)
    kari = await events.customer()
    with refused("TOO_MANY_TICKETS"):
        await reserve_for(
            events, events.staff(), event_id, number=kari.number, reason=WHY, quantity=5
        )


@pytest.mark.parametrize(
    ("reason", "why"),
    [("", "REASON_FOR_STAFF"), (" ", "TEXT_LENGTH"), ("a" * 501, "TEXT_LENGTH")],
)
async def test_staff_say_why(events: Events, reason: str, why: str) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    for call in (
        lambda: reserve_for(events, events.staff(), event_id, number=kari.number, reason=reason),
        lambda: release_for(events, events.staff(), reservation.id, reason),
    ):
        with refused("INVALID_FIELDS") as refusing:
            await call()
        assert refusing.refusal.fields == [("reason", why)]
    assert list(await events.reservations(kari)) == [reservation]


async def test_customers_give_no_reason(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    mine = events.metadata(kari)
    for call in (
        lambda: reserve_for(events, mine, event_id, reason=WHY),
        lambda: release_for(events, mine, reservation.id, WHY),
    ):
        with refused("INVALID_FIELDS") as refusing:
            await call()
        assert refusing.refusal.fields == [("reason", "REASON_FOR_STAFF")]


async def test_staff_need_the_number_of_a_customer(events: Events) -> None:
    event_id = await events.event(capacity=5)
    with refused("NO_CUSTOMER"):
        await reserve_for(events, events.staff(), event_id, reason=WHY)
    with refused("NO_CUSTOMER"):
        await events.stub.JoinWaitlist(
            pb.JoinWaitlistRequest(event_id=event_id, wanted=1), metadata=events.staff()
        )


@pytest.mark.parametrize("number", ["999999", "x", "10\0", "1" * 10_000])
async def test_a_number_that_nobody_has_is_refused(events: Events, number: str) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    for metadata in (events.staff(), events.metadata(kari)):
        with refused("INVALID_FIELDS") as refusing:
            await reserve_for(events, metadata, event_id, number=number, reason=WHY)
        assert refusing.refusal.fields == [("customer_number", "UNKNOWN_CUSTOMER_NUMBER")]


@pytest.mark.parametrize("who", ["another customer", "an operator"])
async def test_the_number_of_another_customer_is_as_unknown_as_any(
    events: Events, who: str
) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customers(2)
    metadata = events.metadata(ola) if who == "another customer" else events.staff("OPERATOR")

    async def join(number: str) -> object:
        request = pb.JoinWaitlistRequest(event_id=event_id, wanted=1, customer_number=number)
        return await events.stub.JoinWaitlist(request, metadata=metadata)

    async def reserve(number: str) -> object:
        return await reserve_for(events, metadata, event_id, number=number)

    answers = [
        await answer_to(lambda call=call, number=number: call(number))
        for number in (kari.number, "999999")
        for call in (reserve, join)
    ]
    assert len(set(answers)) == 1
    assert await events.reservations(kari) == []


async def test_who_stands_for_several_customers_says_for_which(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, firm = await events.customers(2)
    both = events.metadata(kari, firm)

    with refused("INVALID_FIELDS") as refusing:
        await reserve_for(events, both, event_id)
    assert refusing.refusal.fields == [("customer_number", "REQUIRED_FIELD")]

    reservation = await reserve_for(events, both, event_id, number=firm.number)
    assert reservation.customer_id == str(firm.id)
    await reserve_for(events, both, event_id, number=kari.number, quantity=1)
    request = pb.ListMyReservationsRequest()
    mine = await events.stub.ListMyReservations(request, metadata=both)
    assert [each.quantity for each in mine.reservations] == [1, 2]
    entry = await events.stub.JoinWaitlist(
        pb.JoinWaitlistRequest(event_id=event_id, wanted=1, customer_number=firm.number),
        metadata=both,
    )
    assert entry.customer_id == str(firm.id)


async def answer_to(call: Callable[[], Awaitable[object]]) -> bytes:
    """Returns what a refused call was told, to the last byte."""
    try:
        await call()
    except grpc.aio.AioRpcError as error:
        return repr((error.code(), error.details(), error.trailing_metadata())).encode()
    raise AssertionError("the call was not refused")


Calls = Callable[[str], Sequence[Callable[[], Awaitable[object]]]]


def calls_on_a_reservation(events: Events, metadata: Metadata) -> Calls:
    get, printed = pb.GetReservationRequest, pb.GetTicketsPdfRequest
    return lambda name: [
        lambda: events.stub.GetReservation(get(reservation_id=name), metadata=metadata),
        lambda: events.stub.GetTicketsPdf(printed(reservation_id=name), metadata=metadata),
        lambda: release_for(events, metadata, name),
        lambda: release_for(events, metadata, name, reason=WHY),
        lambda: release_for(events, metadata, name, quantity=-1),
        lambda: release_for(events, metadata, name, quantity=99),
    ]


def calls_on_a_ticket(events: Events, metadata: Metadata) -> Calls:
    stub = events.stub
    return lambda name: [
        lambda: stub.UseTicket(pb.UseTicketRequest(ticket_id=name), metadata=metadata),
        lambda: stub.UnuseTicket(pb.UnuseTicketRequest(ticket_id=name), metadata=metadata),
        lambda: stub.GetTicketSvg(pb.GetTicketSvgRequest(ticket_id=name), metadata=metadata),
        lambda: stub.GetTicketPng(pb.GetTicketPngRequest(ticket_id=name), metadata=metadata),
    ]


def calls_on_an_entry(events: Events, metadata: Metadata) -> Calls:
    stub = events.stub
    return lambda name: [
        lambda: stub.UpdateWaitlistEntry(
            pb.UpdateWaitlistEntryRequest(entry_id=name, wanted=1), metadata=metadata
        ),
        lambda: stub.UpdateWaitlistEntry(
            pb.UpdateWaitlistEntryRequest(entry_id=name, wanted=-1), metadata=metadata
        ),
        lambda: stub.LeaveWaitlist(pb.LeaveWaitlistRequest(entry_id=name), metadata=metadata),
        lambda: stub.AcceptOffer(pb.AcceptOfferRequest(entry_id=name), metadata=metadata),
        lambda: stub.AcceptOffer(
            pb.AcceptOfferRequest(entry_id=name, quantity=99), metadata=metadata
        ),
        lambda: stub.DeclineOffer(pb.DeclineOfferRequest(entry_id=name), metadata=metadata),
    ]


async def test_what_is_another_customers_is_not_there_to_the_last_byte(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, stranger = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 2)
    entry = await events.join(kari, event_id, 1)
    metadata = events.metadata(stranger)
    missing = str(uuid4())

    answers: set[bytes] = set()
    for calls, name in (
        (calls_on_a_reservation(events, metadata), reservation.id),
        (calls_on_a_ticket(events, metadata), reservation.tickets[0].id),
        (calls_on_an_entry(events, metadata), entry.id),
    ):
        for each in (name, missing):
            answers |= {await answer_to(call) for call in calls(each)}

    assert len(answers) == 1
    assert b"NOT_FOUND" in answers.pop()
    assert list(await events.reservations(kari)) == [reservation]
    assert await events.entry(kari) == entry
    mine = events.metadata(stranger)
    assert await events.reservations(stranger) == []
    listed = await events.stub.ListMyWaitlistEntries(
        pb.ListMyWaitlistEntriesRequest(), metadata=mine
    )
    assert list(listed.waitlist_entries) == []


async def test_an_operator_is_a_stranger_to_reservations(events: Events) -> None:
    event_id = await events.event(capacity=5)
    reservation = await events.reserve(await events.customer(), event_id, 2)
    calls = calls_on_a_reservation(events, events.staff("OPERATOR"))
    answers = {
        await answer_to(call) for name in (reservation.id, str(uuid4())) for call in calls(name)
    }
    assert len(answers) == 1


async def test_staff_see_reservations_but_use_no_ticket_and_answer_no_offer_of_a_customers(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer("Kari Nordmann")
    reservation = await events.reserve(kari, event_id, 2)
    entry = await events.join(kari, event_id, 1)
    staff = events.staff("CUSTOMER_SERVICE")

    seen = await events.stub.GetReservation(
        pb.GetReservationRequest(reservation_id=reservation.id), metadata=staff
    )
    assert seen == reservation
    for call in (
        *calls_on_a_ticket(events, staff)(reservation.tickets[0].id),
        *calls_on_an_entry(events, staff)(entry.id),
    ):
        with refused("NOT_FOUND"):
            await call()

    line = await events.stub.ListWaitlistEntries(
        pb.ListWaitlistEntriesRequest(event_id=event_id), metadata=staff
    )
    [waiting] = line.waitlist_entries
    assert (waiting.id, waiting.customer_number) == (entry.id, kari.number)
    assert waiting.customer_name == "Kari Nordmann"
    assert (entry.customer_number, entry.customer_name) == ("", "")


async def test_staff_page_through_who_waits_in_the_order_in_which_they_are_served(
    events: Events,
) -> None:
    event_id = await events.event(capacity=1)
    customers: Sequence[Customer] = await events.customers(5)
    entries = [await events.join(customer, event_id, 1) for customer in customers]
    await events.leave(customers[2], entries[2].id)

    found: list[str] = []
    token, more = "", True
    while more:
        page = await events.stub.ListWaitlistEntries(
            pb.ListWaitlistEntriesRequest(event_id=event_id, page_size=2, page_token=token),
            metadata=events.staff(),
        )
        found += [entry.id for entry in page.waitlist_entries]
        token = page.next_page_token
        more = bool(token)
    assert found == [entries[number].id for number in (0, 1, 3, 4)]
    with refused("NOT_FOUND"):
        await events.stub.ListWaitlistEntries(
            pb.ListWaitlistEntriesRequest(event_id=str(uuid4())), metadata=events.staff()
        )


async def test_a_customer_pages_through_reservations_and_entries_the_newest_first(
    events: Events,
) -> None:
    kari = await events.customer()
    mine = events.metadata(kari)
    reservations: list[str] = []
    entries: list[str] = []
    for _ in range(5):
        event_id = await events.event(capacity=1)
        reservations.append((await events.reserve(kari, event_id, 1)).id)
        entries.append((await events.join(kari, event_id, 1)).id)

    token, found = "", list[str]()
    for size in (2, 2, 1):
        page = await events.stub.ListMyReservations(
            pb.ListMyReservationsRequest(page_size=2, page_token=token), metadata=mine
        )
        assert len(page.reservations) == size
        found += [each.id for each in page.reservations]
        token = page.next_page_token
    assert (found, token) == (reservations[::-1], "")

    found.clear()
    for size in (2, 2, 1):
        waiting = await events.stub.ListMyWaitlistEntries(
            pb.ListMyWaitlistEntriesRequest(page_size=2, page_token=token), metadata=mine
        )
        assert len(waiting.waitlist_entries) == size
        found += [each.id for each in waiting.waitlist_entries]
        token = waiting.next_page_token
    assert (found, token) == (entries[::-1], "")
