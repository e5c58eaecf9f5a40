"""What was committed is published, in order, whatever stops in between."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import cast

import pytest

from kit.bus import Bus
from kit.clock import SystemClock
from kit.envelope import Envelope
from kit.local.nats import LocalNats
from kit.outbox import Outbox
from kit.postgres import Connection
from kit.repeat import background
from kit.testing import eventually
from kundeapp.identity.v1 import identity_events_pb2 as pb
from tests.integration.kit.world import SERVICE, SessionEnded, World, heard, note


class Tap:
    """A bus that notes what a relay hands to it, and may do more than that."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.published: list[Envelope] = []

    async def publish(self, envelopes: Sequence[Envelope]) -> int:
        stored = await self.bus.publish(envelopes)
        self.published += envelopes[:stored]
        return stored


class Killer(Tap):
    """A bus on which a relay never comes back from publishing."""

    async def publish(self, envelopes: Sequence[Envelope]) -> int:
        await super().publish(envelopes)
        return await asyncio.get_running_loop().create_future()


async def test_events_arrive_in_the_order_of_their_commits(world: World) -> None:
    events = world.events(600)  # more than two windows
    async with world.database() as database, world.relaying() as bus:
        for start in range(0, 600, 50):
            await world.publish(database, *events[start : start + 50])
        arrived = await heard(bus, world.subject, 600, f"order-{world.topic}")
        await eventually(lambda: _all_sent(world))
    assert _accounts(arrived) == _names(events)


async def test_a_commit_wakes_the_relay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.outbox.POLL_SECONDS", 3600)
    async with world.database() as database, world.relaying() as bus:
        for event in world.events(3):
            await world.publish(database, event)
            await eventually(lambda: _all_sent(world))
        assert len(await heard(bus, world.subject, 3, f"woken-{world.topic}")) == 3


async def test_a_relay_finds_what_another_process_left(world: World) -> None:
    async with world.database() as database:
        await world.publish(database, *world.events(2))
    world.outbox = Outbox(SERVICE, world.ids, SystemClock())  # that nobody has woken
    async with world.relaying() as bus:
        assert len(await heard(bus, world.subject, 2, f"left-{world.topic}")) == 2


async def test_while_the_bus_is_down_requests_succeed_and_nothing_is_lost(
    world: World, own_nats: LocalNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.nats_url = own_nats.url
    monkeypatch.setattr("kit.bus.REDELIVER_SECONDS", 2)  # what was handed over as the bus stopped
    events = world.events(400)
    async with world.database() as database, world.consuming(note, database), world.relaying():
        await world.publish(database, *events[:100])
        await eventually(lambda: _effects(world, 100))
        publishing = asyncio.create_task(_publish_each(world, events[100:200]))
        await asyncio.to_thread(own_nats.stop)
        await publishing
        await world.publish(database, *events[200:])
        assert await world.value("SELECT count(*) FROM outbox") == 400
        assert await world.unsent() != 0
        await asyncio.to_thread(own_nats.start)
        await eventually(lambda: _effects(world, 400), seconds=60)
        assert await world.unsent() == 0
    assert await world.effects() == _names(events)


async def test_a_bus_that_is_down_at_the_start_is_waited_for(
    world: World, own_nats: LocalNats
) -> None:
    world.nats_url = own_nats.url
    await asyncio.to_thread(own_nats.stop)
    async with world.database() as database, world.consuming(note, database), world.relaying():
        await world.publish(database, *world.events(3))
        await asyncio.to_thread(own_nats.start)
        await eventually(lambda: _effects(world, 3), seconds=60)


@pytest.mark.parametrize("inbox_remembers", [True, False])
async def test_a_relay_killed_before_it_noted_what_it_sent(
    world: World,
    own_nats: LocalNats,
    monkeypatch: pytest.MonkeyPatch,
    *,
    inbox_remembers: bool,
) -> None:
    """The events are published again and take effect once, thanks to the inbox alone."""
    world.nats_url = own_nats.url
    monkeypatch.setattr("kit.bus.DUPLICATE_WINDOW_SECONDS", 0.1)
    events = world.events(3)
    async with world.database() as database, world.consuming(note, database) as bus:
        killer = Killer(bus)
        async with background(world.relay(cast("Bus", killer)).run()):
            await world.publish(database, *events)
            await eventually(lambda: len(killer.published) == 3)
        assert await world.unsent() == 3
        await eventually(lambda: _effects(world, 3))
        await _forgotten_by_the_bus(world, bus, killer.published[-1])
        if not inbox_remembers:
            await world.rows("DELETE FROM inbox")
        async with world.relaying():
            await eventually(lambda: _all_sent(world))
            last = world.events(1)
            await world.publish(database, *last)
            await eventually(lambda: _done(world, *_names(last)))
    again = [] if inbox_remembers else _names(events)
    assert await world.effects() == [*_names(events), *again, *_names(last)]


async def test_of_two_relays_one_works_and_the_other_takes_over(world: World) -> None:
    events = world.events(20)
    async with world.database() as database, world.bus() as bus:
        taps = Tap(bus), Tap(bus)
        async with contextlib.AsyncExitStack() as second, contextlib.AsyncExitStack() as first:
            await first.enter_async_context(background(_run(world, taps[0])))
            await world.publish(database, *events[:1])
            await eventually(lambda: _all_sent(world))
            await second.enter_async_context(background(_run(world, taps[1])))
            await eventually(lambda: _connections(world, 2))
            for event in events[1:10]:
                await world.publish(database, event)
            await eventually(lambda: _all_sent(world))
            assert [len(tap.published) for tap in taps] == [10, 0]
            await first.aclose()
            for event in events[10:]:
                await world.publish(database, event)
            await eventually(lambda: _all_sent(world))
        assert [len(tap.published) for tap in taps] == [10, 10]
        arrived = await heard(bus, world.subject, 20, f"two-{world.topic}")
    assert _accounts(arrived) == _names(events)


async def test_what_was_sent_long_ago_is_forgotten_and_what_was_not_is_kept(world: World) -> None:
    async with world.database() as database:
        await world.publish(database, *world.events(3))
        await world.rows("UPDATE outbox SET occurred_at = now() - interval '1 year'")
        await world.rows("UPDATE outbox SET sent_at = now() - interval '8 days' WHERE seq = 1")
        await world.rows("UPDATE outbox SET sent_at = now() - interval '6 days' WHERE seq = 2")
        async with world.relaying() as bus:
            await eventually(lambda: _all_sent(world))
            assert len(await heard(bus, world.subject, 1, f"old-{world.topic}")) == 1
    assert [row["seq"] for row in await world.rows("SELECT seq FROM outbox ORDER BY seq")] == [2, 3]


async def test_events_flow_even_where_what_is_old_cannot_be_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_connection: Connection) -> None:
        raise TimeoutError

    monkeypatch.setattr("kit.tables.forget_old", fail)
    async with world.database() as database, world.relaying():
        await world.publish(database, *world.events(1))
        await eventually(lambda: _all_sent(world))


def _run(world: World, bus: Tap) -> Coroutine[object, object, None]:
    return world.relay(cast("Bus", bus)).run()


async def _publish_each(world: World, events: Sequence[SessionEnded]) -> None:
    async with world.database(connections=1) as database:
        for event in events:
            await world.publish(database, event)


async def _forgotten_by_the_bus(world: World, bus: Bus, sent: Envelope) -> None:
    """Returns once the bus would take what was sent for new.

    It does when it takes another event, sent later and again and again, for new a second time.
    """
    probe = replace(sent, id=world.ids.new_id(), subject=f"kundeapp.test.probe.{world.topic}.done")
    kept: set[int] = set()

    async def taken_for_new() -> bool:
        assert await bus.publish([probe]) == 1
        kept.add(await _kept(bus))
        return len(kept) > 1

    await eventually(taken_for_new)


async def _kept(bus: Bus) -> int:
    """Returns how many messages the bus keeps."""
    stream = bus._stream  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - a test's curiosity
    return (await stream._jsm.stream_info("KUNDEAPP")).state.messages  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def _all_sent(world: World) -> bool:
    return await world.unsent() == 0


async def _effects(world: World, count: int) -> bool:
    return len(await world.effects()) >= count


async def _done(world: World, what: str) -> bool:
    return what in await world.effects()


async def _connections(world: World, count: int) -> bool:
    """Whether that many relays have asked for the lock."""
    return count == await world.value(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND (query LIKE '%advisory%' OR query LIKE '%FROM outbox%')
        """
    )


def _names(events: Sequence[SessionEnded]) -> list[str]:
    return [str(event.account_id) for event in events]


def _accounts(envelopes: Sequence[Envelope]) -> list[str]:
    return [pb.SessionEnded.FromString(envelope.payload).account_id for envelope in envelopes]
