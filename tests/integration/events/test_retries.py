"""Every mutation has an Idempotency-Key: a retry gets the first answer and does nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from google.protobuf.message import Message

from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.bootstrap import SERVICE
from tests.integration.events.world import NOW, Customer, Events, refused, stamp

HOUR = timedelta(hours=1)
KEY = "a key"
MUTATIONS = [
    method.name for method in SERVICE.methods if "request_id" in method.input_type.fields_by_name
]
CUSTOMERS_OWN = {
    "ReserveTickets",
    "ReleaseTickets",
    "UseTicket",
    "UnuseTicket",
    "JoinWaitlist",
    "UpdateWaitlistEntry",
    "LeaveWaitlist",
    "AcceptOffer",
    "DeclineOffer",
}
BY_LINK = {"ReleaseByLink"}


@dataclass(frozen=True)
class Scene:
    """An event with everything on it, for a customer and a member of staff.

    Attributes:
        customer: Has tickets, waits for others, and has an offer.
        event_id: An event with tickets left.
        other_id: Another one.
        draft_id: One that is not published.
        ballot_id: One whose ballot is drawn.
        reservation: Of the customer's, with three tickets.
        waiting: The customer's entry on a list.
        offered: The customer's entry that has an offer.
    """

    customer: Customer
    event_id: str
    other_id: str
    draft_id: str
    ballot_id: str
    reservation: pb.Reservation
    waiting: pb.WaitlistEntry
    offered: pb.WaitlistEntry

    def requests(self) -> dict[str, tuple[Message, Message]]:
        """Returns for each mutation a request, and another one."""
        event, other, reservation = self.event_id, self.other_id, self.reservation.id
        ticket, another = (self.reservation.tickets[number].id for number in (0, 1))
        waiting, offered = self.waiting.id, self.offered.id

        def create(title: str) -> pb.CreateEventRequest:
            starts_at = stamp(NOW + 100 * HOUR)
            return pb.CreateEventRequest(title=title, venue="Volda", starts_at=starts_at)

        def release_by_link(tickets: int) -> pb.ReleaseByLinkRequest:
            return pb.ReleaseByLinkRequest(
                reservation_id=reservation, customer_id=str(self.customer.id), tickets=tickets
            )

        def admit(nonce: str) -> pb.AdmitGuestsRequest:
            return pb.AdmitGuestsRequest(
                event_id=event, reservation_id=reservation, device="Dør 1", nonce=nonce
            )

        def undo(guests: int) -> pb.UndoAdmissionRequest:
            return pb.UndoAdmissionRequest(
                event_id=event,
                reservation_id=reservation,
                guests=guests,
                device="Dør 1",
                nonce="undo",
            )

        def sync(nonce: str) -> pb.SyncDoorRequest:
            record = pb.SyncDoorRequest.Record(
                nonce=nonce,
                kind=pb.SyncDoorRequest.Record.ADMIT,
                reservation_id=reservation,
                happened_at=stamp(NOW),
            )
            return pb.SyncDoorRequest(
                event_id=event, device="Dør 2", device_time=stamp(NOW), records=[record]
            )

        return {
            "CreateEvent": (create("Ein"), create("To")),
            "UpdateEvent": (
                pb.UpdateEventRequest(event_id=event, title="Ein"),
                pb.UpdateEventRequest(event_id=event, title="To"),
            ),
            "PublishEvent": (
                pb.PublishEventRequest(event_id=self.draft_id),
                pb.PublishEventRequest(event_id=event),
            ),
            "CancelEvent": (
                pb.CancelEventRequest(event_id=event, reason="Ein"),
                pb.CancelEventRequest(event_id=event, reason="To"),
            ),
            "DrawBallot": (
                pb.DrawBallotRequest(event_id=self.ballot_id),
                pb.DrawBallotRequest(event_id=event),
            ),
            "ReserveTickets": (
                pb.ReserveTicketsRequest(event_id=other, quantity=1),
                pb.ReserveTicketsRequest(event_id=other, quantity=2),
            ),
            "ReleaseTickets": (
                pb.ReleaseTicketsRequest(reservation_id=reservation, quantity=1),
                pb.ReleaseTicketsRequest(reservation_id=reservation, quantity=2),
            ),
            "ReleaseByLink": (release_by_link(1), release_by_link(2)),
            "UseTicket": (
                pb.UseTicketRequest(ticket_id=ticket),
                pb.UseTicketRequest(ticket_id=another),
            ),
            "UnuseTicket": (
                pb.UnuseTicketRequest(ticket_id=ticket),
                pb.UnuseTicketRequest(ticket_id=another),
            ),
            "JoinWaitlist": (
                pb.JoinWaitlistRequest(event_id=other, wanted=1),
                pb.JoinWaitlistRequest(event_id=other, wanted=2),
            ),
            "UpdateWaitlistEntry": (
                pb.UpdateWaitlistEntryRequest(entry_id=waiting, wanted=2),
                pb.UpdateWaitlistEntryRequest(entry_id=waiting, wanted=3),
            ),
            "LeaveWaitlist": (
                pb.LeaveWaitlistRequest(entry_id=waiting),
                pb.LeaveWaitlistRequest(entry_id=offered),
            ),
            "AcceptOffer": (
                pb.AcceptOfferRequest(entry_id=offered, quantity=1),
                pb.AcceptOfferRequest(entry_id=offered, quantity=2),
            ),
            "DeclineOffer": (
                pb.DeclineOfferRequest(entry_id=offered),
                pb.DeclineOfferRequest(entry_id=waiting),
            ),
            "AdmitGuests": (admit("one"), admit("two")),
            "UndoAdmission": (undo(1), undo(2)),
            "SyncDoor": (sync("one"), sync("two")),
        }


async def scene(events: Events) -> Scene:
    customer = await events.customer()
    event_id = await events.event(capacity=10)
    full_id = await events.event(capacity=0)
    reservation = await events.reserve(customer, event_id, 3)
    admit = pb.AdmitGuestsRequest(
        event_id=event_id, reservation_id=reservation.id, guests=1, device="Dør 1", nonce="first"
    )
    await events.stub.AdmitGuests(admit, metadata=events.staff())
    ballot_id = await events.event(capacity=2, closes_in=HOUR)
    scene = Scene(
        customer=customer,
        event_id=event_id,
        other_id=await events.event(capacity=10),
        draft_id=await events.event(capacity=10, published=False),
        ballot_id=ballot_id,
        reservation=reservation,
        waiting=await events.join(customer, full_id, 1),
        offered=await events.join(customer, await events.event(capacity=2), 2),
    )
    await events.told(scene.offered.id)
    events.clock.advance(HOUR)
    await events.wait_for("SELECT FROM event WHERE ballot_drawn_at IS NOT NULL")
    return scene


def with_key(request: Message) -> Message:
    keyed = type(request)()
    keyed.CopyFrom(request)
    setattr(keyed, "request_id", KEY)  # noqa: B010 - every mutation's message has it
    return keyed


async def everything(events: Events) -> Sequence[object]:
    """Returns what a mutation could leave behind."""
    return [
        await events.sql(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - names of tables
        for table in (
            "outbox",
            "event",
            "inventory",
            "reservation",
            "ticket",
            "waitlist_entry",
            "door_record",
            "reservation_change",
        )
    ]


async def test_every_mutation_is_tried_here(events: Events) -> None:
    assert (await scene(events)).requests().keys() == set(MUTATIONS)


@pytest.mark.parametrize("rpc", MUTATIONS)
async def test_a_retry_gets_the_first_answer_and_changes_nothing(events: Events, rpc: str) -> None:
    house = await scene(events)
    request, other = map(with_key, house.requests()[rpc])
    staff_account = UUID(int=1)
    metadata = (
        events.metadata(house.customer)
        if rpc in CUSTOMERS_OWN
        else None
        if rpc in BY_LINK
        else events.staff(account_id=staff_account)
    )
    call = getattr(events.consent if rpc in BY_LINK else events.stub, rpc)
    first = await call(request, metadata=metadata)
    # Whoever did it again, or looked again, would see the other title, or another number.
    await events.sql("UPDATE event SET title = 'Ein annan'")
    await events.sql("UPDATE inventory SET version = version + 100")
    await events.wait_for("SELECT FROM outbox HAVING count(*) = count(sent_at)")
    before = await everything(events)

    assert await call(request, metadata=metadata) == first
    with refused("IDEMPOTENCY_KEY_REUSED"):
        await call(other, metadata=metadata)

    assert await everything(events) == before


async def test_a_refusal_is_not_kept_for_the_retry(events: Events) -> None:
    event_id = await events.event(capacity=2)
    kari, ola = await events.customers(2)
    reservation = await events.reserve(kari, event_id, 2)
    with refused("NOT_ENOUGH_TICKETS"):
        await events.reserve(ola, event_id, 1, KEY)
    await events.release(kari, reservation.id, 1)
    assert (await events.reserve(ola, event_id, 1, KEY)).quantity == 1


async def test_the_same_key_of_another_customer_has_nothing_to_do_with_it(events: Events) -> None:
    event_id = await events.event(capacity=5)
    kari, ola = await events.customers(2)
    mine = await events.reserve(kari, event_id, 2, KEY)
    hers = await events.reserve(ola, event_id, 2, KEY)
    assert mine.id != hers.id
    assert (await events.invariants(event_id)).reserved == 4
