"""What each workload may do on the bus as it is deployed, and that it is enough."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from kit import bus as kit_bus
from kit.bus import STREAM, Bus, listen
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.repeat import background
from kit.testing import Neighbours, eventually
from tests.deploy.catalogue import CONSUMER_CALLS, SERVICES, bus_users, consumers_of, published_by
from tests.deploy.cluster import CONFIGURATION, SIZE, Cluster


def test_each_workload_may_do_on_the_bus_what_its_code_does_and_no_more() -> None:
    """To mend it: write `bus_users()` to users.json."""
    assert json.loads((CONFIGURATION / "users.json").read_text()) == bus_users()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, neighbours: Neighbours) -> Generator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), neighbours.pki)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@contextlib.asynccontextmanager
async def connected(cluster: Cluster, workload: str) -> AsyncGenerator[Bus]:
    identity = cluster.pki.identity(workload)
    async with Bus.open(cluster.url, identity, workload, replicas=SIZE) as bus:
        yield bus


def event(subject: str) -> Envelope:
    """An event of a subject, whose aggregate is new."""
    ids = SystemIds()
    concrete = subject.replace("*", str(ids.new_id()))
    return Envelope(ids.new_id(), concrete, "test", b"", datetime.now(UTC), None)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_publishes_all_its_events(cluster: Cluster, service: str) -> None:
    events = [event(subject) for subject in published_by(service)]
    assert events
    async with connected(cluster, service) as bus:
        await eventually(lambda: _stored(bus, events, len(events)))


async def test_a_service_publishes_no_events_of_another(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_bus, "ACK_SECONDS", 0.5)
    async with connected(cluster, "metering") as bus:
        ours, theirs = (event(published_by(name)[0]) for name in ("metering", "identity"))
        await eventually(lambda: _stored(bus, [ours], 1))
        assert await bus.publish([theirs]) == 0


@pytest.mark.parametrize(
    ("service", "number"),
    [(service, number) for service in SERVICES for number in range(len(consumers_of(service)))],
)
async def test_a_consumer_takes_its_events_and_is_done_with_them(
    cluster: Cluster, service: str, number: int
) -> None:
    consumer = consumers_of(service)[number]
    subject = consumer.subjects[0]
    publisher = subject.split(".")[1]
    published = next(each for each in published_by(publisher) if _matches(subject, each))
    sent = event(published)
    async with (
        connected(cluster, publisher) as theirs,
        connected(cluster, service) as bus,
        bus.pull(consumer.name, consumer.subjects, max_pending=1) as messages,
    ):
        await eventually(lambda: _stored(theirs, [sent], 1))
        async with asyncio.timeout(20):
            async for message in messages:
                await message.ack_sync()
                if message.subject == sent.subject:
                    break


async def test_a_service_sees_what_the_doctor_asks_it_for(cluster: Cluster) -> None:
    for service in SERVICES:
        durables = [consumer.name for consumer in consumers_of(service)]
        async with connected(cluster, service) as bus, asyncio.timeout(20):
            await bus.ready()
            state = await bus.state(durables)
        assert (state.replicas, state.current_replicas) == (SIZE, SIZE)
        assert [consumer.name for consumer in state.consumers] == durables


async def test_a_consumer_can_begin_anew(cluster: Cluster) -> None:
    (consumer,) = consumers_of("metering")
    identity, since = cluster.pki.identity("metering"), datetime.now(UTC).replace(microsecond=0)
    async with (
        asyncio.timeout(20),
        Bus.open(cluster.url, identity, "metering", replicas=SIZE, since=since) as bus,
        bus.pull(consumer.name, consumer.subjects, max_pending=1),
    ):
        assert (await bus.consumer(consumer.name)).begins == since


@pytest.mark.parametrize("what", CONSUMER_CALLS)
async def test_a_service_asks_for_nothing_of_the_consumer_of_another(
    cluster: Cluster, what: str
) -> None:
    (theirs,) = consumers_of("metering")
    subject = f"$JS.API.CONSUMER.{what}.{STREAM}.{theirs.name}"
    client = Client()
    await client.connect(
        servers=cluster.url.split(","), tls=cluster.pki.identity("events").client_context()
    )
    with cluster.saying() as said:
        await client.publish(subject)
        await eventually(
            lambda: any(f'Publish Violation - Subject "{subject}"' in x for x in said())
        )
    await client.close()


async def test_the_gateway_hears_what_it_listens_to_and_nothing_else(cluster: Cluster) -> None:
    heard, refused = await _heard_by_the_gateway(cluster, "kundeapp.identity.session.*.ended")
    assert heard
    assert not refused
    heard, refused = await _heard_by_the_gateway(cluster, "kundeapp.identity.customer.*.created")
    assert not heard
    assert refused


async def test_nobody_without_a_place_on_the_bus_gets_in(cluster: Cluster) -> None:
    with cluster.saying() as said:
        async with connected(cluster, "cli"):
            await eventually(lambda: "authentication error" in "\n".join(said()))


async def test_one_server_can_be_lost(cluster: Cluster) -> None:
    sent = [event(subject) for subject in published_by("identity")]
    async with connected(cluster, "identity") as bus:
        await eventually(lambda: _stored(bus, sent[:1], 1))
        cluster.servers[0].stop()
        await eventually(lambda: _stored(bus, sent[1:], len(sent) - 1))


async def _stored(bus: Bus, events: list[Envelope], count: int) -> bool:
    return await bus.publish(events) == count


def _matches(pattern: str, subject: str) -> bool:
    parts = zip(pattern.rstrip(">").rstrip(".").split("."), subject.split("."), strict=False)
    return all(wanted in {"*", given} for wanted, given in parts)


async def _heard_by_the_gateway(cluster: Cluster, subject: str) -> tuple[list[Envelope], list[str]]:
    """Has the gateway listen to a subject; returns what it hears and what is said of a refusal."""
    ears = _Ears()
    sent = event(subject)
    identity = cluster.pki.identity("gateway")

    def refusals() -> list[str]:
        return [line for line in said() if "Subscription Violation" in line]

    with cluster.saying() as said:
        async with (
            connected(cluster, "identity") as bus,
            background(listen(cluster.url, identity, "gateway", subject, ears)),
        ):
            await eventually(lambda: ears.ready)
            await eventually(lambda: _stored(bus, [sent], 1))
            await eventually(lambda: ears.events or refusals())
        return ears.events, refusals()


class _Ears:
    def __init__(self) -> None:
        self.events: list[Envelope] = []
        self.ready = False

    def hear(self, event: Envelope) -> None:
        self.events.append(event)

    def miss(self) -> None:
        self.ready = True
