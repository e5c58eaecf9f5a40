"""A client of the live stream, and a service that publishes what it shows."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from google.protobuf.message import Message

from gateway.live import PATH
from kit.bus import Bus
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.testing import eventually
from kundeapp.event.v1 import event_pb2
from tests.integration.gateway.conftest import House

IDS = SystemIds()


@dataclass(frozen=True)
class Told:
    """A server-sent event."""

    id: str
    name: str
    data: Any


@dataclass
class Watcher:
    """A stream that is being read.

    Attributes:
        response: Its headers.
        told: What has come so far.
        is_over: Whether it has ended.
    """

    response: httpx.Response
    told: list[Told] = field(default_factory=list[Told])
    is_over: bool = False

    @property
    def names(self) -> Sequence[str]:
        """The names of what has come so far."""
        return [told.name for told in self.told]

    async def until(self, *names: str) -> None:
        """Waits until these events have come, and no others."""
        await eventually(lambda: self.names == list(names))

    async def until_last(self, name: str) -> Told:
        """Waits until this event is the last one that has come, and returns it."""
        await eventually(lambda: self.told and self.told[-1].name == name)
        return self.told[-1]

    async def read(self) -> None:
        """Reads to the end."""
        fields: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif fields:
                data = orjson.loads(fields["data"])
                self.told.append(Told(fields.get("id", ""), fields["event"], data))
                fields = {}
        self.is_over = True


@contextlib.asynccontextmanager
async def watching(
    house: House, *customers: UUID, account: UUID | None = None, **token: Any
) -> AsyncGenerator[Watcher]:
    """Opens a stream for an account that stands for these customers, and reads it."""
    text = house.backend.token(account=account or uuid4(), customers=customers, **token)
    headers = {"authorization": f"Bearer {text}"}
    async with (
        httpx.AsyncClient(base_url=house.http.base_url, trust_env=False, timeout=60) as client,
        client.stream("GET", PATH, headers=headers) as response,
    ):
        assert response.status_code == 200
        watcher = Watcher(response)
        reading = asyncio.create_task(watcher.read())
        try:
            yield watcher
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def publish(bus: Bus, *messages: Message) -> Sequence[UUID]:
    """Publishes events as the events service does; returns their ids."""
    envelopes = [_envelope(message) for message in messages]

    async def stored() -> bool:
        return await bus.publish(envelopes) == len(envelopes)

    await eventually(stored)
    return [envelope.id for envelope in envelopes]


def _envelope(message: Message) -> Envelope:
    descriptor = message.DESCRIPTOR
    subject = descriptor.GetOptions().Extensions[event_pb2.subject]
    return Envelope(
        id=IDS.new_id(),
        subject=f"kundeapp.events.{subject.aggregate}.1.{subject.what}",
        type=descriptor.full_name,
        payload=message.SerializeToString(),
        occurred_at=datetime.now(UTC),
        trace=None,
    )
