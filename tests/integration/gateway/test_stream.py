"""The live stream, over real HTTP and a real bus."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import prometheus_client
import pytest
from google.protobuf import message_factory, timestamp_pb2
from google.protobuf.message import Message

from gateway import live
from kit.bus import Bus
from kit.local.nats import LocalNats
from kit.testing import Neighbours, eventually
from kundeapp.events.v1 import events_events_pb2 as pb
from tests.integration.gateway.conftest import House, house
from tests.integration.gateway.watching import publish, watching

FOR_EVERYONE = {
    "event.published",
    "event.changed",
    "event.cancelled",
    "event.drawn",
    "inventory.changed",
}
FOR_THE_CUSTOMER = {
    *(f"offer.{what}" for what in ("made", "rescheduled", "expiring", "accepted", "declined")),
    *("offer.expired", "offer.revoked"),
    *("reservation.confirmed", "reservation.cancelled", "tickets.released"),
    *(f"waitlist.{what}" for what in ("joined", "changed", "pooled", "left")),
    *("guest.admitted", "guest.undone"),
}
OFFER = pb.OfferMade(
    offer_id="1",
    entry_id="2",
    event_id="3",
    tickets=4,
    expires_at=timestamp_pb2.Timestamp(seconds=1775473200),
)


def everything(customer: UUID) -> dict[str, Message]:
    """Returns an event of each kind, by the name that it is told under."""
    messages: dict[str, Message] = {}
    for name, descriptor in live.told().items():
        message: Any = message_factory.GetMessageClass(descriptor)()
        if "customer_id" in descriptor.fields_by_name:
            message.customer_id = str(customer)
        messages[name] = message
    return messages


def offer_to(customer: UUID) -> pb.OfferMade:
    return pb.OfferMade(
        **{field.name: value for field, value in OFFER.ListFields()}, customer_id=str(customer)
    )


def available(tickets: int, event: str = "1") -> pb.AvailabilityChanged:
    return pb.AvailabilityChanged(event_id=event, available=tickets)


def open_streams() -> float:
    return prometheus_client.REGISTRY.get_sample_value("kundeapp_streams") or 0


@contextlib.asynccontextmanager
async def bus_at(url: str, neighbours: Neighbours) -> AsyncGenerator[Bus]:
    async with Bus.open(url, neighbours.pki.identity("events"), "test") as opened:
        yield opened


@pytest.fixture(scope="module")
async def built(
    neighbours: Neighbours, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[House]:
    """A gateway that listens to the bus, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("gateway")
    async with house(folder, pki=neighbours.pki, nats_url=neighbours.nats.url) as built:
        yield built


@pytest.fixture(scope="module")
async def bus(neighbours: Neighbours) -> AsyncGenerator[Bus]:
    async with bus_at(neighbours.nats.url, neighbours) as opened:
        yield opened


@pytest.fixture
def own_nats(neighbours: Neighbours, tmp_path: Path) -> LocalNats:
    """A bus that a test may start and stop."""
    return LocalNats(tmp_path / "nats", durable=False, identity=neighbours.pki.identity("nats"))


class TestWhoIsTold:
    async def test_customers_are_told_what_is_theirs_and_everyone_what_is_public(
        self, built: House, bus: Bus
    ) -> None:
        one, other = uuid4(), uuid4()
        events = everything(one)
        assert set(events) == FOR_EVERYONE | FOR_THE_CUSTOMER
        async with watching(built, uuid4(), one) as hers, watching(built, other) as his:
            await publish(bus, *events.values(), offer_to(other))
            await his.until(
                "ready", *(name for name in events if name in FOR_EVERYONE), "offer.made"
            )
            await hers.until("ready", *events)

    async def test_operators_are_told_what_is_public(self, built: House, bus: Bus) -> None:
        async with watching(built, roles=("OPERATOR",)) as watcher:
            await publish(bus, offer_to(uuid4()), pb.EventPublished(event_id="1"))
            await watcher.until("ready", "event.published")

    async def test_event_staff_are_told_of_every_customer(self, built: House, bus: Bus) -> None:
        async with watching(built, roles=("EVENT_STAFF",)) as watcher:
            await publish(bus, offer_to(uuid4()), pb.EventPublished(event_id="1"))
            await watcher.until("ready", "offer.made", "event.published")

    async def test_an_event_has_its_id_and_its_message_in_json(
        self, built: House, bus: Bus
    ) -> None:
        customer = uuid4()
        async with watching(built, customer) as watcher:
            (event_id,) = await publish(bus, offer_to(customer))
            told = await watcher.until_last("offer.made")
            assert told.id == str(event_id)
            assert told.data == {
                "offerId": "1",
                "entryId": "2",
                "eventId": "3",
                "customerId": str(customer),
                "tickets": 4,
                "expiresAt": "2026-04-06T11:00:00Z",
            }

    async def test_text_of_several_lines_stays_in_its_event(self, built: House, bus: Bus) -> None:
        async with watching(built) as watcher:
            reason = "Storm.\n\nevent: ready\rdata: {}"
            await publish(bus, pb.EventCancelled(event_id="1", reason=reason))
            await watcher.until("ready", "event.cancelled")
            assert watcher.told[-1].data["reason"] == reason

    async def test_of_many_changes_in_availability_a_few_are_told_and_the_last_one(
        self, built: House, bus: Bus
    ) -> None:
        async with watching(built) as watcher:
            await publish(bus, *(available(left) for left in reversed(range(200))))
            await eventually(lambda: watcher.told[-1].data == {"eventId": "1", "available": 0})
            assert len(watcher.told) <= 5

    async def test_each_event_has_an_availability_of_its_own(self, built: House, bus: Bus) -> None:
        async with watching(built) as watcher:
            await publish(bus, *(available(7, event) for event in "abc"))
            await watcher.until("ready", *["inventory.changed"] * 3)


class TestWhoMayWatch:
    @pytest.mark.parametrize("authorization", [None, "Bearer x.y.z"])
    async def test_nobody_without_a_login(self, built: House, authorization: str | None) -> None:
        headers = {} if authorization is None else {"authorization": authorization}
        response = await built.http.get(live.PATH, headers=headers)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "UNAUTHENTICATED"

    async def test_an_account_may_have_ten_streams_open(self, built: House) -> None:
        account = uuid4()
        headers = {"authorization": f"Bearer {built.backend.token(account=account)}"}
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(9):
                await stack.enter_async_context(watching(built, account=account))
            async with watching(built, account=account):
                response = await built.http.get(live.PATH, headers=headers)
                assert response.status_code == 429
                assert response.json()["code"] == "TOO_MANY_REQUESTS"
                assert response.headers["retry-after"] == str(response.json()["retryAfter"])
                async with watching(built, account=uuid4()):
                    pass

            async def is_open_again() -> bool:
                async with built.http.stream("GET", live.PATH, headers=headers) as response:
                    return response.is_success

            await eventually(is_open_again)

    async def test_the_headers_keep_it_from_being_kept(self, built: House) -> None:
        async with watching(built) as watcher:
            headers = watcher.response.headers
            assert headers["content-type"] == "text/event-stream"
            assert headers["cache-control"] == "no-store"
            assert headers["x-accel-buffering"] == "no"
            assert headers["x-content-type-options"] == "nosniff"

    async def test_head_opens_nothing(self, built: House) -> None:
        headers = {"authorization": f"Bearer {built.backend.token()}"}
        await eventually(lambda: open_streams() == 0)
        response = await built.http.head(live.PATH, headers=headers)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        await eventually(lambda: open_streams() == 0)


class TestHowLongItLasts:
    async def test_it_ends_with_the_access_token(self, built: House) -> None:
        async with watching(built, lifetime=timedelta(seconds=2)) as watcher:
            await watcher.until("ready")
            await eventually(lambda: watcher.is_over)

    async def test_a_client_that_is_gone_is_forgotten(self, built: House) -> None:
        await eventually(lambda: open_streams() == 0)
        async with watching(built) as watcher:
            await watcher.until("ready")
            assert open_streams() == 1
        await eventually(lambda: open_streams() == 0)

    async def test_it_ends_when_the_gateway_stops(
        self, neighbours: Neighbours, tmp_path: Path
    ) -> None:
        loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            async with house(tmp_path, pki=neighbours.pki, grace_seconds=30) as stopped:
                watcher = await stack.enter_async_context(watching(stopped))
                await watcher.until("ready")
                begun = loop.time()
            assert loop.time() - begun < 10
            await eventually(lambda: watcher.is_over)

    async def test_a_slow_reader_loses_what_waits_and_is_told(self, built: House, bus: Bus) -> None:
        customer = uuid4()
        host, _, port = built.settings.listen.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        token = built.backend.token(customers=[customer])
        head = f"GET {live.PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"event: ready\n")
        many = [pb.EventCancelled(event_id="1", reason="x" * 100_000) for _ in range(50)]
        async with watching(built) as quick:
            for published in range(50, 601, 50):
                await publish(bus, *many)
                await quick.until("ready", *["event.cancelled"] * published)
        await publish(bus, offer_to(customer))
        received = b""
        async with asyncio.timeout(30):
            while b"event: offer.made" not in received:
                received += await reader.read(2**20)
        assert received.count(b"event: ready") >= 1
        assert received.count(b"event: event.cancelled") < 600
        writer.close()


class TestTheBus:
    async def test_an_outage_is_told_and_gone_through(
        self, neighbours: Neighbours, own_nats: LocalNats, tmp_path: Path
    ) -> None:
        customer = uuid4()
        with own_nats:
            url = own_nats.url
            async with (
                house(tmp_path, pki=neighbours.pki, nats_url=url) as built,
                bus_at(url, neighbours) as opened,
                watching(built, customer) as watcher,
            ):
                await publish(opened, offer_to(customer))
                await watcher.until_last("offer.made")
                before = watcher.names
                await asyncio.to_thread(own_nats.stop)
                assert await built.is_ready()
                await asyncio.to_thread(own_nats.start)
                await watcher.until(*before, "ready")
                await publish(opened, offer_to(customer))
                await watcher.until(*before, "ready", "offer.made")

    async def test_the_gateway_needs_none_to_start_and_finds_one_that_comes_later(
        self, neighbours: Neighbours, own_nats: LocalNats, tmp_path: Path
    ) -> None:
        url = own_nats.url
        async with (
            house(tmp_path, pki=neighbours.pki, nats_url=url) as built,
            watching(built) as watcher,
        ):
            await watcher.until("ready")
            assert await built.is_ready()
            with own_nats:
                await watcher.until("ready", "ready")
                async with bus_at(url, neighbours) as opened:
                    await publish(opened, pb.EventPublished(event_id="1"))
                    await watcher.until("ready", "ready", "event.published")
