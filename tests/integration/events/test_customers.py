"""Who customers are: identity tells that they are there, and is asked for their names."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast
from uuid import UUID, uuid4

import grpc
import pytest

from kit.bus import Bus
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.local.processes import free_port
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from kundeapp.identity.v1.identity_events_pb2 import CustomerChanged, CustomerCreated
from services.events.config import Settings
from tests.integration.events.world import NOW, Customer, Events, serving

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
NAMED = "SELECT FROM customer WHERE number = $1 AND name = $2"


@dataclass
class Register:
    """Identity as events sees it: a server with identity's certificate, and events on the bus.

    Attributes:
        neighbours: The bus, and the certificates.
        port: Where it answers while it is up.
        customers: Whom it knows.
        asked: Whom it was asked for, each time.
    """

    neighbours: Neighbours
    port: int = field(default_factory=free_port)
    customers: dict[str, identity_pb.Customer] = field(
        default_factory=dict[str, identity_pb.Customer]
    )
    asked: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    workloads: set[bytes] = field(default_factory=set[bytes])

    @asynccontextmanager
    async def up(self) -> AsyncGenerator[None]:
        """Answers for as long as the context is open."""
        handler = grpc.unary_unary_rpc_method_handler(
            self._batch_get_customers,
            request_deserializer=identity_pb.BatchGetCustomersRequest.FromString,
            response_serializer=identity_pb.BatchGetCustomersResponse.SerializeToString,
        )
        server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "kundeapp.identity.v1.IdentityService", {"BatchGetCustomers": handler}
                )
            ]
        )
        credentials = self.neighbours.pki.identity("identity").server_credentials()
        server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        await server.start()
        try:
            yield
        finally:
            await server.stop(None)

    async def _batch_get_customers(
        self, request: identity_pb.BatchGetCustomersRequest, context: Context
    ) -> identity_pb.BatchGetCustomersResponse:
        self.asked.append(list(request.customer_ids))
        self.workloads |= set(cast("Iterable[bytes]", context.peer_identities() or ()))
        known = [self.customers[each] for each in request.customer_ids if each in self.customers]
        return identity_pb.BatchGetCustomersResponse(customers=known)

    async def put(self, number: str, name: str) -> Customer:
        """Takes a customer in, or changes one, and tells of it."""
        known = next((each for each in self.customers.values() if number in str(each)), None)
        kind = CustomerChanged if known else CustomerCreated
        customer = Customer(number, UUID(known.id) if known else uuid4())
        self.customers[str(customer.id)] = identity_pb.Customer(
            id=str(customer.id), customer_number=number, name=name
        )
        await self.tell(kind, customer)
        return customer

    async def tell(
        self, kind: type[CustomerCreated | CustomerChanged], *customers: Customer
    ) -> None:
        """Publishes events, as identity's outbox does."""
        what = "created" if kind is CustomerCreated else "changed"
        envelopes = [
            Envelope(
                id=SystemIds().new_id(),
                subject=f"kundeapp.identity.customer.{customer.id}.{what}",
                type=kind.DESCRIPTOR.full_name,
                payload=kind(
                    customer_id=str(customer.id), customer_number=customer.number
                ).SerializeToString(),
                occurred_at=NOW,
                trace=None,
            )
            for customer in customers
        ]
        workload = self.neighbours.pki.identity("identity")
        async with Bus.open(self.neighbours.nats.url, workload, "identity") as bus:
            await eventually(lambda: bus.publish(envelopes))


@pytest.fixture
def register(neighbours: Neighbours) -> Register:
    return Register(neighbours)


@pytest.fixture
async def events(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock, register: Register
) -> AsyncGenerator[Events]:
    """The service, which knows where identity is; whether it is up is another matter."""
    knowing = settings.model_copy(update={"identity": f"localhost:{register.port}"})
    async with serving(neighbours, knowing, clock) as events:
        yield events


async def test_a_new_customer_is_known_by_number_and_soon_by_name(
    events: Events, register: Register
) -> None:
    async with register.up():
        kari = await register.put("100001", "Kari Nordmann")
        await events.wait_for(NAMED, "100001", "Kari Nordmann")
    assert register.asked == [[str(kari.id)]]
    assert b"spiffe://kundeapp/workload/events" in register.workloads


async def test_a_changed_name_is_asked_for_again(events: Events, register: Register) -> None:
    async with register.up():
        kari = await register.put("100001", "Kari Nordmann")
        await events.wait_for(NAMED, "100001", "Kari Nordmann")
        await register.put("100001", "Kari Fjord")
        await events.wait_for(NAMED, "100001", "Kari Fjord")
    assert register.asked == [[str(kari.id)], [str(kari.id)]]


async def test_a_new_number_is_taken(events: Events, register: Register) -> None:
    async with register.up():
        kari = await register.put("100001", "Kari Nordmann")
        await events.wait_for(NAMED, "100001", "Kari Nordmann")
        await register.tell(CustomerChanged, Customer("100002", kari.id))
        await events.wait_for(NAMED, "100002", "Kari Nordmann")
    assert await events.sql("SELECT number FROM customer") == [("100002",)]


async def test_while_identity_is_down_guests_have_a_number_and_later_a_name(
    events: Events, register: Register
) -> None:
    event_id = await events.event(capacity=5)
    kari = await register.put("100001", "Kari Nordmann")
    await events.wait_for("SELECT FROM customer")

    reservation = await events.reserve(kari, event_id, 2)
    [party] = (await guest_list(events, event_id)).parties
    assert (party.customer_number, party.name) == ("100001", "")

    async with register.up():
        await events.wait_for(NAMED, "100001", "Kari Nordmann")
    [party] = (await guest_list(events, event_id)).parties
    assert (party.reservation_id, party.name) == (reservation.id, "Kari Nordmann")


async def test_a_name_that_is_learned_late_is_a_change_of_the_guest_list(
    events: Events, register: Register
) -> None:
    event_id, other_id = await events.event(capacity=5), await events.event(capacity=5)
    kari = await register.put("100001", "Kari Nordmann")
    ola = await register.put("100002", "")
    await events.wait_for("SELECT FROM customer HAVING count(*) = 2")
    await events.reserve(kari, event_id, 2)
    await events.reserve(ola, event_id, 1)
    await events.reserve(ola, other_id, 1)
    before, elsewhere = await guest_list(events, event_id), await guest_list(events, other_id)

    async with register.up():
        await events.wait_for("SELECT FROM customer HAVING bool_and(revision = named_revision)")

    changes = await guest_list(events, event_id, before.version)
    assert [party.name for party in changes.parties] == ["Kari Nordmann"]
    assert changes.version > before.version
    assert await guest_list(events, other_id) == elsewhere
    await events.invariants(event_id)


async def test_a_customer_of_whom_identity_knows_nothing_has_no_name_and_is_not_asked_for_again(
    events: Events, register: Register
) -> None:
    async with register.up():
        stranger = Customer("100009")
        await register.tell(CustomerCreated, stranger)
        await events.wait_for("SELECT FROM customer WHERE revision = named_revision")
        kari = await register.put("100001", "Kari Nordmann")
        await events.wait_for(NAMED, "100001", "Kari Nordmann")
    assert await events.sql("SELECT name FROM customer WHERE number = '100009'") == [("",)]
    assert register.asked == [[str(stranger.id)], [str(kari.id)]]


async def test_a_customer_who_is_told_of_twice_is_one(events: Events, register: Register) -> None:
    async with register.up():
        kari = await register.put("100001", "Kari Nordmann")
        await register.tell(CustomerCreated, kari, kari)
        await events.wait_for("SELECT FROM customer WHERE revision = 3")
        await events.wait_for("SELECT FROM customer WHERE named_revision = 3")
    assert len(await events.sql("SELECT FROM customer")) == 1


async def test_names_of_a_whole_import_are_asked_for_in_parts(
    events: Events, register: Register
) -> None:
    many = [Customer(f"{200_000 + number}") for number in range(1200)]
    for customer in many:
        register.customers[str(customer.id)] = identity_pb.Customer(
            id=str(customer.id), customer_number=customer.number, name=f"Kunde {customer.number}"
        )
    await register.tell(CustomerCreated, *many)
    await events.wait_for("SELECT FROM customer HAVING count(*) = 1200")
    async with register.up():
        await events.wait_for(
            "SELECT FROM customer HAVING count(*) FILTER (WHERE name = 'Kunde ' || number) = 1200"
        )
    assert max(map(len, register.asked)) <= 1000


async def guest_list(events: Events, event_id: str, since: int = 0) -> pb.GuestList:
    request = pb.GetGuestListRequest(event_id=event_id, since_version=since)
    return await events.stub.GetGuestList(request, metadata=events.staff())
