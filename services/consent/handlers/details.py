"""What a letter says beside what was taken down: looked up when it is written, so that it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Unavailable
from services.consent.domain.letters import Told
from services.consent.domain.neighbours import EventFiles, Names
from services.consent.domain.notifications import Notification
from services.consent.domain.programme import Event
from services.consent.domain.store import Stores
from services.consent.handlers.writing import Links


@dataclass(frozen=True, slots=True)
class ProgrammeDetails:
    """Looks up what letters about events say.

    Attributes:
        stores: Opens transactions.
        event_files: What the service of events prints.
        names: Who customers are.
        links: What letters link to.
    """

    stores: Stores
    event_files: EventFiles
    names: Names
    links: Links

    async def of(self, notification: Notification, language: str) -> Told | None:
        """Returns what a letter says, None if there is nothing to tell any longer.

        Raises:
            Unavailable: If another service is out of reach, or an event was not told of yet.
        """
        kinds = {
            "reservation-digest": self._digest,
            "guest-list": self._guest_list,
            "reservation-confirmed": self._confirmation,
            "event-moved": self._question,
            "still-coming": self._question,
            "event-published": self._announcement,
            "event-cancelled": self._cancellation,
        }
        if notification.kind in kinds:
            return await kinds[notification.kind](notification, language)
        if "event_id" not in notification.facts:
            return Told({})
        event = await self._event(notification)
        return Told({**_named(event), "url": self.links.event(event.id)})

    async def _announcement(self, notification: Notification, _language: str) -> Told | None:
        event = await self._event(notification)
        if event.cancelled_because is not None:
            return None
        return Told({**_named(event), "url": self.links.event(event.id)})

    async def _cancellation(self, notification: Notification, _language: str) -> Told:
        event = await self._event(notification)
        return Told({**_named(event), "reason": event.cancelled_because or ""})

    async def _confirmation(self, notification: Notification, language: str) -> Told | None:
        event, total = await self._event(notification), await self._tickets(notification)
        reservation_id = UUID(notification.facts["reservation_id"])
        tickets = await self.event_files.tickets(reservation_id, language)
        if tickets is None or not total:
            return None
        facts = {**_named(event), "url": self.links.event(event.id), "total": total}
        return Told(facts, (tickets,))

    async def _question(self, notification: Notification, _language: str) -> Told | None:
        event, tickets = await self._event(notification), await self._tickets(notification)
        if not tickets or event.cancelled_because is not None:
            return None
        facts = {**_named(event), "url": self.links.event(event.id), "tickets": tickets}
        if notification.customer_id is not None:
            facts["release_url"] = self.links.release(
                UUID(notification.facts["reservation_id"]),
                notification.customer_id,
                event.starts_at,
            )
        return Told(facts)

    async def _guest_list(self, notification: Notification, _language: str) -> Told | None:
        event = await self._event(notification)
        guest_list = await self.event_files.guest_list(event.id)
        if guest_list is None or event.cancelled_because is not None:
            return None
        facts = {
            **_named(event),
            "hours": notification.facts["hours"],
            "parties": guest_list.parties,
            "guests": guest_list.guests,
            "waiting": guest_list.waiting,
        }
        return Told(facts, guest_list.files)

    async def _digest(self, notification: Notification, _language: str) -> Told:
        notices: Sequence[Mapping[str, Any]] = notification.facts["notices"]
        event_ids = list(dict.fromkeys(UUID(notice["event_id"]) for notice in notices))
        async with self.stores() as store:
            events, reserved = await store.events(event_ids), await store.reserved(event_ids)
        if set(events) != set(event_ids):
            raise Unavailable
        names = await self.names.names({UUID(notice["customer_id"]) for notice in notices})

        def row(notice: Mapping[str, Any]) -> Mapping[str, Any]:
            return {
                "at": datetime.fromisoformat(notice["at"]),
                "name": names.get(UUID(notice["customer_id"]), ""),
                "what": notice["what"],
                "tickets": notice["tickets"],
                "total": notice["total"],
            }

        sections = [
            {
                "title": events[event_id].title,
                "starts_at": events[event_id].starts_at,
                "reserved": reserved.get(event_id, 0),
                "capacity": events[event_id].capacity,
                "rows": [row(each) for each in notices if each["event_id"] == str(event_id)],
            }
            for event_id in event_ids
        ]
        return Told(
            {
                "since": datetime.fromisoformat(notices[0]["at"]),
                "until": datetime.fromisoformat(notices[-1]["at"]),
                "events": sections,
            }
        )

    async def _event(self, notification: Notification) -> Event:
        event_id = UUID(notification.facts["event_id"])
        async with self.stores() as store:
            event = (await store.events([event_id])).get(event_id)
        if event is None:
            raise Unavailable
        return event

    async def _tickets(self, notification: Notification) -> int:
        async with self.stores() as store:
            known = await store.reservation(UUID(notification.facts["reservation_id"]))
        return known.tickets if known else 0


def _named(event: Event) -> dict[str, Any]:
    return {"title": event.title, "venue": event.venue, "starts_at": event.starts_at}
