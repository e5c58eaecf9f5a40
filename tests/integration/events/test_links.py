"""What a customer does by a link in a letter, which consent has verified."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest

from kit.access import Caller
from kit.server import Call
from kit.testing import FrozenClock
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.config import Settings
from services.events.servicer import EventsServicer
from tests.integration.events.replicas import call_of, replicas, without_lock
from tests.integration.events.test_export import export
from tests.integration.events.world import Customer, Events, refused

HOUR = timedelta(hours=1)
ROUNDS = 100


async def shown(events: Events, customer: Customer, reservation_id: str) -> pb.ReservationForLink:
    return await events.consent.GetReservationForLink(
        pb.GetReservationForLinkRequest(reservation_id=reservation_id, customer_id=str(customer.id))
    )


async def release(
    events: Events, customer: Customer, reservation_id: str, **quantity: Any
) -> pb.ReservationForLink:
    return await events.consent.ReleaseByLink(
        pb.ReleaseByLinkRequest(
            reservation_id=reservation_id, customer_id=str(customer.id), **quantity
        )
    )


async def let_in(events: Events, reservation: pb.Reservation, guests: int) -> None:
    request = pb.AdmitGuestsRequest(
        event_id=reservation.event_id,
        reservation_id=reservation.id,
        guests=guests,
        device="Dør 1",
        nonce=str(uuid4()),
    )
    await events.stub.AdmitGuests(request, metadata=events.staff())


async def test_the_page_shows_what_can_be_given_back_and_nothing_that_lets_a_guest_in(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 3)

    page = await shown(events, kari, reservation.id)

    assert page == pb.ReservationForLink(
        reservation_id=reservation.id,
        event_id=event_id,
        event_title="Haustkonsert",
        event_venue="Ørsta kulturhus",
        event_starts_at=reservation.event_starts_at,
        status=pb.Reservation.ACTIVE,
        tickets=3,
        releasable=3,
    )


async def test_some_tickets_are_given_back_and_go_to_the_next_in_line(events: Events) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 3)
    await events.join(ola, event_id, 2)

    page = await release(events, kari, reservation.id, tickets=2)

    assert (page.status, page.tickets, page.releasable) == (pb.Reservation.ACTIVE, 1, 1)
    assert page == await shown(events, kari, reservation.id)
    [held] = await events.reservations(kari)
    assert held.quantity == 1
    offered = await events.entry(ola)
    assert (offered.status, offered.offer.tickets) == (pb.WaitlistEntry.OFFERED, 2)
    [released] = await events.messages(told.TicketsReleased)
    assert released == told.TicketsReleased(
        reservation_id=reservation.id,
        event_id=event_id,
        customer_id=str(kari.id),
        tickets=2,
        total=1,
    )
    await events.invariants(event_id)


async def test_all_tickets_are_given_back_at_once(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 4)

    page = await release(events, kari, reservation.id, all=True)

    assert (page.status, page.tickets, page.releasable) == (pb.Reservation.RELEASED, 0, 0)
    assert (await events.get(event_id)).available == 5
    with refused("NOT_THAT_MANY_TICKETS") as refusing:
        await release(events, kari, reservation.id, all=True)
    assert refusing.refusal.facts == {"available": "0"}
    await events.invariants(event_id)


async def test_a_ticket_that_is_marked_as_used_is_the_last_to_be_given_back(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 3)
    used = reservation.tickets[2].id
    mark = pb.UseTicketRequest(ticket_id=used)
    await events.stub.UseTicket(mark, metadata=events.metadata(kari))

    await release(events, kari, reservation.id, tickets=2)

    [held] = await events.reservations(kari)
    assert [each.id for each in held.tickets if each.status == pb.Ticket.ACTIVE] == [used]


async def test_it_is_written_down_that_it_was_by_a_link(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 4)
    await events.release(kari, reservation.id, 1)
    await release(events, kari, reservation.id, tickets=2)

    answer = await events.stub.ListReservationChanges(
        pb.ListReservationChangesRequest(event_id=event_id), metadata=events.staff()
    )

    kinds = pb.ReservationChange.Kind
    assert [
        (each.kind, each.tickets, each.by_link, each.staff_account_id, each.reason)
        for each in answer.changes
    ] == [
        (kinds.RESERVED, 4, False, "", ""),
        (kinds.RELEASED, 1, False, "", ""),
        (kinds.RELEASED, 2, True, "", ""),
    ]
    own = (await export(events, kari))["reservationChanges"]
    assert [each["byLink"] for each in own] == [False, False, True]


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ({"tickets": 0}, "OUT_OF_RANGE"),
        ({"tickets": -1}, "OUT_OF_RANGE"),
        ({}, "REQUIRED_FIELD"),
        ({"all": False}, "REQUIRED_FIELD"),
    ],
)
async def test_nothing_is_given_back_that_was_not_said(
    events: Events, quantity: dict[str, Any], reason: str
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 4)

    with refused("INVALID_FIELDS") as refusing:
        await release(events, kari, reservation.id, **quantity)

    assert refusing.refusal.fields == [("tickets", reason)]
    assert list(await events.reservations(kari)) == [reservation]


async def test_more_than_there_are_is_refused_with_how_many_there_are(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    with refused("NOT_THAT_MANY_TICKETS") as refusing:
        await release(events, kari, reservation.id, tickets=3)
    assert refusing.refusal.facts == {"available": "2"}
    assert list(await events.reservations(kari)) == [reservation]


async def test_tickets_of_guests_who_are_in_stay(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 4)
    await let_in(events, reservation, 3)

    page = await shown(events, kari, reservation.id)
    assert (page.tickets, page.releasable) == (4, 1)
    for quantity in ({"all": True}, {"tickets": 2}):
        with refused("GUESTS_ADMITTED") as refusing:
            await release(events, kari, reservation.id, **quantity)
        assert refusing.refusal.facts == {"available": "1"}

    page = await release(events, kari, reservation.id, tickets=1)
    assert (page.tickets, page.releasable) == (3, 0)
    await events.invariants(event_id)


async def test_nothing_is_given_back_once_the_event_has_begun(events: Events) -> None:
    event_id = await events.event(capacity=5, starts_in=HOUR)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    events.clock.advance(HOUR)

    page = await shown(events, kari, reservation.id)
    assert (page.status, page.tickets, page.releasable) == (pb.Reservation.ACTIVE, 2, 0)
    with refused("EVENT_OVER"):
        await release(events, kari, reservation.id, tickets=1)


async def test_nothing_is_given_back_of_an_event_that_was_cancelled(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    await events.cancel(event_id)

    page = await shown(events, kari, reservation.id)
    assert (page.status, page.tickets, page.releasable) == (pb.Reservation.CANCELLED, 0, 0)
    with refused("EVENT_CANCELLED"):
        await release(events, kari, reservation.id, all=True)


async def test_another_customers_reservation_is_not_there_to_the_last_byte(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, stranger = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 2)

    answers: set[bytes] = set()
    for reservation_id in (reservation.id, str(uuid4())):
        for call in (
            lambda name=reservation_id: shown(events, stranger, name),
            lambda name=reservation_id: release(events, stranger, name, all=True),
            lambda name=reservation_id: release(events, stranger, name, tickets=0),
            lambda name=reservation_id: release(events, stranger, name, tickets=9),
        ):
            with refused("NOT_FOUND") as refusing:
                await call()
            answers.add(refusing.refusal.answer)

    assert len(answers) == 1
    assert list(await events.reservations(kari)) == [reservation]


@pytest.mark.parametrize("field", ["reservation_id", "customer_id"])
@pytest.mark.parametrize(("value", "reason"), [("", "REQUIRED_FIELD"), ("x", "NOT_A_UUID")])
async def test_reservation_and_customer_are_named_by_uuids(
    events: Events, field: str, value: str, reason: str
) -> None:
    names = {"reservation_id": str(uuid4()), "customer_id": str(uuid4()), field: value}
    reservation, customer = names["reservation_id"], names["customer_id"]
    show = pb.GetReservationForLinkRequest(reservation_id=reservation, customer_id=customer)
    give = pb.ReleaseByLinkRequest(reservation_id=reservation, customer_id=customer, all=True)
    for call in (
        lambda: events.consent.GetReservationForLink(show),
        lambda: events.consent.ReleaseByLink(give),
    ):
        with refused("INVALID_FIELDS") as refusing:
            await call()
        assert refusing.refusal.fields == [(field, reason)]


async def test_a_customer_cannot_do_what_consent_does_for_whoever_has_a_link(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    request = pb.ReleaseByLinkRequest(
        reservation_id=reservation.id, customer_id=str(kari.id), all=True
    )
    for metadata in (events.metadata(kari), events.staff()):
        with pytest.raises(grpc.aio.AioRpcError) as refusing:
            await events.stub.ReleaseByLink(request, metadata=metadata)
        assert refusing.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert list(await events.reservations(kari)) == [reservation]


async def test_the_app_and_a_link_at_once_give_back_one_ticket_each(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    async with replicas(settings, clock) as servicers:
        for _ in range(ROUNDS // 10):
            event_id = await events.event(capacity=5)
            assert await left_after_both(servicers[0], servicers[1], event_id, clock) == 1
            assert (await events.invariants(event_id)).reserved == 1


async def test_without_the_lock_a_ticket_would_be_given_back_twice(
    events: Events, settings: Settings, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_lock(monkeypatch)
    async with replicas(settings, clock) as servicers:
        for _ in range(ROUNDS):
            event_id = await events.event(capacity=5)
            if await left_after_both(servicers[0], servicers[1], event_id, clock) != 1:
                return
    raise AssertionError("the race was never lost")


async def left_after_both(
    app: EventsServicer, mail: EventsServicer, event_id: str, clock: FrozenClock
) -> int:
    """Gives one of three tickets back in the app and one by a link; returns how many are left."""
    kari = Customer("1")
    reservation = await app.ReserveTickets(
        pb.ReserveTicketsRequest(event_id=event_id, quantity=3), call_of(kari, clock)
    )
    in_app = pb.ReleaseTicketsRequest(reservation_id=reservation.id, quantity=1)
    by_link = pb.ReleaseByLinkRequest(
        reservation_id=reservation.id, customer_id=str(kari.id), tickets=1
    )
    await asyncio.gather(
        app.ReleaseTickets(in_app, call_of(kari, clock)),
        mail.ReleaseByLink(by_link, Call(Caller("consent"), "test", "nn")),
    )
    request = pb.GetReservationRequest(reservation_id=reservation.id)
    return (await app.GetReservation(request, call_of(kari, clock))).quantity
