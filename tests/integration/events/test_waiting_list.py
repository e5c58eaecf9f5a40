"""The waiting list: who is served next, and with how many."""

from datetime import timedelta

from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import Events, refused

Entry = pb.WaitlistEntry


async def test_released_tickets_are_offered_to_the_next_in_line(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 2)
    first = await events.join(ola, event_id, 2)
    second = await events.join(per, event_id, 1)
    assert (first.parties_ahead, second.parties_ahead) == (0, 1)

    await events.release(kari, reservation.id)

    offered = await events.entry(ola)
    assert offered.status == Entry.OFFERED
    assert offered.offer.tickets == 2
    assert (await events.entry(per)).parties_ahead == 0
    assert (await events.get(event_id)).available == 0
    await events.invariants(event_id)

    accepted = await events.accept(ola, offered.id)
    assert accepted.reservation.quantity == 2
    assert accepted.waitlist_entry.status == Entry.ACCEPTED
    await events.invariants(event_id)


async def test_nobody_jumps_the_queue(events: Events) -> None:
    event_id = await events.event(capacity=1)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 1)
    await events.join(ola, event_id, 1)
    await events.release(kari, reservation.id)

    with refused("NOT_ENOUGH_TICKETS"):
        await events.reserve(per, event_id, 1)


async def test_a_declined_offer_goes_to_the_next(events: Events) -> None:
    event_id = await events.event(capacity=1)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 1)
    first = await events.join(ola, event_id, 1)
    await events.join(per, event_id, 1)
    await events.release(kari, reservation.id)

    declined = await events.decline(ola, first.id)

    assert declined.status == Entry.DECLINED
    assert (await events.entry(per)).status == Entry.OFFERED
    assert await events.published("Offer") == ["OfferMade", "OfferDeclined", "OfferMade"]
    await events.invariants(event_id)


async def test_leaving_with_an_offer_declines_it(events: Events) -> None:
    event_id = await events.event(capacity=1)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 1)
    entry = await events.join(ola, event_id, 1)
    await events.release(kari, reservation.id)

    left = await events.leave(ola, entry.id)
    again = await events.leave(ola, entry.id)

    assert left.status == again.status == Entry.DECLINED
    assert (await events.get(event_id)).available == 1
    await events.invariants(event_id)


async def test_whoever_leaves_the_line_lets_the_next_move_up(events: Events) -> None:
    event_id = await events.event(capacity=0)
    kari, ola = await events.customers(2)
    first = await events.join(kari, event_id, 1)
    await events.join(ola, event_id, 1)

    left = await events.leave(kari, first.id)

    assert left.status == Entry.LEFT
    assert (await events.entry(ola)).parties_ahead == 0
    assert (await events.get(event_id)).waiting_parties == 1


async def test_joining_while_there_is_room_gives_an_offer_at_once(events: Events) -> None:
    event_id = await events.event(capacity=3)
    entry = await events.join(await events.customer(), event_id, 5, least=2)

    assert entry.status == Entry.OFFERED
    assert entry.offer.tickets == 3
    await events.invariants(event_id)


async def test_accepting_a_part_passes_the_rest_on(events: Events) -> None:
    event_id = await events.event(capacity=4)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 4)
    entry = await events.join(ola, event_id, 4)
    await events.join(per, event_id, 2)
    await events.release(kari, reservation.id)

    accepted = await events.accept(ola, entry.id, 2)

    assert accepted.reservation.quantity == 2
    assert accepted.waitlist_entry.status == Entry.ACCEPTED
    assert (await events.entry(per)).offer.tickets == 2
    await events.invariants(event_id)


async def test_accepting_some_and_waiting_for_the_rest_keeps_the_place(events: Events) -> None:
    event_id = await events.event(capacity=4)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 4)
    entry = await events.join(ola, event_id, 4, least=1)
    await events.join(per, event_id, 1)
    await events.release(kari, reservation.id, 2)

    accepted = await events.accept(ola, entry.id, keep_waiting=True)

    assert accepted.reservation.quantity == 2
    assert accepted.waitlist_entry.status == Entry.WAITING
    assert accepted.waitlist_entry.wanted == 2
    assert accepted.waitlist_entry.parties_ahead == 0

    await events.release(kari, reservation.id, 2)
    more = await events.accept(ola, entry.id)

    assert more.reservation.id == accepted.reservation.id
    assert more.reservation.quantity == 4
    assert (await events.entry(per)).status == Entry.WAITING
    await events.invariants(event_id)


async def test_more_than_was_offered_cannot_be_accepted(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 3, least=1)

    with refused("NOT_THAT_MANY_TICKETS") as refusing:
        await events.accept(kari, entry.id, 3)

    assert refusing.refusal.facts == {"available": "2"}


async def test_asking_for_fewer_keeps_the_place_and_for_more_goes_to_the_tail(
    events: Events,
) -> None:
    event_id = await events.event(capacity=0)
    kari, ola = await events.customers(2)
    entry = await events.join(kari, event_id, 3)
    await events.join(ola, event_id, 1)

    async def change(wanted: int) -> pb.WaitlistEntry:
        request = pb.UpdateWaitlistEntryRequest(entry_id=entry.id, wanted=wanted)
        return await events.stub.UpdateWaitlistEntry(request, metadata=events.metadata(kari))

    fewer = await change(2)
    assert (fewer.wanted, fewer.least, fewer.parties_ahead) == (2, 2, 0)
    more = await change(4)
    assert (more.wanted, more.parties_ahead) == (4, 1)


async def test_asking_for_fewer_may_fit_at_once(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 3)

    request = pb.UpdateWaitlistEntryRequest(entry_id=entry.id, wanted=2)
    changed = await events.stub.UpdateWaitlistEntry(request, metadata=events.metadata(kari))

    assert changed.status == Entry.OFFERED
    await events.invariants(event_id)


async def test_an_open_offer_is_answered_before_the_number_is_changed(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 2)
    request = pb.UpdateWaitlistEntryRequest(entry_id=entry.id, wanted=1)

    with refused("OFFER_OPEN"):
        await events.stub.UpdateWaitlistEntry(request, metadata=events.metadata(kari))


async def test_joining_twice_is_joining_once(events: Events) -> None:
    event_id = await events.event(capacity=0)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 2)

    assert await events.join(kari, event_id, 2) == entry
    with refused("ALREADY_WAITING"):
        await events.join(kari, event_id, 3)
    assert await events.published("Waitlist") == ["WaitlistJoined"]


async def test_tickets_and_the_wait_for_more_are_no_more_than_the_most(events: Events) -> None:
    event_id = await events.event(capacity=3, most=4)
    kari = await events.customer()
    await events.reserve(kari, event_id, 3)

    with refused("TOO_MANY_TICKETS"):
        await events.join(kari, event_id, 2)
    entry = await events.join(kari, event_id, 1)
    assert entry.status == Entry.WAITING


async def test_who_has_declined_may_join_again_at_the_tail(events: Events) -> None:
    event_id = await events.event(capacity=1)
    kari, ola = await events.customers(2)
    entry = await events.join(kari, event_id, 1)
    await events.join(ola, event_id, 1)
    await events.decline(kari, entry.id)

    again = await events.join(kari, event_id, 1)

    assert again.id != entry.id
    assert again.status == Entry.WAITING
    assert (await events.entry(ola)).status == Entry.OFFERED


async def test_the_next_is_served_and_the_head_gets_seats_pooled_later(events: Events) -> None:
    """The head wants at least four; seats come back one by one."""
    event_id = await events.event(capacity=10)
    kari, head, *others = await events.customers(6)
    reservation = await events.reserve(kari, event_id, 10)
    large = await events.join(head, event_id, 6, least=4)
    entries = [await events.join(other, event_id, 1) for other in others]

    for other, entry in zip(others[:3], entries[:3], strict=True):
        await events.release(kari, reservation.id, 1)
        assert (await events.entry(other)).status == Entry.OFFERED
        await events.accept(other, entry.id)
        await events.invariants(event_id)

    for pooled in (1, 2, 3):
        await events.release(kari, reservation.id, 1)
        assert (await events.entry(head)).pooled_seats == pooled
        assert (await events.entry(others[3])).status == Entry.WAITING
        assert (await events.get(event_id)).available == 0
        await events.invariants(event_id)
    assert await events.published("Pooled") == ["WaitlistPooled"] * 3

    await events.release(kari, reservation.id, 1)
    offered = await events.entry(head)
    assert (offered.status, offered.offer.tickets, offered.pooled_seats) == (Entry.OFFERED, 4, 0)
    accepted = await events.accept(head, large.id)
    assert accepted.reservation.quantity == 4
    await events.invariants(event_id)


async def test_a_party_that_has_waited_two_days_gets_seats_pooled(events: Events) -> None:
    event_id = await events.event(capacity=4)
    kari, head = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 4)
    await events.join(head, event_id, 4)
    await events.release(kari, reservation.id, 1)
    assert (await events.entry(head)).pooled_seats == 0

    events.clock.advance(timedelta(hours=48))
    await events.wait_for("SELECT FROM waitlist_entry WHERE pooled = 1")

    assert (await events.get(event_id)).available == 0
    await events.invariants(event_id)


async def test_the_pool_dissolves_a_day_before_the_start(events: Events) -> None:
    event_id = await events.event(capacity=4, starts_in=timedelta(days=4))
    kari, head = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 4)
    await events.join(head, event_id, 4)
    await events.release(kari, reservation.id, 1)
    events.clock.advance(timedelta(hours=49))
    await events.wait_for("SELECT FROM waitlist_entry WHERE pooled = 1")

    events.clock.advance(timedelta(hours=24))
    await events.wait_for("SELECT FROM waitlist_entry WHERE pooled = 0")

    assert (await events.entry(head)).status == Entry.WAITING
    assert (await events.get(event_id)).available == 1
    await events.invariants(event_id)


async def test_the_list_closes_six_hours_before_the_start(events: Events) -> None:
    event_id = await events.event(capacity=1, starts_in=timedelta(days=4))
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 1)
    await events.join(ola, event_id, 1)

    events.clock.advance(timedelta(days=3, hours=18))
    await events.wait_for("SELECT FROM waitlist_entry WHERE status = 'CLOSED'")
    await events.release(kari, reservation.id)

    assert (await events.entry(ola)).status == Entry.CLOSED
    with refused("WAITING_LIST_CLOSED"):
        await events.join(per, event_id, 1)
    assert (await events.reserve(per, event_id, 1)).quantity == 1
    await events.invariants(event_id)
