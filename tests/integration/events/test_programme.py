"""The programme: what staff do to events, and whom it concerns."""

from datetime import UTC, timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

import pytest

from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from tests.integration.events.world import NOW, Events, refused, stamp

Entry = pb.WaitlistEntry
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ABSURD = {"seconds": 10**15}


def request(**changes: Any) -> pb.CreateEventRequest:
    """Returns a request for an event in which nothing is wrong."""
    said = pb.CreateEventRequest(
        title="Haustkonsert",
        venue="Ørsta kulturhus",
        starts_at=stamp(NOW + 30 * DAY),
        capacity=200,
    )
    said.MergeFrom(pb.CreateEventRequest(**changes))
    return said


async def test_a_new_event_has_the_usual_times_and_numbers(events: Events) -> None:
    event = await events.stub.CreateEvent(request(text="Kom."), metadata=events.staff())
    assert event == pb.Event(
        id=event.id,
        title="Haustkonsert",
        text="Kom.",
        venue="Ørsta kulturhus",
        starts_at=stamp(NOW + 30 * DAY),
        sales_open_at=stamp(NOW),
        sales_close_at=stamp(NOW + 30 * DAY),
        waiting_list_closes_at=stamp(NOW + 30 * DAY - 6 * HOUR),
        capacity=200,
        available=0,
        max_per_customer=4,
        status=pb.Event.DRAFT,
        mode=pb.Event.FIRST_COME,
    )


async def test_a_draft_is_not_there_for_anybody_but_staff(events: Events) -> None:
    draft = await events.event(capacity=5, published=False)
    published = await events.event(capacity=5)
    given_up = await events.event(capacity=5, published=False)
    await events.cancel(given_up)
    full = await events.event(capacity=0, published=False)
    ballot = await events.event(capacity=5, published=False, closes_in=DAY)
    kari = await events.customer()

    answers: set[bytes] = set()
    for event_id in (draft, given_up, full, full, ballot, str(uuid4())):
        for call in (
            lambda event_id=event_id: events.get(event_id),
            lambda event_id=event_id: events.reserve(kari, event_id, 1),
            lambda event_id=event_id: events.join(kari, event_id, 1),
            lambda event_id=event_id: events.stub.GetDraw(pb.GetDrawRequest(event_id=event_id)),
        ):
            with refused("NOT_FOUND") as refusing:
                await call()
            answers.add(refusing.refusal.answer)
    assert len(answers) == 1

    listed = await events.stub.ListEvents(pb.ListEventsRequest())
    assert [event.id for event in listed.events] == [published]
    for role in ("EVENT_STAFF", "CUSTOMER_SERVICE"):
        staff = events.staff(role)
        seen = await events.stub.GetEvent(pb.GetEventRequest(event_id=draft), metadata=staff)
        assert seen.status == pb.Event.DRAFT
        listed = await events.stub.ListEvents(pb.ListEventsRequest(), metadata=staff)
        assert {event.id for event in listed.events} == {draft, published, given_up, full, ballot}


async def test_what_staff_do_to_a_draft_is_told_to_nobody(events: Events) -> None:
    draft = await events.event(capacity=5, published=False)
    await events.update(draft, capacity=6, venue="Volda")
    await events.cancel(draft)
    assert await events.published() == []


async def test_publishing_shows_an_event_and_tells_of_it_once(events: Events) -> None:
    draft = await events.event(capacity=5, published=False)
    publish = pb.PublishEventRequest(event_id=draft)

    first = await events.stub.PublishEvent(publish, metadata=events.staff())
    again = await events.stub.PublishEvent(publish, metadata=events.staff())

    assert first == again == await events.get(draft)
    assert (first.status, first.available) == (pb.Event.PUBLISHED, 5)
    assert await events.messages(told.EventPublished) == [
        told.EventPublished(
            event_id=draft,
            title="Haustkonsert",
            venue="Ørsta kulturhus",
            starts_at=first.starts_at,
            sales_open_at=first.sales_open_at,
            capacity=5,
        )
    ]
    assert await events.published() == ["EventPublished"]


async def test_what_has_begun_is_not_published_any_more(events: Events) -> None:
    draft = await events.event(capacity=5, starts_in=HOUR, published=False)
    events.clock.advance(HOUR)
    with refused("EVENT_OVER"):
        await events.stub.PublishEvent(
            pb.PublishEventRequest(event_id=draft), metadata=events.staff()
        )


async def test_everything_that_is_wrong_with_an_event_is_named_at_once(events: Events) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.CreateEvent(
            pb.CreateEventRequest(capacity=-1, max_per_customer=51, mode=pb.Event.BALLOT),
            metadata=events.staff(),
        )
    assert refusing.refusal.fields == [
        ("title", "REQUIRED_FIELD"),
        ("venue", "REQUIRED_FIELD"),
        ("starts_at", "REQUIRED_FIELD"),
        ("ballot_closes_at", "REQUIRED_FIELD"),
        ("capacity", "OUT_OF_RANGE"),
        ("max_per_customer", "OUT_OF_RANGE"),
    ]
    assert await events.sql("SELECT FROM event") == []


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"title": "a" * 121}, "title", "TEXT_LENGTH"),
        ({"text": "a" * 4001}, "text", "TEXT_LENGTH"),
        ({"venue": "a\0b"}, "venue", "TEXT_LENGTH"),
        ({"starts_at": stamp(NOW)}, "starts_at", "STARTS_IN_THE_PAST"),
        ({"starts_at": ABSURD}, "starts_at", "OUTSIDE_CALENDAR"),
        ({"starts_at": {"seconds": -62135596800}}, "starts_at", "OUTSIDE_CALENDAR"),
        ({"sales_open_at": {"nanos": -1}}, "sales_open_at", "OUTSIDE_CALENDAR"),
        ({"sales_close_at": stamp(NOW + 31 * DAY)}, "sales_close_at", "AFTER"),
        ({"waiting_list_closes_at": stamp(NOW + 31 * DAY)}, "waiting_list_closes_at", "AFTER"),
        ({"capacity": 100_001}, "capacity", "OUT_OF_RANGE"),
        ({"max_per_customer": -1}, "max_per_customer", "OUT_OF_RANGE"),
        ({"ballot_closes_at": stamp(NOW + DAY)}, "ballot_closes_at", "NO_BALLOT"),
    ],
)
async def test_a_value_that_makes_no_sense_is_refused_by_its_field(
    events: Events, changes: dict[str, Any], field: str, reason: str
) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.CreateEvent(request(**changes), metadata=events.staff())
    assert (field, reason) in refusing.refusal.fields
    event_id = await events.event(capacity=5)
    before = await events.get(event_id)
    with refused("INVALID_FIELDS") as refusing:
        await events.update(event_id, **changes)
    assert (field, reason) in refusing.refusal.fields
    assert await events.get(event_id) == before


async def test_a_way_to_give_out_tickets_that_nobody_knows_is_refused(events: Events) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.CreateEvent(request(mode=9), metadata=events.staff())
    assert refusing.refusal.fields == [("mode", "NOT_A_CHOICE")]


@pytest.mark.parametrize(("event_id", "reason"), [("", "REQUIRED_FIELD"), ("x", "NOT_A_UUID")])
async def test_an_event_is_named_by_a_uuid(events: Events, event_id: str, reason: str) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.get(event_id)
    assert refusing.refusal.fields == [("event_id", reason)]
    with refused("NOT_FOUND"):
        await events.update(str(uuid4()), title="Ny")


async def test_what_is_not_given_stays_as_it_is(events: Events) -> None:
    event_id = await events.event(capacity=5)
    before = await events.get(event_id)

    after = await events.update(event_id, text="Dørene opnar kl. 18.", max_per_customer=2)

    before.text, before.max_per_customer = "Dørene opnar kl. 18.", 2
    assert after == before == await events.get(event_id)


async def test_a_change_is_told_with_whether_the_event_was_moved(events: Events) -> None:
    event_id = await events.event(capacity=5)
    starts_at = (await events.get(event_id)).starts_at

    await events.update(event_id, title="Vinterkonsert")
    await events.update(event_id, venue="Volda")
    later = stamp(starts_at.ToDatetime(UTC) + DAY)
    moved = await events.update(event_id, starts_at=later)

    changes = await events.messages(told.EventChanged)
    assert [change.moved for change in changes] == [False, True, True]
    assert changes[2] == told.EventChanged(
        event_id=event_id,
        title="Vinterkonsert",
        venue="Volda",
        starts_at=later,
        moved=True,
        capacity=5,
    )
    assert moved.sales_close_at == later
    assert moved.waiting_list_closes_at == stamp(later.ToDatetime(UTC) - 6 * HOUR)


@pytest.mark.parametrize("capacity", [9, 0])
async def test_a_change_is_told_with_the_room_that_there_is_now(
    events: Events, capacity: int
) -> None:
    event_id = await events.event(capacity=5)

    await events.update(event_id, capacity=capacity)

    [change] = await events.messages(told.EventChanged)
    assert (change.HasField("capacity"), change.capacity) == (True, capacity)


async def test_a_larger_room_serves_the_waiting_list_before_anyone_else(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari, ola, per = await events.customers(3)
    await events.reserve(kari, event_id, 2)
    await events.join(ola, event_id, 2)
    await events.join(per, event_id, 3, least=1)

    raised = await events.update(event_id, capacity=5)

    assert (await events.entry(ola)).offer.tickets == 2
    assert (await events.entry(per)).offer.tickets == 1
    assert (raised.capacity, raised.available) == (5, 0)
    assert [each.available for each in await events.messages(told.AvailabilityChanged)] == [0]
    await events.invariants(event_id)

    assert (await events.update(event_id, capacity=8)).available == 3
    assert [each.available for each in await events.messages(told.AvailabilityChanged)] == [0, 3]
    await events.invariants(event_id)


async def test_a_room_that_is_too_small_cancels_nobody_and_nothing_is_given_out_until_it_fits(
    events: Events,
) -> None:
    event_id = await events.event(capacity=10)
    kari, ola, per = await events.customers(3)
    reservation = await events.reserve(kari, event_id, 8)
    await events.join(ola, event_id, 4)

    cut = await events.update(event_id, capacity=5)

    assert (cut.capacity, cut.available) == (5, 0)
    assert [each.quantity for each in await events.reservations(kari)] == [8]
    with refused("NOT_ENOUGH_TICKETS") as refusing:
        await events.reserve(per, event_id, 1)
    assert refusing.refusal.facts == {"available": "0"}
    for left in (7, 6, 5):
        await events.release(kari, reservation.id, 1)
        assert (await events.get(event_id)).available == 0
        audit = await events.invariants(event_id)
        assert (audit.reserved, audit.held) == (left, 0)

    await events.release(kari, reservation.id, 4)
    assert (await events.entry(ola)).offer.tickets == 4
    await events.invariants(event_id)


async def test_a_room_that_is_cut_takes_no_offer_back(events: Events) -> None:
    event_id = await events.event(capacity=4)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 4)

    await events.update(event_id, capacity=0)

    assert (await events.accept(kari, entry.id)).reservation.quantity == 4
    await events.invariants(event_id)


async def test_an_event_that_is_moved_forward_cuts_the_offers_that_would_outlast_its_list(
    events: Events,
) -> None:
    event_id = await events.event(capacity=2)
    kari, ola = await events.customers(2)
    first = await events.join(kari, event_id, 1)
    await events.told(first.id)
    starts_at = NOW + 8 * HOUR

    moved = await events.update(event_id, starts_at=stamp(starts_at))

    closes_at = stamp(starts_at - 6 * HOUR)
    assert moved.waiting_list_closes_at == closes_at
    assert (await events.entry(kari)).offer.expires_at == closes_at
    assert await events.messages(told.OfferRescheduled) == [
        told.OfferRescheduled(
            offer_id=first.offer.id,
            entry_id=first.id,
            event_id=event_id,
            customer_id=str(kari.id),
            tickets=1,
            expires_at=closes_at,
        )
    ]
    second = await events.join(ola, event_id, 1)
    assert second.offer.expires_at.ToDatetime(UTC) <= closes_at.ToDatetime(UTC)
    await events.invariants(event_id)


async def test_an_event_that_is_put_off_takes_no_time_from_an_offer_and_tells_nobody_so(
    events: Events,
) -> None:
    event_id = await events.event(capacity=1)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 1)
    await events.told(entry.id)

    await events.update(event_id, starts_at=stamp(NOW + 60 * DAY))

    assert (await events.entry(kari)).offer == entry.offer
    assert await events.messages(told.OfferRescheduled) == []


async def test_a_waiting_list_whose_end_is_moved_to_the_past_is_closed_at_once(
    events: Events,
) -> None:
    event_id = await events.event(capacity=1)
    kari, ola = await events.customers(2)
    await events.join(kari, event_id, 1)
    await events.join(ola, event_id, 1)

    await events.update(event_id, waiting_list_closes_at=stamp(NOW - HOUR))

    assert (await events.entry(kari)).status == Entry.EXPIRED
    assert (await events.entry(ola)).status == Entry.CLOSED
    assert (await events.get(event_id)).available == 1
    await events.invariants(event_id)


async def test_cancelling_ends_everything_and_tells_everyone(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, ola, per, siv = await events.customers(4)
    reservation = await events.reserve(kari, event_id, 3)
    returned = await events.reserve(siv, event_id, 1)
    await events.release(siv, returned.id)
    offered = await events.join(ola, event_id, 2)
    waiting = await events.join(per, event_id, 1)

    cancelled = await events.cancel(event_id, " Artisten er sjuk. ")

    assert (cancelled.status, cancelled.available) == (pb.Event.CANCELLED, 0)
    assert cancelled.cancel_reason == "Artisten er sjuk."
    assert (cancelled.waiting_parties, await events.get(event_id)) == (0, cancelled)
    [mine] = await events.reservations(kari)
    assert (mine.status, mine.quantity) == (pb.Reservation.CANCELLED, 0)
    assert {(each.status, each.token) for each in mine.tickets} == {(pb.Ticket.CANCELLED, "")}
    assert (await events.reservations(siv))[0].status == pb.Reservation.RELEASED
    assert (await events.entry(ola)).status == Entry.REVOKED
    assert (await events.entry(per)).status == Entry.CLOSED

    assert await events.messages(told.EventCancelled) == [
        told.EventCancelled(event_id=event_id, reason="Artisten er sjuk.")
    ]
    assert await events.messages(told.ReservationCancelled) == [
        told.ReservationCancelled(
            reservation_id=reservation.id, event_id=event_id, customer_id=str(kari.id)
        )
    ]
    assert await events.messages(told.OfferRevoked) == [
        told.OfferRevoked(
            offer_id=offered.offer.id,
            entry_id=offered.id,
            event_id=event_id,
            customer_id=str(ola.id),
        )
    ]
    assert await events.messages(told.WaitlistLeft) == [
        told.WaitlistLeft(
            entry_id=waiting.id, event_id=event_id, customer_id=str(per.id), closed=True
        )
    ]
    audit = await events.invariants(event_id)
    assert (audit.reserved, audit.held) == (0, 0)


async def test_a_cancelled_event_stays_as_it_is(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    reservation = await events.reserve(kari, event_id, 1)
    entry = await events.join(kari, event_id, 1)
    cancelled = await events.cancel(event_id)
    published = await events.published()

    assert await events.cancel(event_id, "Ein annan grunn.") == cancelled
    for change in (
        lambda: events.update(event_id, title="Likevel"),
        lambda: events.reserve(kari, event_id, 1),
        lambda: events.release(kari, reservation.id),
        lambda: events.join(kari, event_id, 1),
        lambda: events.stub.PublishEvent(
            pb.PublishEventRequest(event_id=event_id), metadata=events.staff()
        ),
    ):
        with refused("EVENT_CANCELLED"):
            await change()
    with refused("NO_OFFER"):
        await events.accept(kari, entry.id)
    with refused("TICKET_RELEASED"):
        await events.stub.UseTicket(
            pb.UseTicketRequest(ticket_id=reservation.tickets[0].id),
            metadata=events.metadata(kari),
        )
    assert await events.published() == published


@pytest.mark.parametrize("reason", ["", " ", "a" * 501])
async def test_nobody_cancels_without_a_reason(events: Events, reason: str) -> None:
    event_id = await events.event(capacity=5)
    with refused("INVALID_FIELDS") as refusing:
        await events.cancel(event_id, reason)
    assert refusing.refusal.fields == [("reason", "TEXT_LENGTH")]
    assert (await events.get(event_id)).status == pb.Event.PUBLISHED


async def listed(events: Events, **more: Any) -> tuple[list[list[str]], list[str]]:
    """Goes through the pages of a list, and returns the events on each, and all tokens."""
    pages: list[list[str]] = []
    tokens = [""]
    while tokens[-1] or len(tokens) == 1:
        answer = await events.stub.ListEvents(
            pb.ListEventsRequest(page_token=tokens[-1], **more), metadata=events.staff()
        )
        pages.append([event.id for event in answer.events])
        tokens.append(answer.next_page_token)
    return pages, tokens


async def test_events_are_listed_in_pages_by_their_start(events: Events) -> None:
    same = [await events.event(capacity=1, starts_in=5 * DAY) for _ in range(3)]
    draft = await events.event(capacity=1, starts_in=4 * DAY, published=False)
    last = await events.event(capacity=1, starts_in=6 * DAY)
    first = await events.event(capacity=1, starts_in=3 * DAY)

    expected = [first, draft, *same, last]
    for size in (1, 2, 3, 6, 200):
        pages, _ = await listed(events, page_size=size)
        assert list(chain.from_iterable(pages)) == expected
        assert all(len(page) == size for page in pages[:-1])
        assert pages[-1]


async def test_events_that_are_over_are_listed_for_whoever_asks_for_them(events: Events) -> None:
    over = await events.event(capacity=1, starts_in=DAY)
    to_come = await events.event(capacity=1, starts_in=2 * DAY)
    events.clock.advance(DAY + HOUR)
    assert await listed(events) == ([[to_come]], ["", ""])
    assert await listed(events, past=True) == ([[over, to_come]], ["", ""])


BAD_TOKENS = [
    pytest.param("!", id="nothing"),
    pytest.param("ø", id="another alphabet"),
    pytest.param("MTIz", id="a number"),
    pytest.param("LTE=", id="a negative number"),
    pytest.param("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", id="a huge number"),
    pytest.param("/w==", id="no text"),
    pytest.param(
        "MjAyNi0wMy0wMlQxMjowMDowMCAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=",
        id="a moment without an offset",
    ),
    pytest.param(
        "MDAwMS0wMS0wMVQwMDowMDowMCsyMzowMCAwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA=",
        id="a moment before all time",
    ),
]


@pytest.mark.parametrize("token", BAD_TOKENS)
async def test_a_page_token_that_no_list_gave_is_refused(events: Events, token: str) -> None:
    kari = events.metadata(await events.customer())
    event_id = await events.event(capacity=1)
    staff = events.staff()
    numbers = token == "MTIz"
    for is_number, call in (
        (False, lambda: events.stub.ListEvents(pb.ListEventsRequest(page_token=token))),
        (
            False,
            lambda: events.stub.ListMyReservations(
                pb.ListMyReservationsRequest(page_token=token), metadata=kari
            ),
        ),
        (
            False,
            lambda: events.stub.ListMyWaitlistEntries(
                pb.ListMyWaitlistEntriesRequest(page_token=token), metadata=kari
            ),
        ),
        (
            True,
            lambda: events.stub.ListWaitlistEntries(
                pb.ListWaitlistEntriesRequest(event_id=event_id, page_token=token), metadata=staff
            ),
        ),
        (
            True,
            lambda: events.stub.ListReservationChanges(
                pb.ListReservationChangesRequest(event_id=event_id, page_token=token),
                metadata=staff,
            ),
        ),
    ):
        if numbers and is_number:
            continue
        with refused("INVALID_FIELDS") as refusing:
            await call()
        assert refusing.refusal.fields == [("page_token", "NOT_A_PAGE_TOKEN")]


async def test_no_page_is_smaller_than_nothing_or_larger_than_200(events: Events) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await events.stub.ListEvents(pb.ListEventsRequest(page_size=-1))
    assert refusing.refusal.fields == [("page_size", "OUT_OF_RANGE")]
    await events.sql(
        """
        INSERT INTO event
        SELECT gen_random_uuid(), 'E', '', 'V', $1, $1, $1, $1, 1, 'PUBLISHED', $1, ''
        FROM generate_series(1, 201)
        """,
        NOW + DAY,
    )
    await events.sql("INSERT INTO inventory SELECT id, 1, 0, 0, 1, 0 FROM event")
    usual = await events.stub.ListEvents(pb.ListEventsRequest())
    largest = await events.stub.ListEvents(pb.ListEventsRequest(page_size=1000))
    assert (len(usual.events), len(largest.events)) == (50, 200)


Kind = pb.ReservationChange


async def test_staff_are_told_of_each_reservation_and_release_and_go_on_where_they_were(
    events: Events,
) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customer("Kari Nordmann"), await events.customer()
    first = await events.reserve(kari, event_id, 3)
    entry = await events.join(ola, event_id, 1)
    await events.release(kari, first.id, 1)
    events.clock.advance(HOUR)
    second = await events.accept(ola, entry.id)

    async def changes(token: str, size: int = 0) -> pb.ListReservationChangesResponse:
        request = pb.ListReservationChangesRequest(
            event_id=event_id, page_size=size, page_token=token
        )
        return await events.stub.ListReservationChanges(request, metadata=events.staff())

    page = await changes("", 2)
    rest = await changes(page.next_page_token)
    seen = [*page.changes, *rest.changes]
    assert [(each.kind, each.tickets, each.reservation_id) for each in seen] == [
        (Kind.RESERVED, 3, first.id),
        (Kind.RELEASED, 1, first.id),
        (Kind.ACCEPTED, 1, second.reservation.id),
    ]
    assert [(each.customer_number, each.name) for each in seen] == [
        (kari.number, "Kari Nordmann"),
        (kari.number, "Kari Nordmann"),
        (ola.number, ""),
    ]
    assert [each.happened_at for each in seen] == [stamp(NOW), stamp(NOW), stamp(NOW + HOUR)]
    assert {(each.staff_account_id, each.reason) for each in seen} == {("", "")}

    later = await changes(rest.next_page_token)
    assert (list(later.changes), later.next_page_token) == ([], rest.next_page_token)
    canceller = uuid4()
    await events.stub.CancelEvent(
        pb.CancelEventRequest(event_id=event_id, reason="Straumen er borte."),
        metadata=events.staff(account_id=canceller),
    )
    ended = await changes(later.next_page_token)
    assert {
        (each.kind, each.reservation_id, each.tickets, each.staff_account_id, each.reason)
        for each in ended.changes
    } == {
        (Kind.CANCELLED, first.id, 2, str(canceller), "Straumen er borte."),
        (Kind.CANCELLED, second.reservation.id, 1, str(canceller), "Straumen er borte."),
    }
    with refused("NOT_FOUND"):
        await events.stub.ListReservationChanges(
            pb.ListReservationChangesRequest(event_id=str(uuid4())), metadata=events.staff()
        )


async def test_the_audit_shows_counters_beside_what_they_count(events: Events) -> None:
    event_id = await events.event(capacity=10)
    kari, ola, per = await events.customers(3)
    await events.reserve(kari, event_id, 3)
    await events.join(ola, event_id, 2)
    await events.reserve(per, event_id, 1)

    audit = await events.invariants(event_id)

    assert audit == pb.InventoryAudit(
        consistent=True,
        capacity=10,
        reserved=4,
        reserved_by_reservations=4,
        active_tickets=4,
        held=2,
        offered=2,
        pooled=0,
    )


@pytest.mark.parametrize(
    "plant",
    [
        "UPDATE inventory SET reserved = reserved + 1",
        "UPDATE inventory SET held = held - 1",
        "UPDATE reservation SET quantity = quantity - 1",
        "UPDATE ticket SET status = 'RELEASED' WHERE id = (SELECT id FROM ticket LIMIT 1)",
        "UPDATE offer SET status = 'EXPIRED'",
        "UPDATE waitlist_entry SET pooled = 1",
    ],
)
async def test_the_audit_sees_a_counter_that_is_wrong(events: Events, plant: str) -> None:
    event_id = await events.event(capacity=10)
    kari, ola = await events.customers(2)
    await events.reserve(kari, event_id, 3)
    await events.join(ola, event_id, 2)
    assert (await events.invariants(event_id)).consistent

    await events.sql(plant)

    audit = await events.stub.AuditInventory(
        pb.AuditInventoryRequest(event_id=event_id), metadata=events.staff("OPERATOR")
    )
    assert not audit.consistent


async def test_what_is_not_there_cannot_be_audited(events: Events) -> None:
    with refused("NOT_FOUND"):
        await events.stub.AuditInventory(
            pb.AuditInventoryRequest(event_id=str(uuid4())), metadata=events.staff()
        )
