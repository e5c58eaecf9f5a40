"""A message with a permit goes only with permission in the very moment in which it is sent."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

from kit import postgres
from kit.courier import Channel, Message, Transport, deliver, delivery, open_transports
from kit.database import Transaction
from kit.testing import Neighbours, eventually
from tests.integration.kit.post import SILENCE, Gate, MailServer, Writer, settings
from tests.integration.kit.world import MIGRATIONS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

OWNERS = tuple(f"owner{number}" for number in range(40))
WITHDRAW = "UPDATE permission SET given = false WHERE name = $1"


@dataclass
class Permissions:
    """What a service has been permitted, and how it asks for it.

    Attributes:
        url: The service's database.
        asking: The query.
    """

    url: str
    asking: str = "SELECT given FROM permission WHERE name = $1 FOR NO KEY UPDATE"

    async def holds(self, transaction: Transaction, message: Message) -> bool:
        return await transaction.connection.fetchval(self.asking, message.permit) is True

    @contextlib.asynccontextmanager
    async def connection(self) -> "AsyncGenerator[Connection]":
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    async def give(self, *owners: str) -> None:
        async with self.connection() as connection:
            await connection.execute(
                "INSERT INTO permission SELECT unnest($1::text[]), true", list(map(permit, owners))
            )

    async def withdraw(self, owner: str) -> None:
        """Returns when it is answered."""
        async with self.connection() as connection:
            await connection.execute(WITHDRAW, permit(owner))

    async def waiting(self, pid: int | None = None) -> int:
        """Returns how many connections wait for another one's lock, of all or of a process."""
        async with self.connection() as connection:
            return await connection.fetchval(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                    AND ($1::int IS NULL OR pid = $1)
                """,
                pid,
            )


class AskedOutside(Permissions):
    """Asks outside of the transaction in which the message is sent."""

    async def holds(self, transaction: Transaction, message: Message) -> bool:
        del transaction
        async with self.connection() as connection:
            return await connection.fetchval(self.asking, message.permit) is True


def permit(owner: str) -> str:
    return f"news:{owner}"


def news(owner: str, **more: object) -> Message:
    parts: dict[str, object] = {
        "channel": Channel.EMAIL,
        "recipient": f"{owner}@example.com",
        "purpose": "news",
        "text": "Konsert på laurdag.",
        "subject": "Konsert",
        "permit": permit(owner),
    }
    return Message(**{**parts, **more})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def sms() -> Message:
    return Message(Channel.SMS, "+4799999911", "code", "Koden er 482913.")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.courier.courier.POLL_SECONDS", 0.05)


@pytest.fixture
async def url(neighbours: Neighbours) -> str:
    return await neighbours.database(MIGRATIONS)


@pytest.fixture
async def permissions(url: str) -> Permissions:
    permissions = Permissions(url)
    await permissions.give("kari", "ola")
    return permissions


@pytest.fixture
async def writer(permissions: Permissions) -> Writer:
    return Writer(permissions.url, permits=permissions)


@pytest.fixture
async def mail() -> AsyncGenerator[MailServer]:
    server = MailServer()
    async with server.running():
        yield server


@pytest.fixture
async def by_mail(mail: MailServer, writer: Writer) -> AsyncGenerator[Mapping[Channel, Transport]]:
    async with open_transports(settings(mail), writer.clock) as transports:
        yield transports


async def test_what_was_withdrawn_while_it_lay_in_the_queue_is_never_handed_over(
    writer: Writer, permissions: Permissions
) -> None:
    mail = MailServer()
    async with (
        open_transports(settings(mail), writer.clock) as transports,
        writer.delivering(transports),
    ):
        await writer.write(news("kari"), news("ola"))
        await eventually(lambda: writer.tried(2))
        await permissions.withdraw("kari")
        async with mail.running():
            writer.clock.advance(timedelta(hours=3))
            await eventually(writer.ended)
    kari, ola = await writer.rows()
    assert (kari["outcome"], ola["outcome"]) == ("WITHDRAWN", "SENT")
    assert kari["content"] is None
    assert kari["ended_at"] == writer.clock.now()
    assert [got["To"] for got in mail.mails] == ["ola@example.com"]


async def test_a_permission_that_was_never_given_does_not_hold(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    async with writer.delivering(by_mail):
        await writer.write(news("stranger"))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["WITHDRAWN"]
    assert mail.tries == 0


async def test_what_needs_no_permission_goes_without(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    async with writer.delivering(by_mail):
        await writer.write(news("stranger", permit=""))
        await eventually(lambda: mail.mails)


@pytest.mark.parametrize(
    "guard", ["asked under a lock", "asked without a lock", "asked outside of the transaction"]
)
async def test_no_message_is_handed_over_after_its_withdrawal_was_answered(
    url: str, mail: MailServer, guard: str
) -> None:
    """Without the lock, or outside of the transaction, some are."""
    permissions = Permissions(url)
    if guard == "asked outside of the transaction":
        permissions = AskedOutside(url)
    if guard == "asked without a lock":
        permissions.asking = permissions.asking.removesuffix(" FOR NO KEY UPDATE")
    await permissions.give(*OWNERS)
    writer = Writer(url, permits=permissions)
    await writer.write(*map(news, OWNERS))
    async with (
        open_transports(settings(mail), writer.clock) as transports,
        _Withdrawing(transports[Channel.EMAIL], permissions).all() as withdrawing,
        writer.delivering({Channel.EMAIL: withdrawing}, writer.new_courier()),
        writer.delivering({Channel.EMAIL: withdrawing}, writer.new_courier()),
    ):
        await eventually(writer.ended)
    outcomes = await writer.outcomes()
    assert set(outcomes) == {"SENT", "WITHDRAWN"}
    assert len(mail.mails) == outcomes.count("SENT")
    assert (withdrawing.handed_over_too_late == []) is (guard == "asked under a lock")
    assert (withdrawing.answered_too_early == []) is (guard == "asked under a lock")


async def test_a_withdrawal_waits_for_the_hand_over_under_way_and_no_longer_than_its_bound(
    writer: Writer,
    permissions: Permissions,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "PERMITTED_SECONDS", 0.5)
    monkeypatch.setattr("kit.courier.smtp.TIMEOUT_SECONDS", 3600)
    mail.answers = [SILENCE]
    async with writer.delivering(by_mail):
        await writer.write(news("kari"))
        await eventually(lambda: mail.tries)
        withdrawal = asyncio.create_task(permissions.withdraw("kari"))
        await eventually(permissions.waiting)
        assert not withdrawal.done()
        await eventually(withdrawal.done)
        await eventually(lambda: writer.tried(1))
        writer.clock.advance(timedelta(seconds=5))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["WITHDRAWN"]
    assert mail.mails == []
    assert mail.tries == 1


@pytest.mark.parametrize("lock", ["FOR NO KEY UPDATE", "FOR SHARE"])
async def test_no_later_message_passes_a_withdrawal_that_waits(
    writer: Writer, permissions: Permissions, lock: str
) -> None:
    """Of those that share a lock, one passes: messages to a customer could keep it waiting."""
    permissions.asking = permissions.asking.replace("FOR NO KEY UPDATE", lock)
    gate = Gate()
    async with (
        writer.delivering({Channel.EMAIL: gate}),
        writer.delivering({Channel.EMAIL: gate}, writer.new_courier()),
    ):
        await writer.write(news("kari"))
        await eventually(lambda: gate.sent)
        withdrawal = asyncio.create_task(permissions.withdraw("kari"))
        await eventually(permissions.waiting)
        await writer.write(news("kari"))
        await eventually(lambda: _passed_or_waits(gate, permissions))
        gate.open.set()
        await withdrawal
        await eventually(writer.ended)
    first, second = await writer.outcomes()
    assert first == "SENT"
    assert (second == "WITHDRAWN") is (lock == "FOR NO KEY UPDATE")


def test_whoever_withdraws_waits_for_longer_than_a_hand_over_takes() -> None:
    waits_for = float(postgres.SESSION_SETTINGS["lock_timeout"].removesuffix("s"))
    assert waits_for > delivery.PERMITTED_SECONDS


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("dies", ["the process", "the connection to the database"])
async def test_a_courier_killed_between_hand_over_and_commit(
    writer: Writer,
    permissions: Permissions,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
    *,
    dies: str,
    withdrawn: bool,
) -> None:
    """It is handed over again under the same id, but only if the permit still holds."""
    monkeypatch.setattr(delivery, "GRACE_SECONDS", 0)
    killer = _Killer(by_mail[Channel.EMAIL], permissions, of_process=dies == "the process")
    async with writer.delivering({Channel.EMAIL: killer}, writer.new_courier()):
        await writer.write(news("kari"))
        await eventually(lambda: mail.mails)
        if dies != "the process":
            await eventually(lambda: writer.tried(1))
    assert await writer.outcomes() == [None]
    if withdrawn:
        await permissions.withdraw("kari")
    async with writer.delivering(by_mail):
        writer.clock.advance(delivery.LEASE)
        await eventually(writer.ended)
    assert await writer.outcomes() == ["WITHDRAWN" if withdrawn else "SENT"]
    assert len(mail.ids) == (1 if withdrawn else 2)
    assert len(set(mail.ids)) == 1


async def test_of_a_message_whose_lease_another_replica_has_taken_over_nothing_is_sent(
    writer: Writer, permissions: Permissions
) -> None:
    """The first one comes back from a long wait, and finds that it is not its message any more."""
    gate = Gate()
    async with permissions.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM permission FOR UPDATE")
        async with writer.delivering({Channel.EMAIL: gate}, writer.new_courier()):
            await writer.write(news("kari"))
            await eventually(permissions.waiting)
            await connection.execute("UPDATE courier_message SET attempts = attempts + 1")
            await connection.execute("COMMIT")
            await eventually(lambda: _nobody_waits(permissions))
            await writer.write(news("ola"))
            await eventually(lambda: gate.sent)
            gate.open.set()
            await eventually(lambda: _sent(writer, 1))
            await connection.execute("BEGIN")
    kari, ola = await writer.rows()
    assert gate.sent == [str(ola["id"])]
    assert kari["outcome"] is None


@pytest.mark.parametrize("change", [WITHDRAW, "UPDATE permission SET given = $1 = $1"])
async def test_whoever_changes_a_permission_can_end_what_waits(
    writer: Writer,
    permissions: Permissions,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    change: str,
) -> None:
    """Both lock the permission first, so that neither waits for the other for ever."""
    async with permissions.connection() as connection, writer.delivering(by_mail):
        async with connection.transaction():
            await connection.execute(change, permit("kari"))
            await writer.write(news("kari"))
            await eventually(permissions.waiting)
            await connection.execute("SELECT FROM courier_message FOR UPDATE NOWAIT")
            await connection.execute(
                """
                UPDATE courier_message SET outcome = 'WITHDRAWN', ended_at = now(), content = NULL
                WHERE permit = $1 AND outcome IS NULL
                """,
                permit("kari"),
            )
        await writer.write(news("ola"))
        await eventually(lambda: mail.mails)
        await eventually(writer.ended)
    assert await writer.outcomes() == ["WITHDRAWN", "SENT"]
    assert [got["To"] for got in mail.mails] == ["ola@example.com"]
    assert await writer.attempts() == 2


async def test_a_dead_address_is_told_of_a_message_with_a_permit_too(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    mail.answers_to = {"RCPT": ["550 5.1.1 no such person"]}
    async with writer.delivering(by_mail):
        await writer.write(news("kari"))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED"]
    assert writer.dead == ["kari@example.com"]
    assert mail.mails == []


async def test_hand_overs_under_way_leave_connections_to_others(
    writer: Writer, permissions: Permissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await permissions.give(*OWNERS)
    monkeypatch.setattr(delivery, "PERMITTED_SECONDS", 3600)
    stuck, passing = Gate(), Gate()
    passing.open.set()
    async with writer.delivering({Channel.EMAIL: stuck, Channel.SMS: passing}):
        await writer.write(*map(news, OWNERS[: delivery.BATCH]))
        await eventually(lambda: len(stuck.sent) == delivery.PERMITTED_AT_ONCE)
        for count in range(1, 4):
            await writer.write(sms())
            await eventually(lambda count=count: _sent(writer, count))
        assert len(stuck.sent) == delivery.PERMITTED_AT_ONCE
        stuck.open.set()
        await eventually(writer.ended)
    assert len(stuck.sent) == delivery.BATCH


async def test_what_waits_is_found_by_its_permit_and_forgets_it_a_day_after_its_end(
    writer: Writer, by_mail: Mapping[Channel, Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TIDY_SECONDS", 0.02)
    await writer.write(news("kari"), news("ola", permit=""))
    assert [row["permit"] for row in await writer.rows()] == ["news:kari", None]
    async with writer.delivering(by_mail):
        await eventually(writer.ended)
        assert [row["permit"] for row in await writer.rows()] == ["news:kari", None]
        writer.clock.advance(timedelta(days=1, seconds=1))
        await eventually(lambda: _forgotten(writer))


async def test_a_message_with_a_permit_that_nobody_could_be_asked_about_is_not_queued(
    url: str,
) -> None:
    writer = Writer(url)
    with pytest.raises(ValueError, match="permit"):
        await writer.write(news("kari"))
    assert await writer.rows() == []


async def test_nothing_is_delivered_if_nobody_could_be_asked(writer: Writer) -> None:
    async with writer.database() as database:
        with pytest.raises(ValueError, match="permits"):
            await deliver(
                writer.courier, database, {}, per_hour=1, ids=writer.ids, clock=writer.clock
            )


async def test_what_another_process_has_queued_with_a_permit_waits_for_one_that_can_ask(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    await writer.write(news("kari"))
    ignorant = Writer(writer.url, clock=writer.clock)
    async with ignorant.delivering(by_mail):
        await eventually(lambda: writer.tried(1))
    assert await writer.outcomes() == [None]
    assert mail.tries == 0


@dataclass
class _Withdrawal:
    """A withdrawal that goes on.

    Attributes:
        pid: Its connection, once it has one.
        is_answered: Whether it is over.
    """

    pid: int | None = None
    is_answered: bool = False


@dataclass
class _Withdrawing:
    """A transport during whose every hand-over owners withdraw.

    A hand-over ends only when its owner's withdrawal is answered or waits for a lock, and that of
    another owner, too, whose message comes soon or is being handed over.

    Attributes:
        transport: What carries the messages.
        permissions: What is withdrawn.
        handed_over_too_late: Whose message was handed over when the withdrawal was answered.
        answered_too_early: Whose withdrawal was answered before the message was marked as sent.
    """

    transport: Transport
    permissions: Permissions
    handed_over_too_late: list[str] = field(default_factory=list[str])
    answered_too_early: list[str] = field(default_factory=list[str])
    _handing_over: set[str] = field(default_factory=set[str])
    _withdrawals: dict[str, _Withdrawal] = field(default_factory=dict[str, _Withdrawal])

    @contextlib.asynccontextmanager
    async def all(self) -> "AsyncGenerator[_Withdrawing]":
        """Answers all withdrawals that have begun."""
        async with asyncio.TaskGroup() as self._tasks:
            yield self

    async def send(self, message: Message, message_id: UUID) -> None:
        owner, _, _ = message.recipient.partition("@")
        self._handing_over.add(owner)
        own = self._begin(owner)
        other = self._begin(OWNERS[(OWNERS.index(owner) + 10) % len(OWNERS)])
        for each in (own, other):
            await eventually(lambda each=each: self._is_answered_or_waits(each))
        await self.transport.send(message, message_id)
        if own.is_answered:
            self.handed_over_too_late.append(owner)

    def _begin(self, owner: str) -> _Withdrawal:
        if owner not in self._withdrawals:
            self._withdrawals[owner] = _Withdrawal()
            self._tasks.create_task(self._withdraw(owner, self._withdrawals[owner]))
        return self._withdrawals[owner]

    async def _withdraw(self, owner: str, withdrawal: _Withdrawal) -> None:
        async with self.permissions.connection() as connection:
            withdrawal.pid = connection.get_server_pid()
            await connection.execute(WITHDRAW, permit(owner))
            withdrawal.is_answered = True
            outcome = await connection.fetchval(
                "SELECT outcome FROM courier_message WHERE permit = $1", permit(owner)
            )
            if owner in self._handing_over and outcome != "SENT":
                self.answered_too_early.append(owner)

    async def _is_answered_or_waits(self, withdrawal: _Withdrawal) -> bool:
        return withdrawal.is_answered or (
            withdrawal.pid is not None and await self.permissions.waiting(withdrawal.pid) > 0
        )


@dataclass
class _Killer:
    """A transport that hands over, and then ends what its courier stands on.

    Attributes:
        transport: What carries the messages.
        permissions: Knows the database.
        of_process: Whether nobody ever comes back from it; else the connections of all are ended.
    """

    transport: Transport
    permissions: Permissions
    of_process: bool

    async def send(self, message: Message, message_id: UUID) -> None:
        await self.transport.send(message, message_id)
        if self.of_process:
            await asyncio.Event().wait()
        async with self.permissions.connection() as connection:
            await connection.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'
                """
            )


async def _sent(writer: Writer, count: int) -> bool:
    return (await writer.outcomes()).count("SENT") == count


async def _passed_or_waits(gate: Gate, permissions: Permissions) -> bool:
    """Whether a second message is handed over, or waits like whoever waits already."""
    return len(gate.sent) == 2 or await permissions.waiting() == 2


async def _nobody_waits(permissions: Permissions) -> bool:
    return not await permissions.waiting()


async def _forgotten(writer: Writer) -> bool:
    return all(row["permit"] is None for row in await writer.rows())
