"""Joining a waiting list by group commit, as tickets are reserved."""

from collections.abc import Callable, Sequence
from uuid import UUID

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.errors import Problem
from kit.group_commit import GroupCommit
from kit.idempotency import keep_answers
from kit.ids import Ids
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.store import Store
from services.events.domain.waiting_list import Wish
from services.events.handlers import waiting_list
from services.events.handlers.locking import Seats
from services.events.servicer.messages import waitlist_entry_of
from services.events.servicer.retries import Request, first_of_each, in_order, known_to

_Answer = pb.WaitlistEntry | Problem


class Joining:
    """Lets customers wait."""

    def __init__(
        self,
        database: Database,
        store_of: Callable[[Transaction], Store],
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store_of = store_of
        self._ids = ids
        self._clock = clock
        self._group = GroupCommit[UUID, Request[Wish], pb.WaitlistEntry](self._answer)

    async def join(self, event_id: UUID, request: Request[Wish]) -> pb.WaitlistEntry:
        """Lets a customer wait for an event, or register for its ballot.

        Raises:
            Problem: If it is refused.
        """
        return await self._group.submit(event_id, request)

    async def _answer(self, event_id: UUID, requests: Sequence[Request[Wish]]) -> Sequence[_Answer]:
        async with self._database.transaction() as transaction:
            store = self._store_of(transaction)
            seats = await Seats.locked(store, self._ids, event_id)
            # Whoever else uses one of these keys for this event has waited for the lock.
            known = await known_to(transaction.connection, requests, pb.WaitlistEntry)
            others = first_of_each(requests, known)
            places = await waiting_list.join(
                store, self._ids, self._clock, seats, [request.ask for request in others]
            )
            entries: list[_Answer] = [
                place if isinstance(place, Problem) else waitlist_entry_of(place, seats.event)
                for place in places
            ]
            kept = {
                request.key: entry
                for request, entry in zip(others, entries, strict=True)
                if request.key and isinstance(entry, pb.WaitlistEntry)
            }
            if kept:
                await keep_answers(transaction.connection, kept)
        return in_order(requests, known, others, entries)
