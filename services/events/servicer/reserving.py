"""Reserving by group commit: requests that arrive together are decided and stored together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.errors import NotFound, Problem
from kit.group_commit import GroupCommit
from kit.idempotency import keep_answers
from kit.ids import Ids
from kit.postgres import Connection
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.event import Event
from services.events.domain.inventory import Ask
from services.events.domain.store import Reader, Store
from services.events.domain.tickets import Booking
from services.events.handlers import reservations
from services.events.handlers.locking import Seats
from services.events.servicer.messages import reservation_of
from services.events.servicer.retries import Request, first_of_each, in_order, known_to


@dataclass(frozen=True, slots=True)
class _Reserved:
    """A reservation, and the event that it is for: what the answer is made of."""

    booking: Booking
    event: Event

    def message(self) -> pb.Reservation:
        return reservation_of(self.booking, self.event)


_Answer = _Reserved | pb.Reservation | Problem


class Reserving:
    """Reserves tickets."""

    def __init__(
        self,
        database: Database,
        reader_of: Callable[[Connection], Reader],
        store_of: Callable[[Transaction], Store],
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reader_of = reader_of
        self._store_of = store_of
        self._ids = ids
        self._clock = clock
        self._group = GroupCommit[UUID, Request[Ask], _Reserved | pb.Reservation](self._answer)
        self._seen_left: dict[UUID, int] = {}

    async def reserve(self, event_id: UUID, request: Request[Ask]) -> pb.Reservation:
        """Reserves tickets, all that are asked for or none.

        Raises:
            Problem: If it is refused.
        """
        answer = await self._group.submit(event_id, request)
        # Others are reserving meanwhile.
        return answer.message() if isinstance(answer, _Reserved) else answer

    async def _answer(self, event_id: UUID, requests: Sequence[Request[Ask]]) -> Sequence[_Answer]:
        left = self._seen_left.get(event_id)
        if left is not None and left < min(request.ask.quantity for request in requests):
            answers = await self._answer_without_lock(event_id, requests)
            if answers is not None:
                return answers
        return await self._answer_with_lock(event_id, requests)

    async def _answer_without_lock(
        self, event_id: UUID, requests: Sequence[Request[Ask]]
    ) -> Sequence[_Answer] | None:
        """Answers where nobody can have tickets, as when they are sold out."""
        async with self._database.reader() as connection:
            reader = self._reader_of(connection)
            known = await known_to(connection, requests, pb.Reservation)
            others = first_of_each(requests, known)
            counted = await reader.counted(event_id)
            if counted is None:
                raise NotFound
            event, inventory = counted
            answers = await reservations.answer_without_reserving(
                reader, self._clock, event, inventory, [request.ask for request in others]
            )
        if answers is None:
            del self._seen_left[event_id]
            return None
        return in_order(requests, known, others, _with_event(answers, event))

    async def _answer_with_lock(
        self, event_id: UUID, requests: Sequence[Request[Ask]]
    ) -> Sequence[_Answer]:
        async with self._database.transaction() as transaction:
            store = self._store_of(transaction)
            seats = await Seats.locked(store, self._ids, event_id)
            # Whoever else uses one of these keys for this event has waited for the lock.
            known = await known_to(transaction.connection, requests, pb.Reservation)
            others = first_of_each(requests, known)
            answers = await reservations.reserve(
                store, self._ids, self._clock, seats, [request.ask for request in others]
            )
            reserved = _with_event(answers, seats.event)
            kept = {
                request.key: answer.message()
                for request, answer in zip(others, reserved, strict=True)
                if request.key and isinstance(answer, _Reserved)
            }
            if kept:
                await keep_answers(transaction.connection, kept)
        self._seen_left[event_id] = seats.inventory.available
        return in_order(requests, known, others, reserved)


def _with_event(
    answers: Sequence[reservations.Answer], event: Event
) -> Sequence[_Reserved | Problem]:
    return [
        answer if isinstance(answer, Problem) else _Reserved(answer, event) for answer in answers
    ]
