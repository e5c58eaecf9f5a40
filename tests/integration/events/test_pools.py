"""Seats that are put aside for a large party: told, and given free again."""

from datetime import timedelta

from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Customer, Events

Entry = pb.WaitlistEntry


async def pooled(events: Events) -> tuple[str, Customer, pb.WaitlistEntry]:
    """Makes a full event with a party of four for which two seats are put aside."""
    event_id = await events.event(capacity=4)
    kari, large = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 4)
    entry = await events.join(large, event_id, 4)
    events.clock.advance(timedelta(hours=48))
    await events.release(kari, reservation.id, 2)
    entry = await events.entry(large)
    assert (entry.status, entry.pooled_seats) == (Entry.WAITING, 2)
    return event_id, large, entry


async def change(
    events: Events, customer: Customer, entry: pb.WaitlistEntry, wanted: int, least: int = 0
) -> pb.WaitlistEntry:
    request = pb.UpdateWaitlistEntryRequest(entry_id=entry.id, wanted=wanted, least=least)
    return await events.stub.UpdateWaitlistEntry(request, metadata=events.metadata(customer))


async def seats_told(events: Events) -> list[int]:
    return [each.seats for each in await events.messages(told.WaitlistPooled)]


async def test_who_leaves_gives_what_was_put_aside_to_the_next(events: Events) -> None:
    event_id, large, entry = await pooled(events)
    ola = await events.customer()
    assert (await events.join(ola, event_id, 2)).status == Entry.WAITING

    assert (await events.leave(large, entry.id)).pooled_seats == 0

    assert (await events.entry(ola)).offer.tickets == 2
    assert (await events.invariants(event_id)).pooled == 0


async def test_who_asks_for_fewer_is_offered_what_was_put_aside(events: Events) -> None:
    event_id, large, entry = await pooled(events)
    changed = await change(events, large, entry, 2)
    assert (changed.status, changed.offer.tickets, changed.pooled_seats) == (Entry.OFFERED, 2, 0)
    await events.invariants(event_id)


async def test_who_asks_for_more_goes_to_the_tail_and_is_told_that_nothing_is_put_aside_now(
    events: Events,
) -> None:
    event_id, large, entry = await pooled(events)
    ola = await events.customer()
    await events.join(ola, event_id, 2)

    changed = await change(events, large, entry, 5, least=5)

    assert (changed.status, changed.pooled_seats, changed.parties_ahead) == (Entry.WAITING, 0, 0)
    assert (await events.entry(ola)).offer.tickets == 2
    assert await seats_told(events) == [2, 0]
    await events.invariants(event_id)


async def test_a_party_that_was_passed_over_three_times_at_once_has_the_rest_put_aside(
    events: Events,
) -> None:
    """Five seats come free together, and four single guests wait behind the party of six."""
    event_id = await events.event(capacity=6)
    kari, large, *others = await events.customers(6)
    reservation = await events.reserve(kari, event_id, 6)
    await events.join(large, event_id, 6)
    for other in others:
        await events.join(other, event_id, 1)

    await events.release(kari, reservation.id, 5)

    statuses = [(await events.entry(other)).status for other in others]
    assert statuses == [Entry.OFFERED] * 3 + [Entry.WAITING]
    assert (await events.entry(large)).pooled_seats == 2
    assert (await events.get(event_id)).available == 0
    assert await seats_told(events) == [2]
    await events.invariants(event_id)
