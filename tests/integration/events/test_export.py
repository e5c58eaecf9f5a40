"""What a customer gets of what events holds: all of it, and nothing of anybody else."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from kit.testing import FrozenClock
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest
from tests.integration.events.world import Customer, Events, refused

Sections = Mapping[str, Sequence[Mapping[str, Any]]]


async def export(events: Events, *customers: Customer) -> Sections:
    """Reads all parts, as the gateway does."""
    sections: dict[str, list[Mapping[str, Any]]] = {}
    metadata, token = events.metadata(*customers), ""
    while True:
        request = ExportMyDataRequest(page_token=token)
        answer = await events.stub.ExportMyData(request, metadata=metadata)
        for name, records in orjson.loads(answer.sections_json).items():
            sections.setdefault(name, []).extend(records)
        token = answer.next_page_token
        if not token:
            return sections


async def reserve_for(events: Events, customer: Customer, event_id: str, reason: str) -> None:
    request = pb.ReserveTicketsRequest(
        event_id=event_id, quantity=1, customer_number=customer.number, reason=reason
    )
    await events.stub.ReserveTickets(request, metadata=events.staff("CUSTOMER_SERVICE"))


async def admit(events: Events, reservation: pb.Reservation) -> None:
    request = pb.AdmitGuestsRequest(
        event_id=reservation.event_id,
        ticket=reservation.tickets[0].code,
        device="Inngang 1",
        nonce=str(uuid4()),
    )
    await events.stub.AdmitGuests(request, metadata=events.staff())


async def test_reservations_lists_the_door_and_what_staff_did_and_why_are_handed_out(
    events: Events, clock: FrozenClock
) -> None:
    event_id, sold_out = await events.event(capacity=5), await events.event(capacity=1)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 2)
    await events.release(kari, reservation.id, 1)
    await admit(events, reservation)
    [held] = await events.reservations(kari)
    others = await events.reserve(ola, sold_out, 1)
    await events.join(kari, sold_out, 1)
    await events.release(ola, others.id)
    entry = await events.entry(kari)
    await events.told(entry.id)
    await events.decline(kari, entry.id)
    await reserve_for(events, kari, sold_out, "Kunden ringde.")

    sections = await export(events, kari)

    now = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    [staffs, own] = sections["reservations"]
    assert (staffs["eventId"], staffs["quantity"]) == (sold_out, 1)
    assert own == {
        "id": reservation.id,
        "customerId": str(kari.id),
        "eventId": event_id,
        "eventTitle": "Haustkonsert",
        "eventVenue": "Ørsta kulturhus",
        "eventStartsAt": f"{clock.now() + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
        "status": "ACTIVE",
        "quantity": 1,
        "reservedAt": now,
        "tickets": [
            {
                "id": ticket.id,
                "code": ticket.code,
                "status": pb.Ticket.Status.Name(ticket.status),
                "usedAt": None,
            }
            for ticket in held.tickets
        ],
    }
    [waited] = sections["waitlistEntries"]
    assert (waited["id"], waited["status"], waited["wanted"]) == (entry.id, "DECLINED", 1)
    [offer] = waited["offers"]
    assert (offer["status"], offer["tickets"], offer["endedAt"]) == ("DECLINED", 1, now)
    [admission] = sections["admissions"]
    assert (admission["kind"], admission["guests"], admission["device"]) == (
        "ADMIT",
        1,
        "Inngang 1",
    )
    assert [(each["action"], each["tickets"]) for each in sections["reservationChanges"]] == [
        ("RESERVED", 2),
        ("RELEASED", 1),
    ]
    [action] = sections["staffActions"]
    assert action == {
        "at": now,
        "action": "RESERVED",
        "reservationId": staffs["id"],
        "tickets": 1,
        "reason": "Kunden ringde.",
    }


async def test_the_tokens_of_tickets_are_not_in_it(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 1)
    assert reservation.tickets[0].token not in str(await export(events, kari))


async def test_nothing_of_another_customer_is_in_it(events: Events) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customers(2)
    of_ola = await events.reserve(ola, event_id, 2)
    await admit(events, of_ola)
    await events.join(ola, event_id, 1)
    await reserve_for(events, ola, await events.event(capacity=3), "Ola ringde.")
    assert {name for name, records in (await export(events, ola)).items() if records} == {
        "reservations",
        "waitlistEntries",
        "admissions",
        "reservationChanges",
        "staffActions",
    }
    assert not any((await export(events, kari)).values())


async def test_nothing_is_lost_or_told_twice_in_many_parts(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.events.servicer.export.RECORDS_A_PAGE", 2)
    kari = await events.customer()
    shows = [await events.event(capacity=9) for _ in range(5)]
    reservations = [await events.reserve(kari, show, 1) for show in shows]
    for each in reservations:
        await admit(events, each)
    sections = await export(events, kari)
    assert sorted(each["id"] for each in sections["reservations"]) == sorted(
        each.id for each in reservations
    )
    assert [each["reservationId"] for each in sections["admissions"]] == [
        each.id for each in reservations
    ]
    assert [each["reservationId"] for each in sections["reservationChanges"]] == [
        each.id for each in reservations
    ]


@pytest.mark.parametrize("token", ["x", "reservations/x", "admissions/!", "secrets/"])
async def test_a_token_that_no_part_has_said_is_refused(events: Events, token: str) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.ExportMyData(
            ExportMyDataRequest(page_token=token), metadata=events.metadata(await events.customer())
        )
    assert refusing.refusal.fields == [("page_token", "NOT_A_PAGE_TOKEN")]
