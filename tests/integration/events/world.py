"""Events as its callers see it: over gRPC, with a certificate and an internal token."""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from kit.access import Caller
from kit.clock import Clock
from kit.ids import SystemIds
from kit.status import DETAILS_KEY
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub
from services.events.bootstrap import running
from services.events.config import Settings

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceAsyncStub

_Message = TypeVar("_Message", bound=Message)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY = "localhost:1"
"""Where no identity answers."""


@dataclass(frozen=True)
class Refusal:
    """What a caller is told when it is refused."""

    code: grpc.StatusCode
    reason: str
    facts: dict[str, str]
    fields: list[tuple[str, str]]
    answer: bytes


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
        holder.refusal = refusal_of(error)
        assert holder.refusal.reason == reason
    else:
        raise AssertionError(f"the call was not refused with {reason}")


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """Reads a refusal."""
    details = dict(error.trailing_metadata() or ())[DETAILS_KEY]
    assert isinstance(details, bytes)
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status_pb2.Status.FromString(details).details:
        for known in (info, request):
            detail.Unpack(known)
    fields = [(each.field, each.reason) for each in request.field_violations]
    return Refusal(error.code(), info.reason, dict(info.metadata), fields, details)


@dataclass(frozen=True)
class Customer:
    """A customer with an account."""

    number: str
    id: UUID = field(default_factory=uuid4)
    account_id: UUID = field(default_factory=uuid4)


@dataclass
class Events:
    """A running service and the people who use it.

    Attributes:
        stub: The service as the gateway calls it.
        consent: The service as consent calls it; only where `serving` made it.
    """

    neighbours: Neighbours
    settings: Settings
    clock: FrozenClock
    stub: "EventsServiceAsyncStub"
    consent: "EventsServiceAsyncStub" = field(init=False)
    _count: int = 0

    async def customer(self, name: str = "") -> Customer:
        """Makes a customer known, as identity's event does."""
        self._count += 1
        customer = Customer(f"{100_000 + self._count}")
        await self.sql(
            "INSERT INTO customer VALUES ($1, $2, $3, 1, 1)", customer.id, customer.number, name
        )
        return customer

    async def customers(self, count: int) -> Sequence[Customer]:
        """Makes customers known."""
        return [await self.customer() for _ in range(count)]

    async def event(
        self,
        capacity: int,
        *,
        starts_in: timedelta = timedelta(days=30),
        most: int = 10,
        closes_in: timedelta | None = None,
        published: bool = True,
    ) -> str:
        """Makes an event, and publishes it.

        Args:
            capacity: Room for how many guests.
            starts_in: How far off it is.
            most: The most tickets that one customer can have.
            closes_in: When the registration of its ballot closes; it has none without.
            published: Whether it is published.
        """
        now = self.clock.now()
        event = await self.stub.CreateEvent(
            pb.CreateEventRequest(
                title="Haustkonsert",
                venue="Ørsta kulturhus",
                starts_at=stamp(now + starts_in),
                capacity=capacity,
                max_per_customer=most,
                mode=pb.Event.BALLOT if closes_in else pb.Event.FIRST_COME,
                ballot_closes_at=stamp(now + closes_in) if closes_in else None,
            ),
            metadata=self.staff(),
        )
        if published:
            await self.stub.PublishEvent(
                pb.PublishEventRequest(event_id=event.id), metadata=self.staff()
            )
        return event.id

    async def update(self, event_id: str, **changes: Any) -> pb.Event:
        """Changes an event."""
        request = pb.UpdateEventRequest(event_id=event_id, **changes)
        return await self.stub.UpdateEvent(request, metadata=self.staff())

    async def cancel(self, event_id: str, reason: str = "Artisten er sjuk.") -> pb.Event:
        """Cancels an event."""
        request = pb.CancelEventRequest(event_id=event_id, reason=reason)
        return await self.stub.CancelEvent(request, metadata=self.staff())

    async def get(self, event_id: str) -> pb.Event:
        """Shows an event, as anyone sees it."""
        return await self.stub.GetEvent(pb.GetEventRequest(event_id=event_id))

    async def reserve(
        self, customer: Customer, event_id: str, quantity: int, key: str = ""
    ) -> pb.Reservation:
        """Reserves tickets."""
        return await self.stub.ReserveTickets(
            pb.ReserveTicketsRequest(request_id=key, event_id=event_id, quantity=quantity),
            metadata=self.metadata(customer),
        )

    async def release(
        self, customer: Customer, reservation_id: str, quantity: int = 0, key: str = ""
    ) -> pb.Reservation:
        """Gives tickets back."""
        return await self.stub.ReleaseTickets(
            pb.ReleaseTicketsRequest(
                request_id=key, reservation_id=reservation_id, quantity=quantity
            ),
            metadata=self.metadata(customer),
        )

    async def join(
        self, customer: Customer, event_id: str, wanted: int, least: int = 0
    ) -> pb.WaitlistEntry:
        """Joins the waiting list."""
        return await self.stub.JoinWaitlist(
            pb.JoinWaitlistRequest(event_id=event_id, wanted=wanted, least=least),
            metadata=self.metadata(customer),
        )

    async def accept(
        self, customer: Customer, entry_id: str, quantity: int = 0, *, keep_waiting: bool = False
    ) -> pb.AcceptOfferResponse:
        """Accepts an offer."""
        return await self.stub.AcceptOffer(
            pb.AcceptOfferRequest(entry_id=entry_id, quantity=quantity, keep_waiting=keep_waiting),
            metadata=self.metadata(customer),
        )

    async def decline(self, customer: Customer, entry_id: str) -> pb.WaitlistEntry:
        """Declines an offer."""
        return await self.stub.DeclineOffer(
            pb.DeclineOfferRequest(entry_id=entry_id), metadata=self.metadata(customer)
        )

    async def leave(self, customer: Customer, entry_id: str) -> pb.WaitlistEntry:
        """Leaves the waiting list."""
        return await self.stub.LeaveWaitlist(
            pb.LeaveWaitlistRequest(entry_id=entry_id), metadata=self.metadata(customer)
        )

    async def entry(self, customer: Customer) -> pb.WaitlistEntry:
        """Shows a customer's newest entry."""
        answer = await self.stub.ListMyWaitlistEntries(
            pb.ListMyWaitlistEntriesRequest(page_size=1), metadata=self.metadata(customer)
        )
        return answer.waitlist_entries[0]

    async def reservations(self, customer: Customer) -> Sequence[pb.Reservation]:
        """Shows a customer's reservations."""
        answer = await self.stub.ListMyReservations(
            pb.ListMyReservationsRequest(), metadata=self.metadata(customer)
        )
        return answer.reservations

    async def told(self, entry_id: str) -> None:
        """Waits until everyone who listens was told of an entry's offer."""
        await self.wait_for(
            "SELECT FROM offer WHERE entry_id = $1 AND status = 'OPEN' AND told_at IS NOT NULL",
            UUID(entry_id),
        )

    async def invariants(self, event_id: str) -> pb.InventoryAudit:
        """Checks what must hold after every change, and returns the counters."""
        audit = await self.stub.AuditInventory(
            pb.AuditInventoryRequest(event_id=event_id), metadata=self.staff()
        )
        assert audit.consistent, audit
        assert not await self.sql(
            "SELECT entry_id FROM offer WHERE status = 'OPEN' GROUP BY 1 HAVING count(*) > 1"
        )
        free = audit.capacity - audit.reserved - audit.held
        unserved = await self.sql(
            """
            SELECT entry.id FROM waitlist_entry entry JOIN event ON event.id = event_id
            WHERE event_id = $1 AND entry.status = 'WAITING' AND least <= $2 + pooled
                AND event.status = 'PUBLISHED' AND waiting_list_closes_at > $3
                AND (ballot_closes_at IS NULL OR ballot_drawn_at IS NOT NULL)
            """,
            UUID(event_id),
            free,
            self.clock.now(),
        )
        assert not unserved or free <= 0, "somebody who fits is left unserved"
        return audit

    async def published(self, what: str = "") -> Sequence[str]:
        """Returns the types of what was published, without their package, in order."""
        rows = await self.sql("SELECT type FROM outbox ORDER BY seq")
        names = [row["type"].rpartition(".")[2] for row in rows]
        return [name for name in names if what in name]

    async def messages(self, kind: type[_Message]) -> Sequence[_Message]:
        """Returns what was published of a kind, in order."""
        rows = await self.sql(
            "SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name
        )
        return [kind.FromString(row["payload"]) for row in rows]

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Runs a statement beside the service."""
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def wait_for(self, statement: str, *arguments: object) -> None:
        """Waits until a statement returns a row."""
        await eventually(lambda: self.sql(statement, *arguments))

    def metadata(self, customer: Customer, *more: Customer) -> Sequence[tuple[str, str]]:
        """Returns the internal token of a customer's account, which may stand for more of them."""
        customers = (customer.id, *(each.id for each in more))
        return self._metadata(customer.account_id, customers, ())

    def staff(self, *roles: str, account_id: UUID | None = None) -> Sequence[tuple[str, str]]:
        """Returns the internal token of a member of staff."""
        return self._metadata(account_id or uuid4(), (), roles or ("EVENT_STAFF",))

    def _metadata(
        self, account_id: UUID, customers: tuple[UUID, ...], roles: Sequence[str]
    ) -> Sequence[tuple[str, str]]:
        now = self.clock.now()
        return self.neighbours.metadata(_caller(account_id, customers, roles, now), now=now)


@asynccontextmanager
async def serving(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> AsyncGenerator[Events]:
    """Runs a process of the service."""
    async with (
        running(settings, clock, SystemIds()) as server,
        neighbours.channel(server.port) as channel,
        neighbours.channel(server.port, workload="consent") as consent,
    ):
        events = Events(neighbours, settings, clock, EventsServiceStub(channel))
        events.consent = EventsServiceStub(consent)
        yield events


def caller_of(customer: Customer, clock: Clock) -> Caller:
    """Returns a customer's account as the service sees it."""
    return _caller(customer.account_id, (customer.id,), (), clock.now())


def _caller(
    account_id: UUID, customers: tuple[UUID, ...], roles: Sequence[str], now: datetime
) -> Caller:
    return Caller(
        workload="gateway",
        account_id=account_id,
        customer_ids=customers,
        roles=frozenset(roles),
        session_id=uuid4(),
        authenticated_at=now,
        methods=("pwd", "otp", "mfa") if roles else ("pwd",),
    )


def stamp(moment: datetime) -> Timestamp:
    """Returns a moment as it travels."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message
