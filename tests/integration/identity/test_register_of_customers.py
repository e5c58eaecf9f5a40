"""Staff take customers into the register from a file: all or none, and as often as they like."""

import asyncio
from uuid import UUID

import pytest

from tests.integration.identity.world import HEADER, Identity, customers_file, refused

ROWS = 20_000


async def test_customers_are_created_and_told_of_once(identity: Identity) -> None:
    report = await identity.import_customers(customers_file(3))
    events = await identity.events("CustomerCreated")

    assert (report.rows, report.created, report.changed, report.unchanged) == (3, 3, 0, 0)
    assert [event.customer_number for event in events] == ["100000", "100001", "100002"]
    assert len({event.customer_id for event in events}) == 3


async def test_customers_without_a_pin_get_one_which_is_handed_over_once(
    identity: Identity,
) -> None:
    file = HEADER + "100000,Kari,,,\n100001,Ola,,,12345678\n"
    first = await identity.import_customers(file)
    second = await identity.import_customers(file)

    [new] = first.new_pins
    assert new.customer_number == "100000"
    assert len(new.pin) == 8
    assert list(second.new_pins) == []
    await identity.register(customer_number="100000", pin=new.pin)


async def test_a_file_of_20000_customers_imported_twice_changes_nothing_the_second_time(
    identity: Identity,
) -> None:
    file = customers_file(ROWS)
    first = await identity.import_customers(file)
    before = await identity.fetch("SELECT * FROM customer ORDER BY number")

    second = await identity.import_customers(file)

    assert (first.rows, first.created) == (ROWS, ROWS)
    assert (second.rows, second.unchanged) == (ROWS, ROWS)
    assert await identity.fetch("SELECT * FROM customer ORDER BY number") == before
    assert await identity.count_events() == ROWS


async def test_two_imports_of_the_same_file_at_once_take_each_customer_in_once(
    identity: Identity,
) -> None:
    file = customers_file(500)
    reports = await asyncio.gather(*(identity.import_customers(file) for _ in range(2)))

    assert sorted(report.created for report in reports) == [0, 500]
    assert sorted(report.unchanged for report in reports) == [0, 500]


async def test_a_changed_row_updates_the_customer_and_is_told_of(identity: Identity) -> None:
    await identity.import_customers(HEADER + "100000,Kari,kari@example.no,,12345678\n")
    report = await identity.import_customers(HEADER + "100000,Kari Fjord,,91234567,\n")

    [row] = await identity.fetch("SELECT name, email, mobile FROM customer")
    [event] = await identity.events("CustomerChanged")
    assert report.changed == 1
    assert tuple(row) == ("Kari Fjord", "", "+4791234567")
    assert event.customer_number == "100000"


async def test_a_bad_file_is_refused_whole_with_each_bad_line_and_its_reason(
    identity: Identity,
) -> None:
    file = HEADER + "100000,Kari,,,\n100001,Ola,ola,,\n100002,Per,,,12\n"

    with refused("BAD_FILE") as refusal:
        await identity.import_customers(file)

    assert refusal.fields == [("line 3", "EMAIL_INVALID"), ("line 4", "PIN_INVALID")]
    assert await identity.fetch("SELECT * FROM customer") == []
    assert await identity.count_events() == 0


async def test_a_file_whose_sender_vanishes_changes_nothing_and_is_complete_when_sent_again(
    identity: Identity,
) -> None:
    file = customers_file(100)
    await identity.vanish_while_importing(file)
    assert await identity.fetch("SELECT * FROM customer") == []

    assert (await identity.import_customers(file)).created == 100


async def test_an_empty_stream_is_an_empty_file(identity: Identity) -> None:
    with refused("BAD_FILE") as refusal:
        await identity.import_customers("")

    assert refusal.fields == [("line 1", "FILE_EMPTY")]


@pytest.mark.parametrize("roles", [[], ["CUSTOMER_SERVICE"], ["EVENT_STAFF"]])
async def test_nobody_but_an_operator_imports_customers(
    identity: Identity, roles: list[str]
) -> None:
    with refused("PERMISSION_DENIED"):
        await identity.import_customers(customers_file(1), roles=roles)


async def test_a_service_is_told_who_customers_are_and_unknown_ones_are_left_out(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + "100000,Kari Fjord,,,\n100001,Åse Ærø,,,\n")
    ids = [event.customer_id for event in await identity.events("CustomerCreated")]

    answer = await identity.customers([*ids, str(UUID(int=1)), ids[0]])

    told = {each.id: (each.customer_number, each.name) for each in answer.customers}
    assert told == {ids[0]: ("100000", "Kari Fjord"), ids[1]: ("100001", "Åse Ærø")}
    assert len(answer.customers) == 2
    assert list((await identity.customers([])).customers) == []


async def test_a_thousand_customers_are_told_at_once_and_no_more(identity: Identity) -> None:
    await identity.import_customers(customers_file(1000))
    ids = [event.customer_id for event in await identity.events("CustomerCreated")]

    assert len((await identity.customers(ids)).customers) == 1000
    with refused("TOO_MANY_RECORDS") as refusal:
        await identity.customers([*ids, ids[0]])

    assert refusal.fields == [("customer_ids", "TOO_MANY_RECORDS")]


async def test_an_id_that_is_no_uuid_is_named(identity: Identity) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.customers([str(UUID(int=1)), "100001", ""])

    assert refusal.fields == [
        ("customer_ids[1]", "NOT_A_UUID"),
        ("customer_ids[2]", "NOT_A_UUID"),
    ]


@pytest.mark.parametrize("workload", ["gateway", "cli"])
async def test_only_a_service_that_prints_names_is_told_them(
    identity: Identity, workload: str
) -> None:
    with refused("PERMISSION_DENIED"):
        await identity.customers([], workload=workload)
