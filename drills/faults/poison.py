"""Events that no consumer can handle, put where such a mistake of a publisher would put them."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid4

import nats
import nats.errors
from nats.js import JetStreamContext

from cli.local.plan import SERVICES
from cli.operations.service import OperationsService
from cli.session import Sessions
from drills.faults.invariants import CONSUMERS
from drills.faults.people import again
from drills.faults.suite import Suite
from kit.bus import STREAM
from kit.local.errors import LocalError
from kit.local.processes import wait_until
from kundeapp.identity.v1.identity_events_pb2 import CustomerChanged

SECONDS = 60.0
_KIND = CustomerChanged.DESCRIPTOR.full_name
_SUBJECT = "kundeapp.identity.customer.poison.changed"
_Result = TypeVar("_Result")


@dataclass
class Poison:
    """The poison in a suite, until it is cleared away.

    Attributes:
        suite: The suite.
        failing: Events at which every handler fails.
        unreadable: Where on the stream there are messages that are no events.
    """

    suite: Suite
    failing: list[UUID] = field(default_factory=list[UUID])
    unreadable: list[int] = field(default_factory=list[int])

    def fail(self, payload: bytes = b"") -> UUID:
        """Has an event published that no handler can handle; returns its id.

        Args:
            payload: Its message; without one it names no customer.
        """
        event_id = uuid4()
        columns = "id, subject, type, payload, occurred_at"
        values = f"'{event_id}', '{_SUBJECT}', '{_KIND}', '\\x{payload.hex()}', now()"
        statement = f"INSERT INTO outbox ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
        _patiently(lambda: self.suite.plan.postgres.run_sql(statement, "identity"))
        self.failing.append(event_id)
        return event_id

    def confuse(self, subject: str = _SUBJECT) -> None:
        """Publishes a message that is no event."""

        async def publish() -> int:
            async with _stream(self.suite) as stream:
                return (await stream.publish(subject, b"\xff", stream=STREAM)).seq

        self.unreadable.append(_patiently(lambda: asyncio.run(publish())))

    def buried(self, service: str) -> Sequence[tuple[str, UUID]]:
        """Returns which consumers of a service have set which events aside."""
        letters = again(lambda: self._operations(service).dead_letters(settled=False))
        return [(letter.consumer, UUID(letter.event_id)) for letter in letters]

    def clear(self) -> Sequence[str]:
        """Takes it all away, once nothing is under way; says who has not set it aside."""
        found = list[str]()
        for service in SERVICES:
            wanted = {
                (consumer.name, event)
                for consumer in CONSUMERS.get(service, ())
                if consumer.effect_of(_KIND) is not None
                for event in self.failing
            }
            buried = set(self.buried(service))
            found += [f"{name} has not buried {event}" for name, event in wanted - buried]
            for name, event in wanted & buried:
                self._discard(service, name, event)
        if self.unreadable:
            _patiently(lambda: asyncio.run(self._delete()))
        self.failing.clear()
        self.unreadable.clear()
        return found

    def _discard(self, service: str, consumer: str, event: UUID) -> None:
        again(lambda: self._operations(service).discard(consumer, str(event), "It was a drill"))

    async def _delete(self) -> None:
        async with _stream(self.suite) as stream:
            for position in self.unreadable:
                await stream.delete_msg(STREAM, position)

    def _operations(self, service: str) -> OperationsService:
        settings = self.suite.settings
        return OperationsService.of(settings, service, Sessions.of(settings).internal_token)


@asynccontextmanager
async def _stream(suite: Suite) -> AsyncGenerator[JetStreamContext]:
    client = await nats.connect(suite.plan.nats.url, max_reconnect_attempts=1, error_cb=_unheard)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def _unheard(_error: Exception) -> None:
    """Says nothing of an outage, which the caller hears of."""


def _patiently(act: Callable[[], _Result]) -> _Result:
    """Does something once PostgreSQL or NATS lets it; raises what happened if neither ever does."""
    done = list[_Result]()

    def succeeds() -> bool:
        try:
            done.append(act())
        except (LocalError, OSError, TimeoutError, nats.errors.Error):
            return False
        return True

    if not wait_until(succeeds, SECONDS):
        raise TimeoutError("nobody takes the poison")
    return done[0]
