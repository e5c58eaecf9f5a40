"""What those who run the suite ask of every service: `kundeapp.operations.v1.OperationsService`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats.errors
import structlog
from google.protobuf.message import Message

from kit import dead_letters, errors, migrations, outbox
from kit.bus import Bus
from kit.checks import check, required
from kit.clock import Clock
from kit.courier import Channel, CheckedTransport, Unreachable
from kit.database import Database
from kit.dead_letters import Key, Settlement
from kit.errors import FieldError, Invalid
from kit.idempotency import once
from kit.inbox import Consumer
from kit.moments import moment_of
from kit.postgres import Connection
from kit.server import Call
from kundeapp.operations.v1 import operations_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["OperationsService"]

USUAL_PAGE = 50
LARGEST_PAGE = 200
CHECK_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Operations:
    """One method for each RPC of `OperationsService`, which says what it does.

    Attributes:
        service: The service: `events`.
        migrations: Its `migrations` folder.
        database: Where everything is.
        bus: Where its events go and come from.
        relay: Wakes whoever publishes its events.
        consumers: Who reads from the bus.
        clock: Tells the time.
        transports: What carries its messages to people.
    """

    service: str
    migrations: Path
    database: Database
    bus: Bus
    relay: outbox.Outbox
    consumers: Sequence[Consumer]
    clock: Clock
    transports: Mapping[Channel, CheckedTransport] = field(
        default_factory=dict[Channel, CheckedTransport]
    )

    async def GetServiceState(  # noqa: N802 - as the RPC is called
        self, _request: pb.GetServiceStateRequest, _call: Call
    ) -> pb.ServiceState:
        """Looks at everything at once; what is out of reach hides nothing else."""
        state = pb.ServiceState(service=self.service)
        state.now.FromDatetime(self.clock.now())
        _, bus, transports = await asyncio.gather(
            self._look_at_database(state), self._bus(), self._transports()
        )
        state.bus.CopyFrom(bus)
        state.transports.extend(transports)
        return state

    async def ListDeadLetters(  # noqa: N802
        self, request: pb.ListDeadLettersRequest, _call: Call
    ) -> pb.ListDeadLettersResponse:
        """Lists letters."""
        after, size = _position_of(request.page_token), _size_of(request.page_size)
        async with self.database.reader() as connection:
            found = await dead_letters.letters(connection, after, size + 1, settled=request.settled)
        answer = pb.ListDeadLettersResponse()
        for row in found[:size]:
            letter = _letter_of(row)
            letter.ClearField("payload")
            answer.dead_letters.append(letter)
        if len(found) > size:
            last = answer.dead_letters[-1]
            answer.next_page_token = f"{last.event_id}/{last.consumer}"
        return answer

    async def GetDeadLetter(  # noqa: N802
        self, request: pb.GetDeadLetterRequest, _call: Call
    ) -> pb.DeadLetter:
        """Shows a letter."""
        key = _key_of(request)
        async with self.database.reader() as connection:
            return _letter_of(await dead_letters.letter(connection, key))

    async def ReplayDeadLetter(  # noqa: N802
        self, request: pb.ReplayDeadLetterRequest, call: Call
    ) -> pb.DeadLetter:
        """Handles an event once more."""
        key, settlement = _key_of(request), self._settlement(request, call)
        consumers = {consumer.name: consumer for consumer in self.consumers}
        async with self.database.transaction() as transaction:

            async def replay() -> pb.DeadLetter:
                return _letter_of(
                    await dead_letters.replay(transaction, consumers, key, settlement)
                )

            return await once(transaction, call, request, replay, pb.DeadLetter)

    async def DiscardDeadLetter(  # noqa: N802
        self, request: pb.DiscardDeadLetterRequest, call: Call
    ) -> pb.DeadLetter:
        """Settles an event without effect."""
        key, settlement = _key_of(request), self._settlement(request, call)
        async with self.database.transaction() as transaction:

            async def discard() -> pb.DeadLetter:
                return _letter_of(
                    await dead_letters.discard(transaction.connection, key, settlement)
                )

            return await once(transaction, call, request, discard, pb.DeadLetter)

    async def RepublishEvents(  # noqa: N802
        self, request: pb.RepublishEventsRequest, call: Call
    ) -> pb.RepublishEventsResponse:
        """Has events published again."""
        since = moment_of(request, "since")
        if since is None:
            raise Invalid(FieldError("since", "REQUIRED_FIELD"))
        async with self.database.transaction() as transaction:

            async def republish() -> pb.RepublishEventsResponse:
                events = await outbox.republish(transaction.connection, since)
                _log.info(
                    "events republished",
                    since=since.isoformat(),
                    events=events,
                    by=str(call.caller.account),
                )
                return pb.RepublishEventsResponse(events=events)

            transaction.after_commit(self.relay.wake)
            return await once(transaction, call, request, republish, pb.RepublishEventsResponse)

    def _settlement(
        self, request: pb.ReplayDeadLetterRequest | pb.DiscardDeadLetterRequest, call: Call
    ) -> Settlement:
        check(required("reason", request.reason))
        return Settlement(self.clock.now(), call.caller.account, request.reason.strip())

    async def _look_at_database(self, state: pb.ServiceState) -> None:
        newest = await asyncio.to_thread(migrations.newest_revision, self.migrations)
        state.database.newest_revision = newest

        async def look() -> None:
            async with self.database.reader() as connection:
                await _look_at_database(connection, state)

        state.database.problem = await _problem_of(look)

    async def _bus(self) -> pb.ServiceState.Bus:
        answer = pb.ServiceState.Bus()

        async def look() -> None:
            found = await self.bus.state([consumer.name for consumer in self.consumers])
            answer.has_stream = found.has_stream
            answer.replicas = found.replicas
            answer.wanted_replicas = found.wanted_replicas
            answer.current_replicas = found.current_replicas
            answer.stored_bytes = found.stored_bytes
            answer.most_bytes = found.most_bytes
            for each in found.consumers:
                answer.consumers.add(
                    name=each.name,
                    exists=each.exists,
                    waiting=each.pending + each.unacknowledged,
                    redelivered=each.redelivered,
                )

        answer.problem = await _problem_of(look)
        return answer

    async def _transports(self) -> Sequence[pb.ServiceState.Transport]:
        problems = await asyncio.gather(
            *(_problem_of(transport.check) for transport in self.transports.values())
        )
        return [
            pb.ServiceState.Transport(channel=channel.value, problem=problem)
            for channel, problem in zip(self.transports, problems, strict=True)
        ]


async def _problem_of(look: Callable[[], Awaitable[None]]) -> str:
    """Looks at something, and returns what kept it from being seen; empty if nothing did."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await look()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:.0f} s"
    except errors.Unavailable as error:
        return repr(error.__cause__)
    except (Unreachable, nats.errors.Error, OSError, asyncpg.PostgresError) as error:
        return repr(error)
    return ""


async def _look_at_database(connection: Connection, state: pb.ServiceState) -> None:
    [about] = await connection.fetch(
        """
        SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
            pg_database_size(current_database()) AS size_bytes,
            (SELECT version_num FROM alembic_version) AS revision,
            (SELECT CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity')
                         THEN last_failed_wal END FROM pg_stat_archiver) AS archiving_fails_at,
            (SELECT count(*) FROM dead_letter WHERE outcome IS NULL) AS dead_letters
        """,
    )
    state.database.version = about["version"].partition(" ")[0]
    state.database.now.FromDatetime(about["now"])
    state.database.size_bytes = about["size_bytes"]
    state.database.revision = about["revision"]
    state.database.archiving_fails_at = about["archiving_fails_at"] or ""
    state.dead_letters = about["dead_letters"]
    standbys = await connection.fetch(
        """
        SELECT application_name, coalesce(state, '') AS state,
            coalesce(extract(epoch FROM replay_lag), 0)::float8 AS lag_seconds
        FROM pg_stat_replication ORDER BY application_name
        """
    )
    for each in standbys:
        state.database.standbys.add(
            name=each["application_name"], state=each["state"], lag_seconds=each["lag_seconds"]
        )
    backlog = await outbox.backlog(connection)
    state.outbox.waiting = backlog.waiting
    _put(state.outbox, "oldest", backlog.oldest)
    _put(state.outbox, "last_sent_at", backlog.last_sent_at)


def _key_of(
    request: pb.GetDeadLetterRequest | pb.ReplayDeadLetterRequest | pb.DiscardDeadLetterRequest,
) -> Key:
    check(required("consumer", request.consumer), required("event_id", request.event_id))
    try:
        return Key(request.consumer, UUID(request.event_id))
    except ValueError:
        raise Invalid(FieldError("event_id", "NOT_A_UUID")) from None


def _position_of(token: str) -> Key | None:
    if not token:
        return None
    event_id, _, consumer = token.partition("/")
    try:
        return Key(consumer, UUID(event_id))
    except ValueError:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None


def _size_of(page_size: int) -> int:
    if page_size < 0:
        facts = {"minimum": 0, "maximum": LARGEST_PAGE}
        raise Invalid(FieldError("page_size", "OUT_OF_RANGE", facts))
    return min(page_size or USUAL_PAGE, LARGEST_PAGE)


def _letter_of(row: asyncpg.Record) -> pb.DeadLetter:
    letter = pb.DeadLetter(
        consumer=row["consumer"],
        event_id=str(row["event_id"]),
        subject=row["subject"],
        type=row["type"],
        payload=row["payload"],
        traceparent=row["traceparent"] or "",
        failure=row["reason"],
        outcome=row["outcome"] or pb.DeadLetter.OUTCOME_UNSPECIFIED,
        settled_by=str(row["settled_by"] or ""),
        settled_because=row["settled_because"] or "",
    )
    for name in ("occurred_at", "buried_at", "settled_at"):
        _put(letter, name, row[name])
    return letter


def _put(message: Message, name: str, moment: datetime | None) -> None:
    if moment is not None:
        timestamp: Any = getattr(message, name)
        timestamp.FromDatetime(moment)
