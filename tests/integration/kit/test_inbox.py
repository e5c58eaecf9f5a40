"""An event takes effect once, however often it is delivered and whatever fails meanwhile."""

import asyncio
from asyncio import StreamWriter

import prometheus_client
import pytest
from nats.aio.msg import Msg

from kit.bus import Bus
from kit.clock import SystemClock
from kit.database import Database, Transaction
from kit.envelope import Envelope
from kit.local.postgres import LocalPostgres
from kit.testing import eventually
from kundeapp.identity.v1 import identity_events_pb2 as pb
from tests.integration.kit.world import World, note


async def test_an_event_whose_acknowledgement_is_lost_takes_effect_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.bus.REDELIVER_SECONDS", 0.2)
    acknowledge, lost = Msg.ack, list[Msg]()

    async def lose_the_first(message: Msg) -> None:
        if lost or message.subject != world.subject:
            await acknowledge(message)
        else:
            lost.append(message)

    monkeypatch.setattr(Msg, "ack", lose_the_first)
    first, second = world.events(2)
    async with world.database() as database, world.relaying(), world.consuming(note, database):
        await world.publish(database, first, second)
        await eventually(lambda: _effects(world, 2))
        assert len(lost) == 1
        assert _outcome(world, "repeated") == 1
    assert await world.effects() == [str(first.account_id), str(second.account_id)]


async def test_a_handler_that_fails_at_first_takes_effect_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.inbox.RETRY_DELAYS_SECONDS", (0.01,) * 4)
    tries: list[str] = []

    async def fail_twice(event: pb.SessionEnded, transaction: Transaction) -> None:
        await note(event, transaction)
        tries.append(event.account_id)
        if len(tries) < 3:
            raise LookupError

    events = world.events(2)
    async with (
        world.database() as database,
        world.relaying(),
        world.consuming(fail_twice, database),
    ):
        await world.publish(database, *events)
        await eventually(lambda: _effects(world, 2))
    names = [str(event.account_id) for event in events]
    assert tries == [names[0]] * 3 + [names[1]]
    assert await world.effects() == names
    assert await world.value("SELECT count(*) FROM dead_letter") == 0


async def test_a_poison_event_is_buried_with_its_reason_and_later_events_flow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.inbox.RETRY_DELAYS_SECONDS", (0.01,) * 4)
    poison, *others = world.events(4)
    tries: list[str] = []

    async def refuse_poison(event: pb.SessionEnded, transaction: Transaction) -> None:
        await note(event, transaction)
        if event.account_id == str(poison.account_id):
            tries.append(event.account_id)
            raise LookupError("no such account")

    async with (
        world.database() as database,
        world.relaying(),
        world.consuming(refuse_poison, database),
    ):
        await world.publish(database, poison, *others)
        await eventually(lambda: _effects(world, 3))
    assert len(tries) == 5
    assert await world.effects() == [str(event.account_id) for event in others]
    [letter] = await world.rows("SELECT * FROM dead_letter")
    [sent] = await world.rows("SELECT * FROM outbox WHERE seq = 1")
    assert letter["reason"] == "LookupError('no such account')"
    assert (letter["event_id"], letter["subject"]) == (sent["id"], world.subject)
    assert (letter["type"], letter["payload"]) == (sent["type"], sent["payload"])
    assert letter["occurred_at"] == sent["occurred_at"]
    assert _outcome(world, "buried") == 1


async def test_a_message_that_is_no_event_does_not_stop_the_others(world: World) -> None:
    [event] = world.events(1)
    async with world.database() as database, world.consuming(note, database), world.relaying():
        async with world.bus() as bus:
            await eventually(lambda: _published_bare(bus, world.subject))
        await world.publish(database, event)
        await eventually(lambda: _effects(world, 1))
    assert _outcome(world, "unreadable") >= 1


async def test_an_event_of_a_kind_that_a_consumer_does_not_know_is_passed_over(
    world: World,
) -> None:
    [event] = world.events(1)
    unknown = Envelope(
        id=world.ids.new_id(),
        subject=world.subject,
        type=pb.CustomerContactChanged.DESCRIPTOR.full_name,
        payload=b"",
        occurred_at=SystemClock().now(),
        trace=None,
    )
    async with world.database() as database, world.consuming(note, database), world.relaying():
        async with world.bus() as bus:
            await eventually(lambda: bus.publish([unknown]))
        await world.publish(database, event)
        await eventually(lambda: _effects(world, 1))
    assert await world.effects() == [str(event.account_id)]
    assert await world.value("SELECT count(*) FROM inbox") == 1
    assert await world.value("SELECT count(*) FROM dead_letter") == 0


async def test_an_outage_of_the_database_only_delays(
    fragile_world: World, own_postgres: LocalPostgres
) -> None:
    world = fragile_world
    tries: list[str] = []
    stopped = asyncio.Event()

    async def lose_the_database(event: pb.SessionEnded, transaction: Transaction) -> None:
        tries.append(event.account_id)
        if len(tries) == 1:
            await asyncio.to_thread(own_postgres.stop)
            stopped.set()
        await note(event, transaction)

    events = world.events(3)
    async with (
        world.database() as database,
        world.relaying(),
        world.consuming(lose_the_database, database),
    ):
        await world.publish(database, *events)
        await stopped.wait()
        await asyncio.to_thread(own_postgres.start)
        await eventually(lambda: _effects(world, 3))
    names = [str(event.account_id) for event in events]
    assert await world.effects() == names
    assert tries == [names[0], *names]
    assert await world.value("SELECT count(*) FROM dead_letter") == 0
    assert _outcome(world, "failed") == 0


async def test_a_consumer_stops_although_its_database_is_down(
    fragile_world: World, own_postgres: LocalPostgres
) -> None:
    stopped = asyncio.Event()

    async def lose_the_database(_event: pb.SessionEnded, _transaction: Transaction) -> None:
        await asyncio.to_thread(own_postgres.stop)
        stopped.set()
        await asyncio.get_running_loop().create_future()

    async with (
        asyncio.timeout(60),
        fragile_world.database() as database,
        fragile_world.relaying(),
        fragile_world.consuming(lose_the_database, database),
    ):
        await fragile_world.publish(database, *fragile_world.events(1))
        await stopped.wait()


@pytest.mark.parametrize("hands_back", [True, False], ids=["handed-back", "control"])
async def test_what_was_under_way_in_a_consumer_that_stops_is_taken_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, *, hands_back: bool
) -> None:
    monkeypatch.setattr("kit.bus.REDELIVER_SECONDS", 3600)
    began = asyncio.Event()

    async def never_end(_event: pb.SessionEnded, _transaction: Transaction) -> None:
        began.set()
        await asyncio.get_running_loop().create_future()

    async def keep(_message: Msg) -> None: ...

    async with world.database() as database, world.relaying():
        with monkeypatch.context() as patched:
            if not hands_back:
                patched.setattr(Msg, "nak", keep)
            async with world.consuming(never_end, database):
                await world.publish(database, *world.events(1))
                await began.wait()
        async with world.consuming(note, database):
            if hands_back:
                await eventually(lambda: _effects(world, 1))
            else:
                with pytest.raises(AssertionError, match="not true within"):
                    await eventually(lambda: _effects(world, 1), seconds=2)


async def test_a_bus_that_does_not_say_goodbye_is_left_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.bus.CLOSE_SECONDS", 0.05)
    asked = list[StreamWriter]()

    async def never_end(writer: StreamWriter) -> None:
        asked.append(writer)
        await asyncio.get_running_loop().create_future()

    async with asyncio.timeout(30):
        async with world.bus() as bus:
            await bus.ready()
            monkeypatch.setattr(StreamWriter, "wait_closed", never_end)
    assert len(asked) == 1


async def test_two_replicas_share_the_work_and_keep_the_order(world: World) -> None:
    events = world.events(60)
    async with (
        world.database() as database,
        world.relaying(),
        world.consuming(note, database),
        world.consuming(note, database),
    ):
        await _publish(world, database, len(events))
        await world.publish(database, *events)
        await eventually(lambda: _effects(world, 120))
    assert (await world.effects())[60:] == [str(event.account_id) for event in events]


async def _publish(world: World, database: Database, count: int) -> None:
    for event in world.events(count):
        await world.publish(database, event)


async def _published_bare(bus: Bus, subject: str) -> bool:
    """Publishes a message without any header of an event; returns whether it is stored."""
    stream = bus._stream  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - our own bus sends none
    if not bus._up.is_set():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return False
    return (await stream.publish(subject, b"\xff")).seq > 0


async def _effects(world: World, count: int) -> bool:
    return len(await world.effects()) >= count


def _outcome(world: World, outcome: str) -> float:
    """Returns how often the metrics say that something came of an event."""
    labels = {"consumer": f"test-{world.topic}", "outcome": outcome}
    return prometheus_client.REGISTRY.get_sample_value("kundeapp_inbox_events_total", labels) or 0.0
