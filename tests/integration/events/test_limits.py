"""No customer has more tickets than the most that one can have, whichever way they come."""

import pytest

from tests.integration.events.world import Events, refused


async def test_who_reserves_while_there_is_an_offer_accepts_no_more_than_is_left_of_the_most(
    events: Events,
) -> None:
    event_id = await events.event(capacity=10, most=4)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 4)
    reservation = await events.reserve(kari, event_id, 3)

    with refused("TOO_MANY_TICKETS") as refusing:
        await events.accept(kari, entry.id)
    assert refusing.refusal.facts == {"limit": "4"}
    assert (await events.entry(kari)).offer == entry.offer
    await events.invariants(event_id)

    accepted = await events.accept(kari, entry.id, 1)
    assert (accepted.reservation.id, accepted.reservation.quantity) == (reservation.id, 4)
    assert (await events.invariants(event_id)).held == 0


async def test_who_gives_tickets_back_may_accept_the_offer(events: Events) -> None:
    event_id = await events.event(capacity=10, most=4)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 4)
    reservation = await events.reserve(kari, event_id, 4)
    with refused("TOO_MANY_TICKETS"):
        await events.accept(kari, entry.id, 1)

    await events.release(kari, reservation.id)

    assert (await events.accept(kari, entry.id)).reservation.quantity == 4
    await events.invariants(event_id)


@pytest.mark.parametrize("quantity", [0, 3])
async def test_where_the_most_is_lowered_nobody_loses_tickets_and_nobody_gets_too_many(
    events: Events, quantity: int
) -> None:
    event_id = await events.event(capacity=10, most=4)
    kari, ola = await events.customers(2)
    await events.reserve(kari, event_id, 4)
    entry = await events.join(ola, event_id, 4)

    await events.update(event_id, max_per_customer=2)

    assert [each.quantity for each in await events.reservations(kari)] == [4]
    with refused("TOO_MANY_TICKETS"):
        await events.accept(ola, entry.id, quantity)
    assert (await events.accept(ola, entry.id, 2)).reservation.quantity == 2
    await events.invariants(event_id)
