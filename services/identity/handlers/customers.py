"""The register of customers: taken in from files, and asked for by other services."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from kit.checks import check
from kit.clock import Clock
from kit.ids import Ids
from services.identity.domain import customers
from services.identity.domain.customer_file import CustomerFile
from services.identity.domain.customers import Customer, CustomerCreated, Pins, Status
from services.identity.domain.problems import (
    TooManyCustomers,
)
from services.identity.domain.reach import CustomerContacts
from services.identity.domain.store import (
    Pieces,
    Store,
    Stores,
)
from services.identity.handlers.checks import uuid_error
from services.identity.handlers.closing import close_accounts_of_nobody

MOST_CUSTOMERS_ASKED = 1000


_INTAKE_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN that was made, on its way to the customer."""

    customer_number: str
    pin: str = field(repr=False)


@dataclass(slots=True)
class IntakeReport:
    """What an import of customers did."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    new_pins: list[NewPin] = field(default_factory=list[NewPin])


async def import_customers(
    stores: Stores, pins: Pins, ids: Ids, clock: Clock, pieces: Pieces
) -> IntakeReport:
    """Takes customers into the register from a CSV file, all or none.

    Raises:
        BadFile: If any line is bad; nothing is changed then.
    """
    file = CustomerFile()
    async for piece in pieces:
        await asyncio.to_thread(file.feed, piece)
    entries = iter(file.entries())
    report = IntakeReport()
    async with stores() as store:
        await store.begin_intake()
        while batch := list(islice(entries, _INTAKE_BATCH)):
            known = await store.customers_by_number([entry.number for entry in batch])
            intakes = [
                customers.take_in(entry, known.get(entry.number), pins, ids) for entry in batch
            ]
            await _write(store, clock, intakes)
            _count(report, intakes)
    return report


async def _write(store: Store, clock: Clock, intakes: Sequence[customers.Intake]) -> None:
    created, changed = list[Customer](), list[Customer]()
    for intake in intakes:
        if intake.event is None:
            continue
        is_new = isinstance(intake.event, CustomerCreated)
        (created if is_new else changed).append(intake.customer)
        store.publish(intake.event)
    await store.add_customers(created)
    deceased = [each.id for each in changed if each.status is Status.DECEASED]
    accounts = await store.lock_accounts_of(deceased) if deceased else ()
    await store.change_customers(changed)
    await close_accounts_of_nobody(store, clock, accounts)


def _count(report: IntakeReport, intakes: Sequence[customers.Intake]) -> None:
    created = sum(isinstance(intake.event, CustomerCreated) for intake in intakes)
    unchanged = sum(intake.event is None for intake in intakes)
    report.rows += len(intakes)
    report.created += created
    report.unchanged += unchanged
    report.changed += len(intakes) - created - unchanged
    report.new_pins += [
        NewPin(intake.customer.number, intake.new_pin) for intake in intakes if intake.new_pin
    ]


async def customers_by_id(store: Store, customer_ids: Sequence[str]) -> Sequence[Customer]:
    """Returns those of the customers that are in the register, in no order.

    Raises:
        TooManyCustomers: If more than 1000 are asked for.
        Invalid: If one of the ids is no UUID.
    """
    return await store.customers_by_id(_asked_for(customer_ids))


async def contacts_by_id(store: Store, customer_ids: Sequence[str]) -> Sequence[CustomerContacts]:
    """Returns how those of the customers that are in the register are reached, in no order.

    Raises:
        TooManyCustomers: If more than 1000 are asked for.
        Invalid: If one of the ids is no UUID.
    """
    return await store.contacts_by_id(_asked_for(customer_ids))


def _asked_for(customer_ids: Sequence[str]) -> Sequence[UUID]:
    if len(customer_ids) > MOST_CUSTOMERS_ASKED:
        raise TooManyCustomers("customer_ids", MOST_CUSTOMERS_ASKED)
    check(*(uuid_error(f"customer_ids[{i}]", text) for i, text in enumerate(customer_ids)))
    return [UUID(text) for text in customer_ids]
