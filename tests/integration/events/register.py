"""Identity as events hears it: on the bus, each event handled before the next is told."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from uuid import UUID, uuid4

from kit.bus import Bus
from kit.envelope import Envelope, seal
from kit.testing import eventually
from tests.integration.events.world import Events


class Status(Enum):
    """Of a customer."""

    ACTIVE = "ACTIVE"


@dataclass(frozen=True)
class CustomerCreated:
    """A customer was taken into the register."""

    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True)
class CustomerChanged:
    """A customer's entry in the register was changed."""

    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True)
class CustomerErased:
    """A customer was erased."""

    customer_id: UUID


async def tell(events: Events, *told: object) -> None:
    """Publishes events of identity."""
    for each in told:
        await deliver(events, seal("identity", each, uuid4(), datetime.now(UTC)))


async def deliver(events: Events, envelope: Envelope) -> None:
    """Publishes an event, and waits until it was handled."""
    identity = events.neighbours.pki.identity("identity")
    async with Bus.open(events.neighbours.nats.url, identity, "test") as bus:
        await eventually(partial(bus.publish, [envelope]))
    await events.wait_for("SELECT FROM inbox WHERE event_id = $1", envelope.id)
