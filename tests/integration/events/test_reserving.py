"""Reserving tickets and giving them back."""

import pytest

from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Events, refused


async def test_a_customer_reserves_tickets(events: Events) -> None:
    event_id = await events.event(capacity=10)
    kari = await events.customer()

    reservation = await events.reserve(kari, event_id, 3)

    assert reservation.status == pb.Reservation.ACTIVE
    assert reservation.quantity == 3
    assert reservation.event_title == "Haustkonsert"
    assert len({ticket.token for ticket in reservation.tickets}) == 3
    assert all(len(ticket.token) == 22 for ticket in reservation.tickets)
    assert list(await events.reservations(kari)) == [reservation]
    assert (await events.get(event_id)).available == 7
    assert await events.published() == [
        "EventPublished",
        "ReservationConfirmed",
        "AvailabilityChanged",
    ]
    await events.invariants(event_id)


async def test_too_few_left_says_how_many(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customers(2)
    await events.reserve(kari, event_id, 3)

    with refused("NOT_ENOUGH_TICKETS") as refusing:
        await events.reserve(ola, event_id, 3)

    assert refusing.refusal.facts == {"available": "2"}
    assert await events.reservations(ola) == []


async def test_sold_out_says_none(events: Events) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customers(2)
    await events.reserve(kari, event_id, 3)

    for _ in range(2):
        with refused("NOT_ENOUGH_TICKETS") as refusing:
            await events.reserve(ola, event_id, 1)
        assert refusing.refusal.facts == {"available": "0"}


async def test_released_tickets_can_be_had_again_after_it_was_sold_out(events: Events) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 3)
    with refused("NOT_ENOUGH_TICKETS"):
        await events.reserve(ola, event_id, 1)

    released = await events.release(kari, reservation.id, 2)
    again = await events.reserve(ola, event_id, 2)

    assert released.quantity == 1
    assert again.quantity == 2
    await events.invariants(event_id)


async def test_no_customer_has_more_than_the_most(events: Events) -> None:
    event_id = await events.event(capacity=100, most=4)
    kari = await events.customer()

    with refused("TOO_MANY_TICKETS") as refusing:
        await events.reserve(kari, event_id, 5)

    assert refusing.refusal.facts == {"limit": "4"}


async def test_asking_for_another_number_is_no_second_reservation(events: Events) -> None:
    event_id = await events.event(capacity=100)
    kari = await events.customer()
    first = await events.reserve(kari, event_id, 2)

    again = await events.reserve(kari, event_id, 2)
    with refused("ALREADY_RESERVED") as refusing:
        await events.reserve(kari, event_id, 3)

    assert again == first
    assert refusing.refusal.facts == {"reserved": "2"}
    await events.invariants(event_id)


async def test_who_has_given_all_back_may_reserve_again(events: Events) -> None:
    event_id = await events.event(capacity=10)
    kari = await events.customer()
    first = await events.reserve(kari, event_id, 2)
    released = await events.release(kari, first.id)

    again = await events.reserve(kari, event_id, 3)

    assert released.status == pb.Reservation.RELEASED
    assert again.status == pb.Reservation.ACTIVE
    active = [ticket for ticket in again.tickets if ticket.status == pb.Ticket.ACTIVE]
    assert len(active) == 3
    assert again == (await events.reservations(kari))[0]
    await events.invariants(event_id)


@pytest.mark.parametrize("quantity", [0, -1])
async def test_a_number_that_makes_no_sense_is_named(events: Events, quantity: int) -> None:
    event_id = await events.event(capacity=10)
    with refused("INVALID_FIELDS") as refusing:
        await events.reserve(await events.customer(), event_id, quantity)
    assert refusing.refusal.fields == [("quantity", "OUT_OF_RANGE")]
