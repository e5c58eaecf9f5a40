"""What events and reservations become for those who are to be told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.clock import Clock
from kit.ids import Ids
from services.consent.domain.notifications import Notification
from services.consent.domain.programme import (
    GUEST_LISTS,
    REMINDERS,
    Change,
    Event,
    Reservation,
    StaffNotice,
)
from services.consent.domain.store import Store
from services.consent.handlers.mailings import announce

BATCH = 500
MOST_NOTICES = 200
"""How much stands in one digest."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where notifications are written.

    Attributes:
        store: The store of the transaction.
        ids: Makes identifiers.
        clock: Tells the time.
    """

    store: Store
    ids: Ids
    clock: Clock

    async def notify(
        self,
        kind: str,
        cause: str,
        topic: str,
        customer_id: UUID | None,
        *,
        not_after: datetime | None = None,
        **facts: Any,
    ) -> None:
        """Takes down that somebody is to be told something now, once for its cause."""
        await self.store.notify(
            Notification(
                id=self.ids.new_id(),
                cause=f"{kind}/{cause}",
                kind=kind,
                customer_id=customer_id,
                facts=facts,
                due_at=self.clock.now(),
                not_after=not_after,
                topic=topic,
            )
        )

    async def note(
        self,
        what: Change,
        event_id: UUID,
        customer_id: UUID,
        tickets: int,
        total: int | None = None,
    ) -> None:
        """Writes down something that staff are to be told."""
        await self.store.add_notice(
            StaffNotice(
                self.ids.new_id(), self.clock.now(), event_id, customer_id, what, tickets, total
            )
        )


# Events.


async def publish_event(desk: Desk, event: Event, *, sales_open_at: datetime) -> None:
    """Learns of an event that customers can see, and tells those who want such news."""
    await desk.store.put_event(event)
    await announce(
        desk.store,
        desk.ids,
        desk.clock,
        "event-published",
        {
            "event_id": str(event.id),
            "title": event.title,
            "venue": event.venue,
            "starts_at": event.starts_at.isoformat(),
            "sales_open_at": sales_open_at.isoformat(),
        },
        f"event/{event.id}",
        not_after=event.starts_at,
    )


async def change_event(desk: Desk, event: Event, *, moved: bool) -> None:
    """Learns of a change; whoever has tickets to an event that was moved is told."""
    known = (await desk.store.events([event.id])).get(event.id)
    moves = (known.moves if known else 0) + moved
    because = known.cancelled_because if known else None
    await desk.store.put_event(replace(event, moves=moves, cancelled_because=because))
    if not moved:
        return
    await desk.store.start_anew(event.id)
    for reservation in await desk.store.reservations_of(event.id):
        await desk.store.take_back(topic_of(reservation.id), "still-coming")
        await desk.notify(
            "event-moved",
            f"{reservation.id}/{moves}",
            topic_of(reservation.id),
            reservation.customer_id,
            not_after=event.starts_at,
            event_id=str(event.id),
            reservation_id=str(reservation.id),
        )


async def cancel_event(desk: Desk, event_id: UUID, reason: str) -> None:
    """Learns that an event does not take place; those with tickets are told one by one."""
    known = (await desk.store.events([event_id])).get(event_id)
    if known is not None:
        await desk.store.put_event(replace(known, cancelled_because=reason))
    await desk.store.take_back(f"event/{event_id}")


# Reservations.


@dataclass(frozen=True, slots=True)
class Told:
    """A reservation as it was told of, with how many tickets it has now."""

    id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int


async def confirm_reservation(desk: Desk, told: Told, *, added: int) -> None:
    """Tells a customer of tickets, and staff."""
    reservation = await _changed(desk, told, since=desk.clock.now())
    await desk.note(Change.RESERVED, told.event_id, told.customer_id, added, reservation.tickets)
    await desk.notify(
        "reservation-confirmed",
        f"{reservation.id}/{reservation.changes}",
        topic_of(reservation.id),
        reservation.customer_id,
        event_id=str(reservation.event_id),
        reservation_id=str(reservation.id),
        tickets=added,
    )


async def release_tickets(desk: Desk, told: Told, *, released: int) -> None:
    """Tells a customer of tickets that were given back, and staff."""
    reservation = await _changed(desk, told)
    if not reservation.tickets:
        await desk.store.take_back(topic_of(reservation.id))
    await desk.note(Change.RELEASED, told.event_id, told.customer_id, released, reservation.tickets)
    await desk.notify(
        "tickets-released",
        f"{reservation.id}/{reservation.changes}",
        topic_of(reservation.id),
        reservation.customer_id,
        event_id=str(reservation.event_id),
        tickets=released,
        total=reservation.tickets,
    )


async def cancel_reservation(desk: Desk, told: Told) -> None:
    """Tells a customer whose tickets are void, because the event was cancelled."""
    known = await desk.store.reservation(told.id)
    reservation = await _changed(desk, told)
    await desk.store.take_back(topic_of(reservation.id))
    await desk.note(
        Change.CANCELLED, told.event_id, told.customer_id, known.tickets if known else 0, 0
    )
    await desk.notify(
        "event-cancelled",
        f"{reservation.id}",
        topic_of(reservation.id),
        reservation.customer_id,
        event_id=str(reservation.event_id),
    )


async def _changed(desk: Desk, told: Told, *, since: datetime | None = None) -> Reservation:
    known = await desk.store.reservation(told.id)
    reservation = Reservation(
        told.id,
        told.event_id,
        told.customer_id,
        told.tickets,
        changes=known.changes + 1 if known else 1,
        since=since or (known.since if known else desk.clock.now()),
    )
    await desk.store.put_reservation(reservation)
    return reservation


# The waiting list.


async def join_waiting_list(desk: Desk, event_id: UUID, customer_id: UUID, *, wanted: int) -> None:
    """Tells staff who waits."""
    await desk.note(Change.WAITING, event_id, customer_id, wanted)


async def leave_waiting_list(
    desk: Desk, entry_id: UUID, event_id: UUID, customer_id: UUID, *, closed: bool
) -> None:
    """Tells staff who no longer waits, or whoever waited that the list is closed."""
    if not closed:
        await desk.note(Change.LEFT, event_id, customer_id, 0)
        return
    await desk.notify(
        "waitlist-closed",
        str(entry_id),
        f"entry/{entry_id}",
        customer_id,
        event_id=str(event_id),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of tickets, as it was told of."""

    id: UUID
    event_id: UUID
    customer_id: UUID
    tickets: int
    expires_at: datetime


async def make_offer(desk: Desk, offer: Offer) -> None:
    """Tells a customer of an offer."""
    await _tell_offer(desk, "offer-made", offer)


async def reschedule_offer(desk: Desk, offer: Offer) -> None:
    """Tells a customer of the other time at which an offer ends."""
    await desk.store.take_back(_offer_topic(offer.id))
    await _tell_offer(desk, "offer-made", offer)


async def warn_of_offer(desk: Desk, offer: Offer) -> None:
    """Tells a customer of an offer that ends soon."""
    await _tell_offer(desk, "offer-expiring", offer)


async def end_offer(desk: Desk, offer_id: UUID) -> None:
    """Tells nothing more of an offer that was answered or taken back."""
    await desk.store.take_back(_offer_topic(offer_id))


async def expire_offer(desk: Desk, offer_id: UUID, event_id: UUID, customer_id: UUID) -> None:
    """Tells a customer that an offer was not answered in time."""
    await end_offer(desk, offer_id)
    await desk.notify(
        "offer-expired", str(offer_id), _offer_topic(offer_id), customer_id, event_id=str(event_id)
    )


async def _tell_offer(desk: Desk, kind: str, offer: Offer) -> None:
    # The time is part of the cause: an offer that ends at another time is told of anew.
    await desk.notify(
        kind,
        f"{offer.id}/{offer.expires_at.isoformat()}",
        _offer_topic(offer.id),
        offer.customer_id,
        not_after=offer.expires_at,
        event_id=str(offer.event_id),
        tickets=offer.tickets,
        expires_at=offer.expires_at.isoformat(),
    )


# By the clock.


async def ask_who_comes(desk: Desk) -> bool:
    """Asks those with tickets, some days ahead, whether they are still coming.

    Returns:
        Whether there may be more to ask.
    """
    now, asked = desk.clock.now(), 0
    for stage in reversed(REMINDERS):
        for reservation, event in await desk.store.take_reminders(stage, now, BATCH):
            asked += 1
            await desk.notify(
                "still-coming",
                f"{reservation.id}/{event.moves}/{stage.hours}",
                topic_of(reservation.id),
                reservation.customer_id,
                not_after=event.starts_at - stage.until,
                event_id=str(event.id),
                reservation_id=str(reservation.id),
                hours=stage.hours,
            )
    return asked >= BATCH


async def hand_out_guest_lists(desk: Desk) -> None:
    """Sends staff the guest lists of events that are near."""
    now = desk.clock.now()
    for stage in reversed(GUEST_LISTS):
        for event in await desk.store.take_guest_lists(stage, now):
            await desk.notify(
                "guest-list",
                f"{event.id}/{event.moves}/{stage.hours}",
                f"event/{event.id}",
                None,
                not_after=event.starts_at + timedelta(hours=1),
                event_id=str(event.id),
                hours=stage.hours,
            )


async def tell_staff(desk: Desk, *, every: timedelta) -> bool:
    """Sends staff what has happened since the last time, in one message.

    Args:
        desk: Where notifications are written.
        every: For how long what happens is gathered.

    Returns:
        Whether there may be more to tell.
    """
    since = await desk.store.oldest_notice_at()
    if since is None or desk.clock.now() < since + every:
        return False
    notices = await desk.store.take_notices(MOST_NOTICES)
    if notices:
        await desk.notify(
            "reservation-digest",
            str(notices[-1].id),
            f"digest/{notices[-1].id}",
            None,
            notices=_as_facts(notices),
        )
    return len(notices) >= MOST_NOTICES


def _as_facts(notices: Sequence[StaffNotice]) -> Sequence[dict[str, Any]]:
    return [
        {
            "at": notice.at.isoformat(),
            "event_id": str(notice.event_id),
            "customer_id": str(notice.customer_id),
            "what": notice.what,
            "tickets": notice.tickets,
            "total": notice.total,
        }
        for notice in notices
    ]


def topic_of(reservation_id: UUID) -> str:
    """Returns what all that is told of a reservation is about."""
    return f"reservation/{reservation_id}"


def _offer_topic(offer_id: UUID) -> str:
    return f"offer/{offer_id}"
