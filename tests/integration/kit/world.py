"""A service that is nothing but chassis: a database, the bus, and tests in place of use cases."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlmodel import Field, SQLModel

from kit.bus import Bus
from kit.clock import SystemClock
from kit.database import Database, Transaction
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.inbox import Consumer, Handler, consume
from kit.outbox import Outbox, Relay
from kit.repeat import background
from kit.tls import Identity
from kundeapp.identity.v1 import identity_events_pb2 as pb

MIGRATIONS = Path(__file__).parent / "migrations"
SERVICE = "identity"  # the envelope finds messages by the name of a service


class Effect(SQLModel, table=True):
    """What an event or a request did."""

    id: int | None = Field(default=None, primary_key=True)
    what: str | None = Field(default=None, nullable=False)


@dataclass(frozen=True)
class SessionEnded:
    """A domain event whose message happens to have two identifiers, which tests use as they like.

    Attributes:
        session_id: Names the subject, so that a test sees its own events only.
        account_id: Tells the events of a test apart.
    """

    session_id: UUID
    account_id: UUID


@dataclass
class World:
    """One test's own database, on a bus that may be shared.

    Attributes:
        url: The database.
        nats_url: The bus.
        identity: The certificate to show to the bus.
        topic: Names the subject of this test's events.
    """

    url: str
    nats_url: str
    identity: Identity
    ids: SystemIds = field(default_factory=SystemIds)
    topic: UUID = field(default_factory=lambda: SystemIds().new_id())

    def __post_init__(self) -> None:
        self.outbox = Outbox(SERVICE, self.ids, SystemClock())

    @property
    def subject(self) -> str:
        """The subject of this test's events."""
        return f"kundeapp.identity.session.{self.topic}.ended"

    def events(self, count: int) -> Sequence[SessionEnded]:
        """Returns that many events."""
        return [SessionEnded(self.topic, self.ids.new_id()) for _ in range(count)]

    def database(self, connections: int = 10) -> contextlib.AbstractAsyncContextManager[Database]:
        """Opens the database as a service does."""
        return Database.open(self.url, self.outbox, connections=connections)

    def bus(self) -> contextlib.AbstractAsyncContextManager[Bus]:
        """Connects to the bus."""
        return Bus.open(self.nats_url, self.identity, "test")

    def relay(self, bus: Bus) -> Relay:
        """Returns a relay from the database to a bus."""
        return Relay(SERVICE, self.url, self.outbox, bus)

    @contextlib.asynccontextmanager
    async def relaying(self) -> AsyncGenerator[Bus]:
        """Runs a relay."""
        async with self.bus() as bus, background(self.relay(bus).run()):
            yield bus

    def consumer(self, handler: Handler, name: str = "") -> Consumer:
        """Returns who wants this test's events."""
        return Consumer(
            name=f"test-{self.topic}{name}",
            subjects=(self.subject,),
            handlers={pb.SessionEnded: handler},
        )

    @contextlib.asynccontextmanager
    async def consuming(self, handler: Handler, database: Database) -> AsyncGenerator[Bus]:
        """Runs a consumer of this test's events."""
        async with (
            self.bus() as bus,
            background(consume(self.consumer(handler), bus, database)),
        ):
            yield bus

    async def publish(self, database: Database, *events: SessionEnded) -> None:
        """Publishes events as a use case does."""
        async with database.transaction() as transaction:
            transaction.publish(*events)

    async def rows(self, statement: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """Returns what a statement finds, on a connection of its own."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def value(self, statement: str, *arguments: object) -> object:
        """Returns the one value that a statement finds."""
        [[value]] = await self.rows(statement, *arguments)
        return value

    async def effects(self) -> Sequence[str]:
        """Returns what happened, in order."""
        return [row["what"] for row in await self.rows("SELECT what FROM effect ORDER BY id")]

    async def unsent(self) -> object:
        """Returns how many events wait to be published."""
        return await self.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL")


async def note(event: pb.SessionEnded, transaction: Transaction) -> None:
    """Handles an event by noting that it happened."""
    await transaction.connection.execute("INSERT INTO effect (what) VALUES ($1)", event.account_id)


async def heard(bus: Bus, subject: str, count: int, durable: str) -> Sequence[Envelope]:
    """Returns the first events on a subject, as they lie on the bus."""
    found: list[Envelope] = []
    async with bus.pull(durable, [subject], max_pending=1) as messages:
        async for message in messages:
            found.append(Envelope.received(message.subject, message.data, message.headers or {}))
            await message.ack()
            if len(found) == count:
                break
    return found
