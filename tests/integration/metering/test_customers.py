"""What metering learns from identity, and forgets."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from uuid import UUID, uuid4

import pytest

from kit.bus import Bus
from kit.envelope import Envelope, seal
from kit.testing import Neighbours, eventually
from tests.integration.metering.files import GSRN, contracts, elhub, hours_of
from tests.integration.metering.world import Metering, refused

APRIL = ("2026-04-01", "2026-05-01")


class Status(Enum):
    ACTIVE = "ACTIVE"


@dataclass(frozen=True)
class CustomerCreated:
    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True)
class CustomerChanged:
    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True)
class CustomerErased:
    customer_id: UUID


@dataclass
class Register:
    """Identity as metering hears it: events on the bus, each handled before the next is told."""

    metering: Metering
    neighbours: Neighbours

    async def tell(self, *events: object) -> None:
        envelopes = [seal("identity", event, uuid4(), datetime.now(UTC)) for event in events]
        await self.deliver(*envelopes)

    async def deliver(self, *envelopes: Envelope) -> None:
        identity = self.neighbours.pki.identity("identity")
        async with Bus.open(self.neighbours.nats.url, identity, "test") as bus:
            for envelope in envelopes:
                await eventually(partial(bus.publish, [envelope]))
                await self.metering.wait_for("SELECT FROM inbox WHERE event_id = $1", envelope.id)


@pytest.fixture
def register(metering: Metering, neighbours: Neighbours) -> Register:
    return Register(metering, neighbours)


async def test_a_customer_that_identity_tells_of_sees_its_points_and_keeps_them_with_a_new_number(
    metering: Metering, register: Register
) -> None:
    customer = uuid4()
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2024-01-01,2025-01-01", f"{GSRN},2002,2025-01-01,")
    )
    assert list((await metering.points(customer)).metering_points) == []
    for number, kind in (("1001", CustomerCreated), ("2002", CustomerChanged)):
        await register.tell(kind(customer, number))
        [point] = (await metering.points(customer)).metering_points
        assert point.customer_number == number


async def _household(metering: Metering, register: Register) -> UUID:
    """Makes a customer who held the point in the first half of April, before somebody else did."""
    customer = uuid4()
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-04-01,2026-04-15", f"{GSRN},1002,2026-04-15,")
    )
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", days=30)))
    await register.tell(CustomerCreated(customer, "1001"))
    return customer


async def test_of_an_erased_customer_no_number_and_no_address_is_left_but_contract_and_readings(
    metering: Metering, register: Register
) -> None:
    customer = await _household(metering, register)
    before = await metering.contents()

    await register.tell(CustomerErased(customer))

    after = await metering.contents()
    assert after["day_block"] == before["day_block"]
    [contract, other] = await metering.sql("SELECT * FROM contract ORDER BY starts_at")
    assert (contract["customer_number"], contract["address"]) == (str(customer), "")
    assert contract["ends_at"] == other["starts_at"]
    assert (other["customer_number"], other["address"]) == ("1002", "Storgata 1, 5003 Bergen")
    assert await metering.sql("SELECT id, number FROM customer") == [(customer, None)]
    assert list((await metering.points(customer)).metering_points) == []
    with refused() as answer:
        await metering.usage(customer, GSRN, "DAY", *APRIL)
    assert answer.refusal.reason == "NOT_FOUND"


async def test_whoever_gets_the_number_of_an_erased_customer_sees_nothing_of_them(
    metering: Metering, register: Register
) -> None:
    customer, new = await _household(metering, register), uuid4()

    await register.tell(CustomerErased(customer), CustomerCreated(new, "1001"))

    assert list((await metering.points(new)).metering_points) == []
    with refused() as answer:
        await metering.usage(new, GSRN, "DAY", *APRIL)
    assert answer.refusal.reason == "NOT_FOUND"


async def test_whoever_holds_the_point_after_an_erased_customer_still_sees_no_hour_before(
    metering: Metering, register: Register
) -> None:
    customer = await _household(metering, register)
    other = uuid4()
    await register.tell(CustomerCreated(other, "1002"), CustomerErased(customer))

    usage = await metering.usage(other, GSRN, "MONTH", *APRIL)

    assert usage.total.hours == 16 * 24
    with refused() as answer:
        await metering.import_contracts(contracts(f"{GSRN},1002,2026-04-10,"))
    assert answer.refusal.fields == [("line 2", "CONTRACTS_OVERLAP")]


async def test_a_change_that_is_told_after_the_erasure_brings_nobody_back(
    metering: Metering, register: Register
) -> None:
    customer = await _household(metering, register)

    await register.tell(
        CustomerErased(customer),
        CustomerChanged(customer, "1001"),
        CustomerCreated(customer, "1001"),
    )

    assert await metering.sql("SELECT id, number FROM customer") == [(customer, None)]
    assert list((await metering.points(customer)).metering_points) == []


async def test_an_erasure_that_is_told_first_holds(metering: Metering, register: Register) -> None:
    customer = uuid4()
    await register.tell(CustomerErased(customer), CustomerCreated(customer, "1001"))
    assert await metering.sql("SELECT id, number FROM customer") == [(customer, None)]


async def test_an_erasure_that_comes_twice_touches_nobody_else(
    metering: Metering, register: Register
) -> None:
    customer, new = await _household(metering, register), uuid4()
    event = seal("identity", CustomerErased(customer), uuid4(), datetime.now(UTC))
    await register.deliver(event)
    await register.tell(CustomerCreated(new, "1001"))
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,2026-02-01"))
    before = await metering.contents()

    await register.deliver(event)
    await register.tell(CustomerErased(customer))

    assert await metering.contents() == before
    [point] = (await metering.points(new)).metering_points
    assert (point.customer_number, point.from_date) == ("1001", "2026-01-01")
