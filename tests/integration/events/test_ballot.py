"""Ballots: who registers in time takes part, and anyone can draw again what was drawn."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.testing import FrozenClock, Neighbours
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.config import Settings
from tests.integration.events.world import (
    Customer,
    Events,
    refused,
    serving,
    stamp,
)

Entry = pb.WaitlistEntry
DAY = timedelta(days=1)
DRAWN = "SELECT FROM event WHERE ballot_drawn_at IS NOT NULL"


async def ballot(events: Events, capacity: int, most: int = 10) -> str:
    """Makes an event whose registration closes in a day."""
    return await events.event(capacity, most=most, closes_in=DAY)


async def register(
    events: Events, event_id: str, count: int, wanted: int = 1
) -> dict[str, Customer]:
    """Registers customers; returns them by their entries."""
    customers = await events.customers(count)
    return {(await events.join(each, event_id, wanted)).id: each for each in customers}


async def draw_by_sweep(events: Events, event_id: str) -> pb.Draw:
    """Lets the registration close, and waits for the draw."""
    events.clock.advance(DAY)
    await events.wait_for(f"{DRAWN} AND id = $1", UUID(event_id))
    return await get_draw(events, event_id)


async def get_draw(events: Events, event_id: str) -> pb.Draw:
    return await events.stub.GetDraw(pb.GetDrawRequest(event_id=event_id))


async def draw(events: Events, event_id: str) -> pb.Draw:
    return await events.stub.DrawBallot(
        pb.DrawBallotRequest(event_id=event_id), metadata=events.staff()
    )


def drawn_again(draw: pb.Draw) -> list[str]:
    """Draws again from what is public, with nothing but SHA-256."""

    def ticket(entry_id: str) -> str:
        both = bytes.fromhex(draw.seed) + bytes.fromhex(entry_id.replace("-", ""))
        return hashlib.sha256(both).hexdigest()

    return sorted(draw.entry_ids, key=ticket)


async def line(events: Events, event_id: str) -> Sequence[pb.WaitlistEntry]:
    answer = await events.stub.ListWaitlistEntries(
        pb.ListWaitlistEntriesRequest(event_id=event_id, page_size=200), metadata=events.staff()
    )
    return answer.waitlist_entries


async def test_what_the_draw_will_follow_from_is_fixed_before_anyone_registers(
    events: Events,
) -> None:
    event_id = await ballot(events, capacity=2)
    before = (await events.get(event_id)).ballot
    await register(events, event_id, 3)
    assert (await events.get(event_id)).ballot == before
    assert len(before.commitment) == 64
    assert not before.HasField("drawn_at")

    draw = await draw_by_sweep(events, event_id)

    assert draw.commitment == before.commitment
    assert hashlib.sha256(bytes.fromhex(draw.seed)).hexdigest() == before.commitment
    after = (await events.get(event_id)).ballot
    assert (after.commitment, after.drawn_at) == (before.commitment, draw.drawn_at)


async def test_the_seed_is_secret_until_the_draw(events: Events) -> None:
    event_id = await ballot(events, capacity=2)
    await register(events, event_id, 3)
    with refused("BALLOT_OPEN"):
        await get_draw(events, event_id)
    with refused("BALLOT_OPEN"):
        await draw(events, event_id)
    [row] = await events.sql("SELECT ballot_seed FROM event")
    payloads = await events.sql("SELECT payload FROM outbox")
    seed: bytes = row["ballot_seed"]
    assert not any(seed in each["payload"] for each in payloads)
    assert not any(seed.hex().encode() in each["payload"] for each in payloads)


async def test_nobody_reserves_before_the_draw(events: Events) -> None:
    event_id = await ballot(events, capacity=5)
    kari = await events.customer()
    closes_at = (await events.get(event_id)).ballot.closes_at.ToDatetime(UTC)
    with refused("BALLOT_OPEN") as refusing:
        await events.reserve(kari, event_id, 1)
    assert datetime.fromisoformat(refusing.refusal.facts["closesAt"]) == closes_at


async def test_registering_gives_no_offer_and_shows_no_place(events: Events) -> None:
    event_id = await ballot(events, capacity=5)
    kari = await events.customer()

    entry = await events.join(kari, event_id, 2)

    assert entry.status == Entry.WAITING
    assert not entry.HasField("offer")
    assert not entry.HasField("parties_ahead")
    assert await events.join(kari, event_id, 2) == entry
    assert (await events.get(event_id)).waiting_parties == 1
    await events.invariants(event_id)


async def test_one_registers_from_the_opening_until_the_closing_and_joins_again_after_the_draw(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> None:
    """No sweep comes between."""
    slow = settings.model_copy(update={"sweep_seconds": 3600})
    async with serving(neighbours, slow, clock) as events:
        event_id = await ballot(events, capacity=0)
        kari, ola = await events.customers(2)
        opens_at = clock.now() + timedelta(hours=1)
        await events.update(event_id, sales_open_at=stamp(opens_at))
        with refused("SALES_NOT_OPEN"):
            await events.join(kari, event_id, 1)
        clock.moment = opens_at
        await events.join(kari, event_id, 1)

        clock.advance(DAY)
        with refused("BALLOT_CLOSED"):
            await events.join(ola, event_id, 1)
        await draw(events, event_id)
        assert (await events.join(ola, event_id, 1)).parties_ahead == 1


async def test_the_order_is_that_of_the_public_seed_and_the_offers_go_by_it(
    events: Events,
) -> None:
    event_id = await ballot(events, capacity=3)
    customers = await register(events, event_id, 20)

    draw = await draw_by_sweep(events, event_id)

    assert set(draw.entry_ids) == set(customers)
    assert list(draw.entry_ids) == drawn_again(draw)
    assert [entry.id for entry in await line(events, event_id)] == list(draw.entry_ids)
    for number, entry_id in enumerate(draw.entry_ids):
        entry = await events.entry(customers[entry_id])
        if number < 3:
            assert entry.status == Entry.OFFERED
        else:
            assert (entry.status, entry.parties_ahead) == (Entry.WAITING, number - 3)
    assert [each.entry_id for each in await events.messages(told.OfferMade)] == draw.entry_ids[:3]
    assert await events.messages(told.BallotDrawn) == [
        told.BallotDrawn(event_id=event_id, seed=draw.seed, parties=20)
    ]
    await events.invariants(event_id)


async def test_the_order_has_nothing_to_do_with_who_came_first(events: Events) -> None:
    """Of five draws of eight, all five in the order of arrival would be a chance of 1 in 10^23."""
    orders: list[bool] = []
    event_ids = [await ballot(events, capacity=1) for _ in range(5)]
    arrived = [list(await register(events, event_id, 8)) for event_id in event_ids]
    events.clock.advance(DAY)
    for event_id, arrival in zip(event_ids, arrived, strict=True):
        orders.append(list((await draw(events, event_id)).entry_ids) == arrival)
    assert not all(orders)


async def test_whoever_is_drawn_first_and_does_not_fit_is_passed_over(events: Events) -> None:
    event_id = await ballot(events, capacity=2)
    large = await register(events, event_id, 4, wanted=4)
    small = await register(events, event_id, 4, wanted=1)

    draw = await draw_by_sweep(events, event_id)

    first_small = [entry_id for entry_id in draw.entry_ids if entry_id in small][:2]
    offered = [entry.id for entry in await line(events, event_id) if entry.HasField("offer")]
    assert offered == first_small
    assert set(draw.entry_ids) == set(large) | set(small)
    await events.invariants(event_id)


async def test_what_is_declined_goes_to_the_next_in_the_drawn_order(events: Events) -> None:
    event_id = await ballot(events, capacity=1)
    customers = await register(events, event_id, 5)
    draw = await draw_by_sweep(events, event_id)

    for number in range(4):
        first, second = draw.entry_ids[number : number + 2]
        await events.decline(customers[first], first)
        assert (await events.entry(customers[second])).status == Entry.OFFERED
        await events.invariants(event_id)


async def test_staff_may_draw_as_soon_as_the_registration_has_closed_and_only_once(
    events: Events,
) -> None:
    event_id = await ballot(events, capacity=2)
    await register(events, event_id, 6)
    events.clock.advance(DAY)

    first = await draw(events, event_id)
    events.clock.advance(timedelta(minutes=1))
    again = await draw(events, event_id)

    assert first == again == await get_draw(events, event_id)
    assert list(first.entry_ids) == drawn_again(first)
    assert len(await events.messages(told.BallotDrawn)) == 1
    assert len(await events.messages(told.OfferMade)) == 2
    await events.invariants(event_id)


async def test_who_leaves_before_the_draw_takes_no_part(events: Events) -> None:
    event_id = await ballot(events, capacity=1)
    customers = await register(events, event_id, 4)
    gone = next(iter(customers))
    await events.leave(customers[gone], gone)

    draw = await draw_by_sweep(events, event_id)

    assert set(draw.entry_ids) == set(customers) - {gone}
    assert list(draw.entry_ids) == drawn_again(draw)


async def test_who_leaves_after_the_draw_stays_in_it_so_that_it_can_be_drawn_again(
    events: Events,
) -> None:
    event_id = await ballot(events, capacity=1)
    customers = await register(events, event_id, 4)
    before = await draw_by_sweep(events, event_id)
    await events.leave(customers[before.entry_ids[0]], before.entry_ids[0])
    assert await get_draw(events, event_id) == before


async def test_who_comes_after_the_draw_stands_behind_all_who_were_in_it(events: Events) -> None:
    event_id = await ballot(events, capacity=1)
    customers = await register(events, event_id, 4)
    gone = next(iter(customers))
    await events.leave(customers[gone], gone)
    await draw_by_sweep(events, event_id)

    late = await register(events, event_id, 2)

    assert [entry.id for entry in await line(events, event_id)][3:] == list(late)
    await events.invariants(event_id)


async def test_an_undersubscribed_ballot_offers_to_all_and_the_rest_goes_by_arrival(
    events: Events,
) -> None:
    event_id = await ballot(events, capacity=10)
    customers = await register(events, event_id, 3, wanted=2)

    await draw_by_sweep(events, event_id)

    for customer in customers.values():
        assert (await events.entry(customer)).offer.tickets == 2
    assert (await events.get(event_id)).available == 4
    late = await events.customer()
    assert (await events.reserve(late, event_id, 4)).quantity == 4
    await events.invariants(event_id)


async def test_a_ballot_for_which_nobody_registered_is_drawn_too(events: Events) -> None:
    event_id = await ballot(events, capacity=3)
    draw = await draw_by_sweep(events, event_id)
    assert list(draw.entry_ids) == []
    assert (await events.reserve(await events.customer(), event_id, 3)).quantity == 3


async def test_the_closing_may_be_moved_until_the_draw(events: Events) -> None:
    event_id = await ballot(events, capacity=1)
    later = events.clock.now() + 2 * DAY
    await events.update(event_id, ballot_closes_at=stamp(later))
    await register(events, event_id, 2)
    events.clock.advance(DAY)
    with refused("BALLOT_OPEN"):
        await draw(events, event_id)
    await draw_by_sweep(events, event_id)
    with refused("BALLOT_DRAWN"):
        await events.update(event_id, ballot_closes_at=stamp(later + DAY))


async def test_a_cancelled_ballot_is_not_drawn(events: Events) -> None:
    event_id = await ballot(events, capacity=1)
    customers = await register(events, event_id, 2)
    await events.cancel(event_id)
    events.clock.advance(DAY)
    with refused("EVENT_CANCELLED"):
        await draw(events, event_id)
    for customer in customers.values():
        assert (await events.entry(customer)).status == Entry.CLOSED


async def test_an_event_without_a_ballot_has_no_draw(events: Events) -> None:
    event_id = await events.event(capacity=1)
    with refused("NO_BALLOT"):
        await draw(events, event_id)
    with refused("NO_BALLOT"):
        await get_draw(events, event_id)


async def test_nobody_registers_for_more_than_the_most(events: Events) -> None:
    event_id = await ballot(events, capacity=100, most=4)
    with refused("TOO_MANY_TICKETS"):
        await events.join(await events.customer(), event_id, 5)


@pytest.mark.parametrize(
    ("wanted", "least", "field"),
    [(0, 0, "wanted"), (51, 0, "wanted"), (2, 3, "least"), (2, -1, "least")],
)
async def test_numbers_that_make_no_sense_are_named(
    events: Events, wanted: int, least: int, field: str
) -> None:
    event_id = await ballot(events, capacity=100)
    with refused("INVALID_FIELDS") as refusing:
        await events.join(await events.customer(), event_id, wanted, least)
    assert refusing.refusal.fields == [(field, "OUT_OF_RANGE")]
