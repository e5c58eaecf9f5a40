"""What metering learns from identity."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from kit.bus import Bus
from kit.envelope import seal
from kit.testing import Neighbours, eventually
from tests.integration.metering.files import GSRN, contracts
from tests.integration.metering.world import Metering


@dataclass(frozen=True)
class CustomerCreated:
    customer_id: UUID
    customer_number: str


@dataclass(frozen=True)
class CustomerChanged:
    customer_id: UUID
    customer_number: str


async def test_a_customer_that_identity_tells_of_sees_its_points_and_keeps_them_with_a_new_number(
    metering: Metering, neighbours: Neighbours
) -> None:
    customer = uuid4()
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2024-01-01,2025-01-01", f"{GSRN},2002,2025-01-01,")
    )
    assert list((await metering.points(customer)).metering_points) == []
    async with Bus.open(neighbours.nats.url, neighbours.pki.identity("identity"), "test") as bus:
        for number, kind in (("1001", CustomerCreated), ("2002", CustomerChanged)):
            event = seal("identity", kind(customer, number), uuid4(), datetime.now(UTC))
            await eventually(partial(bus.publish, [event]))
            await metering.wait_for("SELECT 1 FROM customer WHERE number = $1", number)
            [point] = (await metering.points(customer)).metering_points
            assert point.customer_number == number
