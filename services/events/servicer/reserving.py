"""Reserving by group commit: requests that arrive together are decided and stored together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.errors import Problem
from kit.group_commit import GroupCommit
from kit.idempotency import Key, KeyReused, keep_answers, known_answers
from kit.ids import Ids
from kit.postgres import Connection
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.inventory import Ask
from services.events.domain.store import Reader, Store
from services.events.handlers import reservations
from services.events.servicer.messages import reservation_of


@dataclass(frozen=True, slots=True)
class Request:
    """A request for tickets.

    Attributes:
        ask: Who asks for how many.
        key: Its Idempotency-Key, if it has one.
    """

    ask: Ask
    key: Key | None


Answer = pb.Reservation | Problem


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
        self._group = GroupCommit[UUID, Request, pb.Reservation](self._answer)
        self._seen_left: dict[UUID, int] = {}

    async def reserve(self, event_id: UUID, request: Request) -> pb.Reservation:
        """Reserves tickets, all that are asked for or none.

        Raises:
            Problem: If it is refused.
        """
        return await self._group.submit(event_id, request)

    async def _answer(self, event_id: UUID, requests: Sequence[Request]) -> Sequence[Answer]:
        left = self._seen_left.get(event_id)
        if left is not None and left < min(request.ask.quantity for request in requests):
            answers = await self._answer_without_lock(event_id, requests)
            if answers is not None:
                return answers
        return await self._answer_with_lock(event_id, requests)

    async def _answer_without_lock(
        self, event_id: UUID, requests: Sequence[Request]
    ) -> Sequence[Answer] | None:
        """Answers where nobody can have tickets, as when they are sold out."""
        async with self._database.reader() as connection:
            reader = self._reader_of(connection)
            known = await _known(connection, requests)
            others = _first_of_each(requests, known)
            answers = await reservations.answer_without_reserving(
                reader, self._clock, event_id, [request.ask for request in others]
            )
            if answers is None:
                del self._seen_left[event_id]
                return None
            messages = await _messages(reader, event_id, answers)
        return _in_order(requests, known, dict(zip(map(id, others), messages, strict=True)))

    async def _answer_with_lock(
        self, event_id: UUID, requests: Sequence[Request]
    ) -> Sequence[Answer]:
        async with self._database.transaction() as transaction:
            store = self._store_of(transaction)
            # Whoever else uses one of these keys for this event waits for the lock.
            await store.lock_event(event_id)
            known = await _known(transaction.connection, requests)
            others = _first_of_each(requests, known)
            answers, left = await reservations.reserve(
                store, self._ids, self._clock, event_id, [request.ask for request in others]
            )
            messages = await _messages(store, event_id, answers)
            first_answers = {
                request.key: message
                for request, message in zip(others, messages, strict=True)
                if request.key and not isinstance(message, Problem)
            }
            if first_answers:
                await keep_answers(transaction.connection, first_answers)
        self._seen_left[event_id] = left
        return _in_order(requests, known, dict(zip(map(id, others), messages, strict=True)))


async def _known(
    connection: Connection, requests: Sequence[Request]
) -> Mapping[Key, pb.Reservation | KeyReused]:
    keys = [request.key for request in requests if request.key]
    return await known_answers(connection, keys, pb.Reservation) if keys else {}


def _first_of_each(requests: Sequence[Request], known: Mapping[Key, object]) -> Sequence[Request]:
    """Returns the requests that are neither answered before nor retries of another of them."""
    taken = {(key.scope, key.key_hash) for key in known}
    first: list[Request] = []
    for request in requests:
        if request.key is not None:
            name = request.key.scope, request.key.key_hash
            if name in taken:
                continue
            taken.add(name)
        first.append(request)
    return first


def _in_order(
    requests: Sequence[Request],
    known: Mapping[Key, pb.Reservation | KeyReused],
    answered: Mapping[int, Answer],
) -> Sequence[Answer]:
    """Returns the answer to each request: its own, or that of the first with its key."""
    first = {
        (request.key.scope, request.key.key_hash): request
        for request in reversed(requests)
        if request.key and id(request) in answered
    }

    def answer(request: Request) -> Answer:
        if id(request) in answered or request.key is None:
            return answered[id(request)]
        if request.key in known:
            return known[request.key]
        same = first[request.key.scope, request.key.key_hash]
        return answered[id(same)] if same.key == request.key else KeyReused()

    return [answer(request) for request in requests]


async def _messages(
    reader: Reader, event_id: UUID, answers: Sequence[reservations.Answer]
) -> Sequence[Answer]:
    if all(isinstance(answer, Problem) for answer in answers):
        return [answer for answer in answers if isinstance(answer, Problem)]
    event = (await reader.events([event_id]))[event_id]
    return [
        answer if isinstance(answer, Problem) else reservation_of(answer, event)
        for answer in answers
    ]
