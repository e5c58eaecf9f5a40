"""Consent as its callers see it, and its use cases on a database of their own."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import grpc
from google.rpc import error_details_pb2, status_pb2

import services.consent
from cli.consent.files import SHIPPED, read_texts
from kit.access import Caller
from kit.bus import Bus
from kit.clock import Clock
from kit.database import Database
from kit.envelope import Envelope, seal
from kit.ids import SystemIds
from kit.outbox import Outbox
from kit.status import DETAILS_KEY
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.consent.v1 import consent_events_pb2 as told
from kundeapp.consent.v1 import consents_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from services.consent.bootstrap import running
from services.consent.config import Settings
from services.consent.domain.ledger import Change, Decision, Entry, Pair
from services.consent.handlers.ledger import record
from services.consent.storage import PostgresStore, PostgresStores
from services.consent.storage.ledger import entry_of

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceAsyncStub

MIGRATIONS = Path(services.consent.__file__).parent / "migrations"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY = "localhost:1"
"""Where no other service answers."""


@dataclass(frozen=True)
class Customer:
    """A customer with an account."""

    id: UUID = field(default_factory=uuid4)
    account_id: UUID = field(default_factory=uuid4)


class Status(Enum):
    """Of a customer."""

    ACTIVE = "ACTIVE"


@dataclass(frozen=True)
class CustomerCreated:
    """A customer was taken into identity's register."""

    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True)
class CustomerErased:
    """A customer was erased by identity."""

    customer_id: UUID


@dataclass
class House:
    """The use cases, on a pool of connections of their own.

    Attributes:
        database: The database.
        url: Where it is.
        clock: What the time is told by.
    """

    database: Database
    url: str
    clock: FrozenClock

    @staticmethod
    @asynccontextmanager
    async def on(url: str, clock: FrozenClock, connections: int = 10) -> "AsyncGenerator[House]":
        """Opens a pool of its own."""
        outbox = Outbox("consent", SystemIds(), clock)
        async with Database.open(url, outbox, connections=connections) as database:
            yield House(database, url, clock)

    def store(self) -> AbstractAsyncContextManager[PostgresStore]:
        """Opens a transaction."""
        return PostgresStores(self.database)()

    async def record(self, *changes: Change) -> Sequence[Entry]:
        """Writes decisions down in a transaction of their own."""
        async with self.store() as store:
            return list(await self.record_in(store, *changes))

    async def record_in(self, store: PostgresStore, *changes: Change) -> Sequence[Entry]:
        """Writes decisions down."""
        return await record(store, self.clock, changes)

    async def entries(self) -> Sequence[Entry]:
        """Returns all rows of the ledger, in order."""
        return [entry_of(row) for row in await self.sql("SELECT * FROM ledger ORDER BY position")]

    async def holds(self, customer_id: UUID) -> Mapping[Pair, Decision]:
        """Returns what holds of a customer now."""
        async with self.store() as store:
            found = await store.consents_of([customer_id])
        return {consent.pair: consent.decision for consent in found}

    async def published(self) -> Sequence[tuple[str, int]]:
        """Returns what was published of decisions, each with the position of its row, in order."""
        kinds = (told.ConsentGiven, told.ConsentWithdrawn, told.ConsentExpired)
        by_name = {kind.DESCRIPTOR.full_name: kind for kind in kinds}
        rows = await self.sql("SELECT type, payload FROM outbox ORDER BY seq")
        events = [
            by_name[row["type"]].FromString(row["payload"])
            for row in rows
            if row["type"] in by_name
        ]
        return [(event.DESCRIPTOR.name, event.ledger_position) for event in events]

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Runs a statement beside the service."""
        return await sql(self.url, statement, *arguments)


@dataclass
class Consent:
    """A running service and the people who use it."""

    neighbours: Neighbours
    settings: Settings
    clock: Clock
    stub: "ConsentServiceAsyncStub"
    port: int
    anchor: pb.LedgerAnchor = field(default_factory=pb.LedgerAnchor)

    async def tell_created(self, customer_id: UUID, number: str) -> None:
        """Tells of a customer as identity does, and waits until it was heard."""
        await self.tell(CustomerCreated(customer_id, number))

    async def tell_erased(self, customer_id: UUID) -> None:
        """Tells as identity does that a customer was erased, and waits until it was heard."""
        await self.tell(CustomerErased(customer_id))

    async def tell(self, event: object) -> None:
        """Publishes an event of identity's, and waits until it was handled."""
        envelope: Envelope = seal("identity", event, uuid4(), datetime.now(UTC))
        identity = self.neighbours.pki.identity("identity")
        async with Bus.open(self.neighbours.nats.url, identity, "test") as bus:
            await eventually(partial(bus.publish, [envelope]))
        await self.wait_for("SELECT FROM inbox WHERE event_id = $1", envelope.id)

    async def publish_shipped(self) -> None:
        """Publishes the notices and purposes that come with the suite."""
        texts = read_texts(SHIPPED)
        for notice in texts.notices:
            await self.stub.PublishNotice(notice, metadata=self.staff())
        for purpose in texts.purposes:
            request = pb.PutPurposeRequest(purpose=purpose)
            await self.stub.PutPurpose(request, metadata=self.staff())

    async def republish(self, notice: str, *, is_material: bool, **bodies: str) -> pb.Notice:
        """Publishes a notice with other texts in some languages."""
        current = await self.stub.GetNotice(pb.GetNoticeRequest(notice=notice))
        by_language = {text.language: text for text in current.texts}
        for language, body in bodies.items():
            known = by_language.get(language)
            title = known.title if known else "Tittel"
            by_language[language] = pb.Notice.Text(language=language, title=title, body=body)
        request = pb.PublishNoticeRequest(
            notice=notice, is_material=is_material, texts=by_language.values()
        )
        return (await self.stub.PublishNotice(request, metadata=self.staff())).notice

    async def show(self, customer: Customer, *more: Customer, language: str = "nn") -> "Shown":
        """Shows what an account has agreed to."""
        metadata = (*self.metadata(customer, *more), ("accept-language", language))
        return Shown(await self.stub.GetMyConsents(pb.GetMyConsentsRequest(), metadata=metadata))

    async def change(
        self, customer: Customer, *changes: pb.ChangeMyConsentsRequest.Change, key: str = ""
    ) -> "Shown":
        """Moves switches."""
        request = pb.ChangeMyConsentsRequest(request_id=key, changes=changes)
        return Shown(await self.stub.ChangeMyConsents(request, metadata=self.metadata(customer)))

    async def check(self, *anchors: pb.LedgerAnchor) -> Sequence[pb.VerifyLedgerResponse.Problem]:
        """Checks the ledger, as the CLI does."""
        problems, token = list[pb.VerifyLedgerResponse.Problem](), ""
        async with self.neighbours.channel(self.port, workload="cli") as channel:
            stub: ConsentServiceAsyncStub = ConsentServiceStub(channel)
            while True:
                request = pb.VerifyLedgerRequest(anchors=anchors, page_token=token)
                part = await stub.VerifyLedger(request)
                problems += part.problems
                if part.HasField("anchor"):
                    self.anchor = part.anchor
                token = part.next_page_token
                if not token:
                    return problems

    def metadata(self, customer: Customer, *more: Customer) -> Sequence[tuple[str, str]]:
        """Returns the internal token of a customer's account, which may stand for more of them."""
        customers = (customer.id, *(each.id for each in more))
        caller = caller_of(customer.account_id, customers, (), self.clock.now())
        return self.neighbours.metadata(caller, now=self.clock.now())

    def staff(self, *roles: str, account_id: UUID | None = None) -> Sequence[tuple[str, str]]:
        """Returns the internal token of a member of staff."""
        caller = caller_of(account_id or uuid4(), (), roles or ("OPERATOR",), self.clock.now())
        return self.neighbours.metadata(caller, now=self.clock.now())

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Runs a statement beside the service."""
        return await sql(self.settings.database_url, statement, *arguments)

    async def wait_for(self, statement: str, *arguments: object) -> None:
        """Waits until a statement returns a row."""
        await eventually(lambda: self.sql(statement, *arguments))


class Shown:
    """What an account has agreed to, as it is told."""

    def __init__(self, told: pb.MyConsents) -> None:
        self.told = told

    def of(self, purpose: str) -> pb.MyConsents.Consent:
        """Returns what was agreed to of a purpose."""
        return next(each for each in self.told.consents if each.purpose == purpose)

    def switch(self, purpose: str, channel: str) -> pb.MyConsents.Switch:
        """Returns what holds for a channel."""
        number = pb.Channel.Value(channel)
        return next(each for each in self.of(purpose).channels if each.channel == number)

    def is_on(self, purpose: str, channel: str) -> bool:
        """Tells whether a channel is on."""
        return self.switch(purpose, channel).granted

    def yes(
        self, purpose: str, channel: str = "", happened_at: datetime | None = None
    ) -> pb.ChangeMyConsentsRequest.Change:
        """Returns a yes to the text that is shown."""
        consent = self.of(purpose)
        change = no(purpose, channel, happened_at)
        change.granted = True
        change.notice_version = consent.notice_version
        change.notice_sha256 = consent.notice_sha256
        change.language = consent.language
        return change


def no(
    purpose: str, channel: str = "", happened_at: datetime | None = None
) -> pb.ChangeMyConsentsRequest.Change:
    """Returns a no."""
    number = pb.Channel.Value(channel) if channel else pb.CHANNEL_UNSPECIFIED
    change = pb.ChangeMyConsentsRequest.Change(purpose=purpose, channel=number)
    if happened_at is not None:
        change.happened_at.FromDatetime(happened_at)
    return change


@dataclass(frozen=True)
class Refusal:
    """What a caller is told when it is refused."""

    code: grpc.StatusCode
    facts: Mapping[str, str]
    fields: Sequence[tuple[str, str]]


class Refusing:
    """Holds the refusal, once the block has ended."""

    refusal: Refusal


@contextmanager
def refused(reason: str) -> Generator[Refusing]:
    """Expects a call to be refused for a reason."""
    holder = Refusing()
    try:
        yield holder
    except grpc.aio.AioRpcError as error:
        details = dict(error.trailing_metadata() or ())[DETAILS_KEY]
        assert isinstance(details, bytes)
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status_pb2.Status.FromString(details).details:
            for known in (info, request):
                detail.Unpack(known)
        assert info.reason == reason
        fields = [(each.field, each.reason) for each in request.field_violations]
        holder.refusal = Refusal(error.code(), dict(info.metadata), fields)
    else:
        raise AssertionError(f"the call was not refused with {reason}")


@asynccontextmanager
async def serving(
    neighbours: Neighbours, settings: Settings, clock: Clock
) -> AsyncGenerator[Consent]:
    """Runs a process of the service."""
    async with (
        running(settings, clock, SystemIds()) as server,
        neighbours.channel(server.port) as channel,
    ):
        yield Consent(neighbours, settings, clock, ConsentServiceStub(channel), server.port)


def caller_of(
    account_id: UUID, customers: tuple[UUID, ...], roles: Sequence[str], now: datetime
) -> Caller:
    """Returns an account as the service sees it."""
    return Caller(
        workload="gateway",
        account_id=account_id,
        customer_ids=customers,
        roles=frozenset(roles),
        session_id=uuid4(),
        authenticated_at=now,
        methods=("pwd", "otp", "mfa") if roles else ("pwd",),
    )


async def sql(url: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    """Runs a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()
