"""The door: guests come in parts, phones die, devices lose the network, and nobody is lost."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import NOW, Customer, Events, refused, stamp

Admitted = pb.AdmitGuestsResponse
Record = pb.SyncDoorRequest.Record
Result = pb.SyncDoorResponse.Result
MINUTE = timedelta(minutes=1)
DOOR = "Dør 1"


async def party_of_four(events: Events) -> tuple[Customer, str, pb.Reservation]:
    """Makes an event, and a party of four that has tickets to it."""
    event_id = await events.event(capacity=10)
    kari = await events.customer("Kari Nordmann")
    return kari, event_id, await events.reserve(kari, event_id, 4)


async def admit(events: Events, event_id: str, device: str = DOOR, **more: Any) -> Admitted:
    """Lets guests in; each time with a nonce of its own unless one is given."""
    fields: dict[str, Any] = {"nonce": str(uuid4())} | more
    request = pb.AdmitGuestsRequest(event_id=event_id, device=device, **fields)
    return await events.stub.AdmitGuests(request, metadata=events.staff())


async def undo(
    events: Events, event_id: str, reservation_id: str, guests: int = 0, nonce: str = ""
) -> pb.GuestParty:
    request = pb.UndoAdmissionRequest(
        event_id=event_id,
        reservation_id=reservation_id,
        guests=guests,
        device=DOOR,
        nonce=nonce or str(uuid4()),
    )
    return (await events.stub.UndoAdmission(request, metadata=events.staff())).party


async def sync(
    events: Events,
    event_id: str,
    device: str,
    *records: Record,
    device_time: datetime | None = None,
) -> pb.SyncDoorResponse:
    """Hands over what a device recorded, whose clock is right unless another time is given."""
    request = pb.SyncDoorRequest(
        event_id=event_id,
        device=device,
        device_time=stamp(device_time or events.clock.now()),
        records=records,
    )
    return await events.stub.SyncDoor(request, metadata=events.staff())


def record(nonce: str, kind: Record.Kind.ValueType = Record.ADMIT, **more: Any) -> Record:
    fields: dict[str, Any] = {"happened_at": stamp(NOW)} | more
    return Record(nonce=nonce, kind=kind, **fields)


def outcomes(synced: pb.SyncDoorResponse) -> list[str]:
    return [Result.Outcome.Name(result.outcome) for result in synced.results]


async def guest_list(events: Events, event_id: str) -> pb.GuestList:
    request = pb.GetGuestListRequest(event_id=event_id)
    return await events.stub.GetGuestList(request, metadata=events.staff())


async def log(events: Events) -> Sequence[tuple[str, int]]:
    """Returns what stands in the door log, in order."""
    rows = await events.sql("SELECT kind, guests FROM door_record ORDER BY id")
    return [(row["kind"], row["guests"]) for row in rows]


@pytest.mark.parametrize("shown", ["the QR code", "the code", "the code, misread", "the list"])
async def test_guests_are_let_in_by_what_they_show(events: Events, shown: str) -> None:
    _, event_id, reservation = await party_of_four(events)
    ticket = reservation.tickets[0]
    misread = ticket.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    guest = {
        "the QR code": {"ticket": f" {ticket.token}\n"},
        "the code": {"ticket": ticket.code},
        "the code, misread": {"ticket": misread},
        "the list": {"reservation_id": reservation.id},
    }[shown]

    answer = await admit(events, event_id, **guest)

    assert answer.outcome == Admitted.ADMITTED
    party = answer.party
    assert (party.reservation_id, party.name) == (reservation.id, "Kari Nordmann")
    assert (party.tickets, party.admitted, party.remaining, party.over) == (4, 1, 3, 0)
    assert (party.last_admitted_at, party.last_device) == (stamp(NOW), DOOR)
    assert await events.messages(told.GuestAdmitted) == [
        told.GuestAdmitted(
            reservation_id=reservation.id,
            event_id=event_id,
            customer_id=reservation.customer_id,
            guests=1,
            admitted=1,
        )
    ]


async def test_parties_arrive_in_parts(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    by_list = await admit(events, event_id, reservation_id=reservation.id, guests=2)
    by_ticket = await admit(events, event_id, ticket=reservation.tickets[2].token)
    by_code = await admit(events, event_id, ticket=reservation.tickets[3].code)
    assert [each.party.remaining for each in (by_list, by_ticket, by_code)] == [2, 1, 0]
    assert [each.admitted for each in await events.messages(told.GuestAdmitted)] == [2, 3, 4]
    assert (await guest_list(events, event_id)).total_admitted == 4


async def test_a_duplicate_says_who_came_when_and_how_many_remain_and_lets_nobody_in(
    events: Events,
) -> None:
    kari, event_id, reservation = await party_of_four(events)
    await admit(events, event_id, "Dør 2", reservation_id=reservation.id, guests=3)
    events.clock.advance(10 * MINUTE)

    answer = await admit(events, event_id, reservation_id=reservation.id, guests=2)

    assert answer.outcome == Admitted.ALREADY_ADMITTED
    party = answer.party
    assert (party.name, party.customer_number) == ("Kari Nordmann", kari.number)
    assert (party.admitted, party.remaining) == (3, 1)
    assert (party.last_admitted_at, party.last_device) == (stamp(NOW), "Dør 2")
    assert await log(events) == [("ADMIT", 3)]


async def test_a_ticket_that_is_shown_again_waits_for_staff_to_decide(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    first, second = reservation.tickets[:2]
    await admit(events, event_id, ticket=first.token)

    for shown in (first.token, first.code):
        again = await admit(events, event_id, ticket=shown)
        assert again.outcome == Admitted.ALREADY_ADMITTED
        assert again.party.remaining == 3
    other = await admit(events, event_id, ticket=second.token)

    assert other.outcome == Admitted.ADMITTED
    assert await log(events) == [("ADMIT", 1), ("ADMIT", 1)]


async def test_staff_may_decide_otherwise_and_it_is_flagged(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    await admit(events, event_id, reservation_id=reservation.id, guests=4)

    answer = await admit(events, event_id, reservation_id=reservation.id, guests=2, override=True)

    assert answer.outcome == Admitted.ADMITTED
    party = answer.party
    assert (party.admitted, party.remaining, party.over, party.conflict) == (6, 0, 2, True)
    listed = await guest_list(events, event_id)
    assert (listed.total_tickets, listed.total_admitted) == (4, 6)


async def test_an_admission_is_taken_back_and_may_be_made_again(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    await admit(events, event_id, ticket=reservation.tickets[0].token)
    await admit(events, event_id, reservation_id=reservation.id, guests=2)

    assert (await undo(events, event_id, reservation.id)).admitted == 2
    assert (await undo(events, event_id, reservation.id, 2)).admitted == 0
    with refused("NOT_ADMITTED") as refusing:
        await undo(events, event_id, reservation.id)
    assert refusing.refusal.facts == {"available": "0"}
    again = await admit(events, event_id, ticket=reservation.tickets[0].token)

    assert (again.outcome, again.party.admitted) == (Admitted.ADMITTED, 1)
    assert [each.admitted for each in await events.messages(told.GuestUndone)] == [2, 0]
    assert await log(events) == [("ADMIT", 1), ("ADMIT", 2), ("UNDO", 1), ("UNDO", 2), ("ADMIT", 1)]


async def test_a_ticket_that_was_given_back_lets_nobody_in_unless_staff_say_so(
    events: Events,
) -> None:
    kari, event_id, reservation = await party_of_four(events)
    await events.release(kari, reservation.id, 1)
    given_back = reservation.tickets[3]

    answer = await admit(events, event_id, ticket=given_back.token)
    assert (answer.outcome, answer.party.tickets) == (Admitted.RELEASED, 3)
    assert await log(events) == []

    answer = await admit(events, event_id, ticket=given_back.token, override=True)
    assert (answer.outcome, answer.party.admitted) == (Admitted.ADMITTED, 1)


async def test_a_party_that_has_given_all_back_lets_nobody_in_unless_staff_say_so(
    events: Events,
) -> None:
    kari, event_id, reservation = await party_of_four(events)
    await events.release(kari, reservation.id)

    answer = await admit(events, event_id, reservation_id=reservation.id)
    assert (answer.outcome, answer.party.tickets) == (Admitted.RELEASED, 0)

    answer = await admit(events, event_id, reservation_id=reservation.id, override=True)
    assert (answer.outcome, answer.party.over) == (Admitted.ADMITTED, 1)
    assert answer.party.conflict


async def test_a_ticket_that_the_customer_has_marked_as_used_lets_its_guest_in(
    events: Events,
) -> None:
    kari, event_id, reservation = await party_of_four(events)
    ticket = reservation.tickets[0]
    use, unuse = (
        pb.UseTicketRequest(ticket_id=ticket.id),
        pb.UnuseTicketRequest(ticket_id=ticket.id),
    )

    used = await events.stub.UseTicket(use, metadata=events.metadata(kari))
    assert (used.used_at, used.token) == (stamp(NOW), ticket.token)
    answer = await admit(events, event_id, ticket=ticket.token)

    assert (answer.outcome, answer.party.used_in_app) == (Admitted.ADMITTED, 1)
    events.clock.advance(MINUTE)
    assert await events.stub.UseTicket(use, metadata=events.metadata(kari)) == used
    assert await events.stub.UnuseTicket(unuse, metadata=events.metadata(kari)) == ticket


async def test_what_is_sent_again_with_its_nonce_is_recorded_once(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    first = await admit(events, event_id, reservation_id=reservation.id, guests=2, nonce="one")
    again = await admit(events, event_id, reservation_id=reservation.id, guests=2, nonce="one")
    assert again == first
    undone = await undo(events, event_id, reservation.id, 1, nonce="two")
    assert await undo(events, event_id, reservation.id, 1, nonce="two") == undone
    other = await admit(events, event_id, "Dør 2", reservation_id=reservation.id, nonce="one")
    assert (other.outcome, other.party.admitted) == (Admitted.ADMITTED, 2)
    assert await log(events) == [("ADMIT", 2), ("UNDO", 1), ("ADMIT", 1)]


async def test_a_nonce_of_something_else_is_refused_so_that_nobody_is_let_in_unrecorded(
    events: Events,
) -> None:
    _, event_id, reservation = await party_of_four(events)
    other = await events.reserve(await events.customer(), event_id, 2)
    await admit(events, event_id, reservation_id=reservation.id, nonce="one")
    for call in (
        lambda: admit(events, event_id, reservation_id=other.id, nonce="one"),
        lambda: admit(events, event_id, ticket=other.tickets[0].token, nonce="one"),
        lambda: admit(events, event_id, reservation_id=reservation.id, guests=2, nonce="one"),
        lambda: undo(events, event_id, reservation.id, nonce="one"),
    ):
        with refused("INVALID_FIELDS") as refusing:
            await call()
        assert refusing.refusal.fields == [("nonce", "NONCE_REUSED")]
    assert await log(events) == [("ADMIT", 1)]


async def test_what_nobody_knows_is_said_to_be_unknown(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    elsewhere = await events.event(capacity=5)
    for event, shown in (
        (event_id, "A" * 22),
        (event_id, "AAAA-AAAA"),
        (event_id, "https://example.no/"),
        (elsewhere, reservation.tickets[0].token),
        (elsewhere, reservation.tickets[0].code),
    ):
        with refused("UNKNOWN_TICKET"):
            await admit(events, event, ticket=shown)
    for event, name in ((event_id, str(uuid4())), (elsewhere, reservation.id)):
        with refused("NOT_FOUND"):
            await admit(events, event, reservation_id=name)
        with refused("NOT_FOUND"):
            await undo(events, event, name)
    with refused("NOT_FOUND"):
        await admit(events, str(uuid4()), ticket=reservation.tickets[0].token)
    assert await log(events) == []


@pytest.mark.parametrize(
    ("more", "field", "reason"),
    [
        ({}, "ticket", "REQUIRED_FIELD"),
        ({"ticket": " "}, "ticket", "REQUIRED_FIELD"),
        ({"ticket": "\0"}, "ticket", "REQUIRED_FIELD"),
        ({"reservation_id": "x"}, "reservation_id", "NOT_A_UUID"),
        ({"ticket": "A" * 22, "guests": -1}, "guests", "OUT_OF_RANGE"),
        ({"ticket": "A" * 22, "guests": 101}, "guests", "OUT_OF_RANGE"),
        ({"ticket": "A" * 22, "device": ""}, "device", "TEXT_LENGTH"),
        ({"ticket": "A" * 22, "device": "a" * 65}, "device", "TEXT_LENGTH"),
        ({"ticket": "A" * 22, "nonce": ""}, "nonce", "TEXT_LENGTH"),
        ({"ticket": "A" * 22, "nonce": "a\0"}, "nonce", "TEXT_LENGTH"),
    ],
)
async def test_what_makes_no_sense_at_the_door_is_named(
    events: Events, more: dict[str, Any], field: str, reason: str
) -> None:
    event_id = await events.event(capacity=1)
    with refused("INVALID_FIELDS") as refusing:
        await admit(events, event_id, **more)
    assert refusing.refusal.fields == [(field, reason)]


async def test_nobody_is_let_in_to_an_event_that_was_cancelled(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    await events.cancel(event_id)
    with refused("EVENT_CANCELLED"):
        await admit(events, event_id, ticket=reservation.tickets[0].token, override=True)


async def test_tickets_of_guests_who_are_in_cannot_be_given_back(events: Events) -> None:
    kari, event_id, reservation = await party_of_four(events)
    await admit(events, event_id, reservation_id=reservation.id, guests=3)

    with refused("GUESTS_ADMITTED") as refusing:
        await events.release(kari, reservation.id, 2)
    assert refusing.refusal.facts == {"available": "1"}

    assert (await events.release(kari, reservation.id, 1)).quantity == 3
    await events.invariants(event_id)


async def test_nothing_is_given_back_once_the_event_has_begun(events: Events) -> None:
    event_id = await events.event(capacity=5, starts_in=timedelta(hours=1))
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 2)
    events.clock.advance(timedelta(hours=1))
    with refused("EVENT_OVER"):
        await events.release(kari, reservation.id, 1)
    assert (await admit(events, event_id, reservation_id=reservation.id)).party.admitted == 1


async def test_it_is_written_down_who_let_guests_in(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    kim = uuid4()
    request = pb.AdmitGuestsRequest(
        event_id=event_id, reservation_id=reservation.id, device=DOOR, nonce="one"
    )
    await events.stub.AdmitGuests(request, metadata=events.staff(account_id=kim))
    [row] = await events.sql("SELECT * FROM door_record")
    assert (row["staff_account_id"], row["happened_at"], row["conflict"]) == (kim, NOW, False)


async def test_two_offline_devices_let_in_more_than_there_are_and_nobody_is_turned_away(
    events: Events,
) -> None:
    """Three and four of a party of four, of whom one gives a ticket back meanwhile.

    One device's clock is 20 minutes slow, and one ticket was marked as used in the app.
    """
    kari, event_id, reservation = await party_of_four(events)
    others = await events.reserve(await events.customer(), event_id, 2)
    await events.stub.UseTicket(
        pb.UseTicketRequest(ticket_id=reservation.tickets[0].id), metadata=events.metadata(kari)
    )
    await events.release(kari, reservation.id, 1)
    events.clock.advance(60 * MINUTE)
    now = events.clock.now()

    right = await sync(
        events,
        event_id,
        "Dør 1",
        record(
            "a",
            ticket=reservation.tickets[0].token,
            guests=3,
            happened_at=stamp(now - 30 * MINUTE),
        ),
        record("b", reservation_id=others.id, guests=2, happened_at=stamp(now - 25 * MINUTE)),
    )
    slow = await sync(
        events,
        event_id,
        "Dør 2",
        record(
            "a",
            ticket=reservation.tickets[3].token,
            guests=4,
            happened_at=stamp(now - 40 * MINUTE),
        ),
        device_time=now - 20 * MINUTE,
    )

    assert outcomes(right) == ["RECORDED", "RECORDED"]
    assert outcomes(slow) == ["CONFLICT"]
    [party] = slow.parties
    assert party.reservation_id == reservation.id
    assert (party.tickets, party.admitted, party.over) == (3, 7, 4)
    assert (party.remaining, party.used_in_app, party.conflict) == (0, 1, True)
    assert (party.last_device, party.last_admitted_at) == ("Dør 2", stamp(now - 20 * MINUTE))
    listed = await guest_list(events, event_id)
    assert (listed.total_tickets, listed.total_admitted, listed.version) == (5, 9, slow.version)
    assert {each.reservation_id: each.conflict for each in listed.parties} == {
        reservation.id: True,
        others.id: False,
    }
    await events.invariants(event_id)

    party = await undo(events, event_id, reservation.id, 4)
    assert (party.admitted, party.over, party.conflict) == (3, 0, False)


async def test_what_is_handed_over_again_changes_nothing(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    records = [
        record("a", reservation_id=reservation.id, guests=2),
        record("b", ticket="AAAA-AAAA"),
        record("c", Record.UNDO, reservation_id=reservation.id),
    ]
    first = await sync(events, event_id, DOOR, *records)
    assert outcomes(first) == ["RECORDED", "UNKNOWN_TICKET", "RECORDED"]
    before = await guest_list(events, event_id)
    messages = await events.published()

    again = await sync(events, event_id, DOOR, *records)

    assert outcomes(again) == ["REPEATED"] * 3
    assert [each.reservation_id for each in again.results] == [reservation.id, "", reservation.id]
    assert again.parties == first.parties
    assert again.version == first.version
    assert await guest_list(events, event_id) == before
    assert await events.published() == messages
    assert len(await log(events)) == 3


async def test_what_was_recorded_online_and_is_handed_over_too_counts_once(events: Events) -> None:
    """The answer was lost, so that the device took the network to be away."""
    _, event_id, reservation = await party_of_four(events)
    await admit(events, event_id, ticket=reservation.tickets[0].token, nonce="a")
    synced = await sync(events, event_id, DOOR, record("a", ticket=reservation.tickets[0].token))
    assert outcomes(synced) == ["REPEATED"]
    assert synced.parties[0].admitted == 1


async def test_a_name_that_comes_twice_at_once_is_recorded_once(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    twice = record("a", reservation_id=reservation.id)
    synced = await sync(events, event_id, DOOR, twice, twice)
    assert outcomes(synced) == ["RECORDED", "REPEATED"]
    assert synced.parties[0].admitted == 1


async def test_tickets_that_nobody_knows_are_kept_for_staff_to_look_at(events: Events) -> None:
    event_id = await events.event(capacity=5)
    synced = await sync(
        events,
        event_id,
        DOOR,
        record("a", ticket="K7QX-2M4P", guests=2),
        record("b", reservation_id=str(uuid4())),
        record("c", ticket="not a ticket\0 at all" + "!" * 100),
        record("d", Record.UNDO, ticket="K7QX-2M4P", guests=2),
    )
    assert outcomes(synced) == ["UNKNOWN_TICKET"] * 4
    assert list(synced.parties) == []
    listed = await guest_list(events, event_id)
    assert (listed.unknown_tickets, listed.total_admitted) == (3, 0)
    rows = await events.sql("SELECT shown, conflict FROM door_record ORDER BY id")
    assert rows[0]["shown"] == "K7QX-2M4P"
    assert rows[2]["shown"].startswith("not a ticket at all!!!")
    assert all(row["conflict"] for row in rows)


async def test_a_record_that_says_nothing_does_not_hold_up_the_others(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    absurd = {"seconds": 10**15}
    synced = await sync(
        events,
        event_id,
        DOOR,
        record("a"),
        record("b", Record.KIND_UNSPECIFIED, reservation_id=reservation.id),
        record("", reservation_id=reservation.id),
        record("a\0", reservation_id=reservation.id),
        record("c" * 65, reservation_id=reservation.id),
        record("d", reservation_id=reservation.id, guests=101),
        record("e", reservation_id="x"),
        record("f", reservation_id=reservation.id),
        record("g", reservation_id=reservation.id, happened_at=absurd),
    )
    assert outcomes(synced) == ["UNREADABLE"] * 7 + ["RECORDED"] * 2
    assert [each.admitted for each in synced.parties] == [2]
    assert len(await log(events)) == 2


async def test_records_are_taken_in_the_order_in_which_they_happened(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    events.clock.advance(10 * MINUTE)

    def at(minute: int) -> Any:
        return stamp(NOW + minute * MINUTE)

    synced = await sync(
        events,
        event_id,
        DOOR,
        record("c", reservation_id=reservation.id, guests=4, happened_at=at(3)),
        record("b", Record.UNDO, reservation_id=reservation.id, guests=4, happened_at=at(2)),
        record("a", reservation_id=reservation.id, guests=4, happened_at=at(1)),
    )

    assert outcomes(synced) == ["RECORDED"] * 3
    assert [each.nonce for each in synced.results] == ["c", "b", "a"]
    [party] = synced.parties
    assert (party.admitted, party.conflict, party.last_admitted_at) == (4, False, at(3))
    assert [each.admitted for each in await events.messages(told.GuestAdmitted)] == [4, 4]
    assert [each.admitted for each in await events.messages(told.GuestUndone)] == [0]


async def test_a_ticket_that_is_shown_twice_while_there_is_no_network_is_flagged(
    events: Events,
) -> None:
    _, event_id, reservation = await party_of_four(events)
    token = reservation.tickets[0].token
    synced = await sync(
        events, event_id, DOOR, record("a", ticket=token), record("b", ticket=token)
    )
    assert outcomes(synced) == ["RECORDED", "CONFLICT"]
    other = await sync(events, event_id, "Dør 2", record("a", ticket=token))
    assert outcomes(other) == ["CONFLICT"]
    assert other.parties[0].admitted == 3


async def test_more_taken_back_than_were_in_is_flagged_and_nobody_is_counted_below_nothing(
    events: Events,
) -> None:
    _, event_id, reservation = await party_of_four(events)
    synced = await sync(
        events, event_id, DOOR, record("a", Record.UNDO, reservation_id=reservation.id, guests=2)
    )
    assert outcomes(synced) == ["CONFLICT"]
    [party] = synced.parties
    assert (party.admitted, party.remaining, party.conflict) == (0, 4, True)


async def test_what_happened_at_a_cancelled_event_is_kept_all_the_same(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    await events.cancel(event_id)
    synced = await sync(
        events, event_id, DOOR, record("a", ticket=reservation.tickets[0].token, guests=2)
    )
    assert outcomes(synced) == ["CONFLICT"]
    assert (await guest_list(events, event_id)).total_admitted == 2


async def test_a_device_says_its_name_and_time_and_hands_over_no_more_than_a_thousand(
    events: Events,
) -> None:
    _, event_id, reservation = await party_of_four(events)
    many = [record(f"{number}", reservation_id=reservation.id) for number in range(1001)]
    with refused("INVALID_FIELDS") as refusing:
        await sync(events, event_id, "", *many)
    assert refusing.refusal.fields == [("device", "TEXT_LENGTH"), ("records", "TOO_MANY_RECORDS")]
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.SyncDoor(
            pb.SyncDoorRequest(event_id=event_id, device=DOOR), metadata=events.staff()
        )
    assert refusing.refusal.fields == [("device_time", "REQUIRED_FIELD")]
    with refused("NOT_FOUND"):
        await sync(events, str(uuid4()), DOOR)

    synced = await sync(events, event_id, DOOR, *many[:1000])
    assert outcomes(synced) == ["RECORDED"] * 4 + ["CONFLICT"] * 996
    assert synced.parties[0].admitted == 1000


async def test_the_log_of_the_door_only_grows(events: Events) -> None:
    _, event_id, reservation = await party_of_four(events)
    lines: list[object] = []
    for _ in range(3):
        await admit(events, event_id, reservation_id=reservation.id)
        await undo(events, event_id, reservation.id)
        rows = await events.sql("SELECT * FROM door_record ORDER BY id")
        assert rows[: len(lines)] == lines
        lines = list(rows)
    assert len(lines) == 6


async def test_what_a_device_admits_is_seen_by_the_others_as_a_change_of_the_list(
    events: Events,
) -> None:
    _, event_id, reservation = await party_of_four(events)
    before = await guest_list(events, event_id)
    await admit(events, event_id, ticket=reservation.tickets[0].token)
    changes = await events.stub.GetGuestList(
        pb.GetGuestListRequest(event_id=event_id, since_version=before.version),
        metadata=events.staff(),
    )
    assert [each.admitted for each in changes.parties] == [1]
    assert changes.version > before.version
    assert UUID(changes.parties[0].reservation_id) == UUID(reservation.id)
    assert changes.starts_at.ToDatetime(UTC) == NOW + timedelta(days=30)
