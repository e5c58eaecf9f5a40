"""Whoever listens hears what passes, keeps nothing on the bus, and is told of what it missed."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import nats
import pytest
from nats.js.errors import NotFoundError

from kit import bus
from kit.bus import STREAM, Bus
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.local.nats import LocalNats
from kit.repeat import background
from kit.testing import Neighbours, eventually

MISSED = "missed"
IDS = SystemIds()


class Notes:
    """Takes down what a listener is told: the payloads, and that something was missed."""

    def __init__(self) -> None:
        self.heard: list[bytes | str] = []

    def hear(self, event: Envelope) -> None:
        self.heard.append(event.payload)

    def miss(self) -> None:
        self.heard.append(MISSED)

    async def until(self, *heard: bytes | str) -> None:
        await eventually(lambda: self.heard == list(heard))


@pytest.fixture
async def notes(neighbours: Neighbours, own_nats: LocalNats) -> AsyncGenerator[Notes]:
    """A listener on a bus of its own."""
    notes = Notes()
    identity = neighbours.pki.identity("gateway")
    work = bus.listen(own_nats.url, identity, "test", "kundeapp.events.>", notes)
    async with background(work):
        yield notes


@asynccontextmanager
async def publisher(neighbours: Neighbours, own_nats: LocalNats) -> AsyncGenerator[Bus]:
    async with Bus.open(own_nats.url, neighbours.pki.identity("events"), "test") as opened:
        yield opened


async def publish(opened: Bus, *payloads: bytes, service: str = "events") -> None:
    envelopes = [
        Envelope(
            id=IDS.new_id(),
            subject=f"kundeapp.{service}.thing.1.happened",
            type="tests.Happened",
            payload=payload,
            occurred_at=datetime.now(UTC),
            trace=None,
        )
        for payload in payloads
    ]

    async def stored() -> bool:
        return await opened.publish(envelopes) == len(envelopes)

    await eventually(stored)


async def test_it_hears_its_subject_in_order(
    notes: Notes, neighbours: Neighbours, own_nats: LocalNats
) -> None:
    await notes.until(MISSED)
    async with publisher(neighbours, own_nats) as opened:
        await publish(opened, b"0", service="identity")
        await publish(opened, b"1", b"2")
        await publish(opened, b"3")
        await notes.until(MISSED, b"1", b"2", b"3")


async def test_it_needs_no_stream_and_makes_none(
    notes: Notes, neighbours: Neighbours, own_nats: LocalNats
) -> None:
    await notes.until(MISSED)
    identity = neighbours.pki.identity("events")
    client = await nats.connect(own_nats.url, tls=identity.client_context())
    try:
        with pytest.raises(NotFoundError):
            await client.jsm().stream_info(STREAM)
        headers = {"ce-id": str(IDS.new_id()), "ce-type": "x", "ce-time": "2026-03-02T12:00:00Z"}
        await client.publish("kundeapp.events.thing.1.happened", b"1", headers=headers)
        await notes.until(MISSED, b"1")
    finally:
        await client.close()


async def test_what_is_no_event_does_not_keep_it_from_hearing_the_next(
    notes: Notes, neighbours: Neighbours, own_nats: LocalNats
) -> None:
    await notes.until(MISSED)
    identity = neighbours.pki.identity("events")
    client = await nats.connect(own_nats.url, tls=identity.client_context())
    await client.publish("kundeapp.events.thing.1.happened", b"0")
    await client.close()
    async with publisher(neighbours, own_nats) as opened:
        await publish(opened, b"1")
        await notes.until(MISSED, b"1")


async def test_after_an_outage_it_is_told_and_hears_again(
    notes: Notes, neighbours: Neighbours, own_nats: LocalNats
) -> None:
    await notes.until(MISSED)
    async with publisher(neighbours, own_nats) as opened:
        await publish(opened, b"1")
        await asyncio.to_thread(own_nats.stop)
        await asyncio.to_thread(own_nats.start)
        await notes.until(MISSED, b"1", MISSED)
        await publish(opened, b"2")
        await notes.until(MISSED, b"1", MISSED, b"2")


async def test_what_it_cannot_take_in_time_is_missed_and_it_is_told(
    neighbours: Neighbours, own_nats: LocalNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.bus.MOST_UNHEARD", 2)
    notes = Notes()
    identity = neighbours.pki.identity("gateway")
    async with background(bus.listen(own_nats.url, identity, "test", "kundeapp.events.>", notes)):
        await notes.until(MISSED)
        async with publisher(neighbours, own_nats) as opened:
            await publish(opened, *(b"%d" % number for number in range(500)))
            await eventually(lambda: notes.heard.count(MISSED) > 1)
            await publish(opened, b"last")
            await eventually(lambda: notes.heard[-1] == b"last")


async def test_a_bus_that_is_down_at_the_start_is_waited_for(
    neighbours: Neighbours, own_nats: LocalNats
) -> None:
    await asyncio.to_thread(own_nats.stop)
    notes = Notes()
    identity = neighbours.pki.identity("gateway")
    async with background(bus.listen(own_nats.url, identity, "test", "kundeapp.events.>", notes)):
        await asyncio.to_thread(own_nats.start)
        await notes.until(MISSED)
