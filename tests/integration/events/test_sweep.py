"""What time does to events, in whichever state it finds them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

from kit.testing import FrozenClock, Neighbours
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.config import Settings
from tests.integration.events.world import Events, serving

CLOSED = "SELECT FROM waitlist_entry HAVING count(*) FILTER (WHERE status = 'CLOSED') = $1"


async def test_an_event_that_cannot_be_tended_does_not_keep_the_others_from_it(
    events: Events,
) -> None:
    """The first of six has more put aside than is held, which the database refuses to count."""
    event_ids = [await events.event(capacity=0, starts_in=timedelta(days=2)) for _ in range(6)]
    for event_id in event_ids:
        await events.join(await events.customer(), event_id, 1)
    await events.sql("UPDATE waitlist_entry SET pooled = 1 WHERE event_id = $1", UUID(event_ids[0]))

    events.clock.advance(timedelta(hours=42))

    await events.wait_for(CLOSED, 5)
    [left] = await events.sql("SELECT event_id FROM waitlist_entry WHERE status = 'WAITING'")
    assert left["event_id"] == UUID(event_ids[0])


async def test_five_replicas_close_a_list_and_draw_a_ballot_once(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> None:
    async with AsyncExitStack() as stack:
        houses = [
            await stack.enter_async_context(serving(neighbours, settings, clock)) for _ in range(5)
        ]
        events = houses[0]
        list_id = await events.event(capacity=0, starts_in=timedelta(hours=18))
        ballot_id = await events.event(capacity=3, closes_in=timedelta(hours=12))
        customers = await events.customers(10)
        for customer in customers:
            await events.join(customer, list_id, 1)
            await events.join(customer, ballot_id, 1)

        clock.advance(timedelta(hours=12))
        await events.wait_for(CLOSED, 10)
        await events.wait_for("SELECT FROM event WHERE ballot_drawn_at IS NOT NULL")
        await asyncio.gather(
            *(
                house.stub.DrawBallot(
                    pb.DrawBallotRequest(event_id=ballot_id), metadata=house.staff()
                )
                for house in houses
            )
        )

        assert len(await events.messages(told.WaitlistLeft)) == 10
        assert len(await events.messages(told.BallotDrawn)) == 1
        assert len(await events.messages(told.OfferMade)) == 3
        await events.invariants(list_id)
        await events.invariants(ballot_id)
