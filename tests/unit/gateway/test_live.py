"""What a live stream sends, and when, without a network."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message

from gateway.app import Request
from gateway.cookies import Cookies
from gateway.live import PATH, Streams
from gateway.session import Session, Sessions
from kit import errors
from kit.access import Caller, InternalToken
from kit.envelope import Envelope
from kit.testing import FrozenClock, eventually
from kundeapp.events.v1 import events_events_pb2 as pb
from kundeapp.identity.v1.identity_events_pb2 import SessionEnded

CUSTOMER = UUID("01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52")
CLOCK = FrozenClock()


class Login:
    """Sessions of one account, in place of those that read tokens."""

    def __init__(self, lifetime: timedelta, roles: frozenset[str]) -> None:
        expires_at = CLOCK.now() + lifetime
        customers = () if roles else (CUSTOMER,)
        caller = Caller(account_id=uuid4(), customer_ids=customers, roles=roles)
        self.known = Session(caller, InternalToken("", expires_at), expires_at)

    async def session(self, _authorization: str) -> Session:
        return self.known


class Client:
    """Reads a stream as fast as a test lets it.

    Attributes:
        offered: How many chunks it was asked to take.
        sent: What it has taken, chunk by chunk.
        reads: Whether it takes what is sent.
        leaves: Is set when it goes away.
        is_over: Whether the stream came to an end.
    """

    def __init__(self) -> None:
        self.offered = 0
        self.sent: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.leaves = asyncio.Event()
        self.is_over = False

    @property
    def names(self) -> Sequence[str]:
        """The names of the events that have come; `:` for a sign of life."""
        lines = "".join(self.sent).splitlines()
        return [line.removeprefix("event: ") for line in lines if line.startswith(("event: ", ":"))]

    async def until(self, *names: str) -> None:
        """Waits until these events have come, and no others."""
        await eventually(lambda: self.names == list(names), seconds=5)

    async def receive(self) -> MutableMapping[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: MutableMapping[str, Any]) -> None:
        self.offered += 1
        await self.reads.wait()
        self.sent.append(event["body"].decode())
        self.is_over = not event.get("more_body", False)


def streams(
    lifetime: timedelta = timedelta(minutes=10),
    roles: frozenset[str] = frozenset(),
    **seconds: float,
) -> Streams:
    return Streams(cast("Sessions", Login(lifetime, roles)), CLOCK, **seconds)


def request_of(client: Client) -> Request:
    return Request("GET", PATH, "", {}, client.receive, "nn", Cookies("GET", {}, ""))


@contextlib.asynccontextmanager
async def watching(streams: Streams) -> AsyncGenerator[Client]:
    client = Client()
    response = await streams.answer(request_of(client))
    assert response.feed is not None
    flowing = asyncio.create_task(response.feed.flow(client.receive, client.send))
    try:
        yield client
    finally:
        client.leaves.set()
        client.reads.set()
        await flowing


def event(message: Message) -> Envelope:
    return Envelope(
        id=uuid4(),
        subject="kundeapp.events.thing.1.happened",
        type=message.DESCRIPTOR.full_name,
        payload=message.SerializeToString(),
        occurred_at=datetime.now(UTC),
        trace=None,
    )


PUBLISHED = event(pb.EventPublished(event_id="1"))
OFFERED = event(pb.OfferMade(customer_id=str(CUSTOMER)))


def available(tickets: int) -> Envelope:
    return event(pb.AvailabilityChanged(event_id="1", available=tickets))


async def test_an_event_is_three_lines_and_a_blank_one() -> None:
    told = streams()
    async with watching(told) as client:
        await client.until("ready")
        told.hear(available(3))
        await client.until("ready", "inventory.changed")
    first, name, data, blank, end = client.sent[1].split("\n")
    assert UUID(first.removeprefix("id: "))
    assert name == "event: inventory.changed"
    assert data == 'data: {"eventId":"1","available":3}'
    assert blank == end == ""


@pytest.mark.parametrize(
    ("role", "told"),
    [("EVENT_STAFF", ["offer.made"]), ("CUSTOMER_SERVICE", ["offer.made"]), ("OPERATOR", [])],
)
async def test_staff_who_look_after_guests_are_told_of_all_customers(
    role: str, told: Sequence[str]
) -> None:
    open_streams = streams(roles=frozenset({role}))
    async with watching(open_streams) as client:
        await client.until("ready")
        open_streams.hear(OFFERED)
        open_streams.hear(PUBLISHED)
        await client.until("ready", *told, "event.published")


async def test_what_is_unknown_is_passed_over() -> None:
    told = streams()
    async with watching(told) as client:
        told.hear(event(SessionEnded(session_id="1")))
        told.hear(PUBLISHED)
        await client.until("ready", "event.published")


async def test_silence_is_broken_by_comments() -> None:
    told = streams(heartbeat_seconds=0.05)
    async with watching(told) as client:
        await client.until("ready", ":", ":")
    assert client.sent[1] == ":\n\n"


async def test_a_reader_that_is_too_slow_loses_what_waits_and_is_told_ready() -> None:
    told = streams()
    async with watching(told) as client:
        await client.until("ready")
        client.reads.clear()
        told.hear(OFFERED)
        await eventually(lambda: client.offered == 2)
        for _ in range(1000):
            told.hear(PUBLISHED)
        told.hear(OFFERED)
        client.reads.set()
        await eventually(lambda: client.names[-1] == "offer.made")
        assert "ready" in client.names[1:]
        assert len(client.names) < 300


async def test_after_an_interruption_ready_stands_in_for_all_that_waits() -> None:
    told = streams()
    async with watching(told) as client:
        await client.until("ready")
        told.hear(PUBLISHED)
        told.miss()
        told.hear(OFFERED)
        await client.until("ready", "ready", "offer.made")


async def test_of_many_changes_the_first_is_told_at_once_and_the_last_after_the_window() -> None:
    told = streams(window_seconds=0.2)
    async with watching(told) as client:
        await client.until("ready")
        for left in (9, 8, 7):
            told.hear(available(left))
        await client.until("ready", "inventory.changed", "inventory.changed")
        told.hear(available(6))
        told.hear(available(5))
        await client.until("ready", *["inventory.changed"] * 3)
    told_left = [line for line in "".join(client.sent).splitlines() if "available" in line]
    assert [line.rpartition(":")[2] for line in told_left] == ["9}", "7}", "5}"]


async def test_a_stream_ends_with_the_access_token() -> None:
    told = streams(lifetime=timedelta(seconds=0.1))
    async with watching(told) as client:
        await client.until("ready")
        await eventually(lambda: client.is_over, seconds=5)


async def test_a_reader_that_reads_nothing_does_not_keep_a_stream_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.live._FAREWELL_SECONDS", 0.01)
    told = streams()
    client = Client()
    client.reads.clear()
    response = await told.answer(request_of(client))
    assert response.feed is not None
    flowing = asyncio.create_task(response.feed.flow(client.receive, client.send))
    await eventually(lambda: client.offered)
    told.stop()
    async with asyncio.timeout(5):
        await flowing


async def test_a_process_that_stops_opens_no_more_streams() -> None:
    told = streams()
    async with watching(told) as client:
        told.stop()
        await eventually(lambda: client.is_over, seconds=5)
        with pytest.raises(errors.Unavailable):
            await told.answer(request_of(client))


async def test_a_place_is_free_again_when_a_stream_has_ended() -> None:
    told = streams()
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(watching(told)) for _ in range(10)]
        with pytest.raises(errors.TooMany):
            await stack.enter_async_context(watching(told))
        clients[0].leaves.set()
        await eventually(lambda: clients[0].is_over, seconds=5)
        await stack.enter_async_context(watching(told))
