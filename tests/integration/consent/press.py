"""A newsroom on a real database: who writes, who is written to, and what arrives."""

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from kit.courier import Channel as Way
from kit.courier import Courier, Message, Permits, Transport, deliver
from kit.errors import Unavailable
from kit.ids import SystemIds
from kit.keyed_hash import SecretKey
from kit.repeat import background
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import email_address, phone_number
from services.consent.domain.ledger import Actor, By, Change, Decision
from services.consent.domain.letters import Details
from services.consent.domain.mailings import Mailing, Progress, Text
from services.consent.domain.notifications import Notification
from services.consent.domain.quiet import QuietHours
from services.consent.domain.recipients import Recipient
from services.consent.handlers import ledger, mailings, unsubscribing
from services.consent.handlers.mailings import Newsroom
from services.consent.handlers.suppression import Desk
from services.consent.handlers.writing import Links, NothingMore, Writer
from services.consent.hashing import KeyedAddressHashes
from services.consent.letters import write
from services.consent.post import Bounces, ConsentPermits, CourierPost
from services.consent.storage import PostgresStore, PostgresStores, PostgresWritingStores
from services.consent.tokens import KeyedReleaseTokens, KeyedUnsubscribeTokens
from tests.integration.consent.world import House

KEYS = (SecretKey("first", b"1" * 32),)
URL = "https://kundeapp.example.no"
PURPOSE = "kraftklubben"
TEXTS = {"nn": Text("Haust i Kraftklubben", "Det blir **konsert**.")}


@dataclass
class Identity:
    """`Recipients` as identity would answer.

    Attributes:
        known: How each customer is reached.
        staff: Who runs events.
        is_up: Whether it answers.
        meanwhile: What happens while it is being asked.
    """

    known: dict[UUID, Recipient] = field(default_factory=dict[UUID, Recipient])
    staff: list[Recipient] = field(default_factory=list[Recipient])
    is_up: bool = True
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def customers(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Recipient]:
        """Returns how those customers are reached that are known."""
        if self.meanwhile is not None:
            await self.meanwhile()
        if not self.is_up:
            raise Unavailable
        return {each: self.known[each] for each in customer_ids if each in self.known}

    async def event_staff(self) -> Sequence[Recipient]:
        """Returns how the staff are reached who run events."""
        if not self.is_up:
            raise Unavailable
        return self.staff


@dataclass
class Letterbox:
    """A transport that keeps what it is given.

    Attributes:
        messages: What it was given.
        on_arrival: What happens with each message, before it is kept.
    """

    messages: list[Message] = field(default_factory=list[Message])
    on_arrival: Callable[[Message], Awaitable[object]] | None = None

    async def send(self, message: Message, _message_id: UUID) -> None:
        """Keeps a message."""
        if self.on_arrival is not None:
            await self.on_arrival(message)
        self.messages.append(message)

    @property
    def recipients(self) -> list[str]:
        """To whom they went."""
        return [message.recipient for message in self.messages]


class AlwaysHolds:
    """`Permits` that ask nobody."""

    async def holds(self, _transaction: object, _message: Message) -> bool:
        """Says yes."""
        return True


@dataclass
class Press:
    """A newsroom and those who read what it writes.

    Attributes:
        house: The use cases of the ledger, on a database.
        identity: Knows how people are reached.
        letterbox: Gets all messages, by whatever channel.
        details: Looks up what letters say.
        channels: By which channels there is a transport.
        quiet: When nobody is woken.
        permits: Are asked before a message goes; the real ones if none are given.
    """

    house: House
    identity: Identity = field(default_factory=Identity)
    letterbox: Letterbox = field(default_factory=Letterbox)
    details: Details = field(default_factory=NothingMore)
    channels: Collection[Channel] = frozenset({Channel.EMAIL, Channel.SMS, Channel.PUSH})
    quiet: QuietHours = field(default_factory=QuietHours)
    permits: Permits | None = None

    hashes = KeyedAddressHashes(KEYS)
    tokens = KeyedUnsubscribeTokens(KEYS)
    ids = SystemIds()

    @property
    def stores(self) -> PostgresStores:
        """Opens transactions."""
        return PostgresStores(self.house.database)

    def courier(self) -> Courier:
        """Returns the courier of a process."""
        ways = [Way[channel] for channel in self.channels]
        keys = [key.value for key in KEYS]
        return Courier(keys, ways, self.ids, self.house.clock, permits=True)

    def writer(self, courier: Courier | None = None) -> Writer:
        """Returns the writer of a process."""
        post = CourierPost(courier or self.courier())
        return Writer(
            stores=PostgresWritingStores(self.house.database, post),
            recipients=self.identity,
            details=self.details,
            write=partial(write, phone="+47 00 00 00 10"),
            links=Links(URL, self.tokens, KeyedReleaseTokens(KEYS)),
            hashes=self.hashes,
            channels=self.channels,
            quiet=self.quiet,
            clock=self.house.clock,
        )

    def newsroom(self) -> Newsroom:
        """Returns what mailings are made with."""
        return Newsroom(self.writer(), self.ids, self.house.clock)

    # People.

    async def offer(self) -> None:
        """Asks customers whether they want news."""
        await self.house.sql(
            "INSERT INTO notice_version VALUES ($1, 1, true, $2)", PURPOSE, self.house.clock.now()
        )
        await self.house.sql(
            "INSERT INTO purpose VALUES ($1, 1, $1, $2, 'Klubben', 'Klubben', 'The club')",
            PURPOSE,
            list(Channel),
        )

    async def people(self, *recipients: Recipient, agree: Collection[Channel] = ()) -> list[UUID]:
        """Takes customers in whose addresses are confirmed, and who agree to news."""
        ids = [self.ids.new_id() for _ in recipients]
        self.identity.known.update(zip(ids, recipients, strict=True))
        await self.house.sql(
            """
            INSERT INTO customer (id, status, account_id, language, email_hash,
                is_email_confirmed, mobile_hash, is_mobile_confirmed, ask_at)
            SELECT id, 'ACTIVE', account_id, 'nn', email_hash, email_hash IS NOT NULL,
                mobile_hash, mobile_hash IS NOT NULL, NULL
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
                AS c (id, account_id, email_hash, mobile_hash)
            """,
            ids,
            [each.account_id for each in recipients],
            [self._hash(each.email) for each in recipients],
            [self._hash(each.mobile) for each in recipients],
        )
        for channel in agree:
            await self.house.sql(
                """
                INSERT INTO consent SELECT id, $2, $3, 'GIVEN', 1, 1, $4
                FROM unnest($1::uuid[]) AS id
                """,
                ids,
                PURPOSE,
                channel,
                self.house.clock.now(),
            )
        return ids

    async def readers(self, number: int) -> list[UUID]:
        """Takes customers in who want news by mail."""
        people = [reader(f"reader-{each}@example.no") for each in range(number)]
        return await self.people(*people, agree=[Channel.EMAIL])

    async def withdraw(self, customer_id: UUID, channel: Channel = Channel.EMAIL) -> None:
        """Has a customer say no, as on Di side."""
        by = By(Actor.CUSTOMER, "SELF_SERVICE")
        change = Change(customer_id, PURPOSE, channel, Decision.WITHDRAWN, by)
        async with self.stores() as store:
            await ledger.record(store, self.house.clock, [change])

    async def follow(self, token: str) -> None:
        """Has somebody take leave by a link."""
        async with self.stores() as store:
            await unsubscribing.unsubscribe(store, self.house.clock, self.tokens, token)

    # News.

    async def draft(self, **texts: Text) -> Mailing:
        """Writes a draft."""
        async with self.stores() as store:
            return await mailings.create(
                store, self.newsroom(), PURPOSE, texts or TEXTS, by=uuid4()
            )

    async def schedule(self, mailing: Mailing, send_at: datetime | None = None) -> Mailing:
        """Has a mailing sent."""
        async with self.stores() as store:
            return await mailings.schedule(
                store, self.newsroom(), mailing.id, mailing.version, send_at, by=uuid4()
            )

    async def send_news(self, **texts: Text) -> Mailing:
        """Writes a mailing, and has it sent at once."""
        return await self.schedule(await self.draft(**texts))

    async def stop(self, mailing: Mailing) -> None:
        """Stops a mailing."""
        async with self.stores() as store:
            await mailings.stop(store, self.newsroom(), mailing.id, by=uuid4())

    async def state(self, mailing: Mailing) -> tuple[str, Progress]:
        """Returns where a mailing is, and how far."""
        async with self.stores() as store:
            found, progress = await mailings.get(store, mailing.id)
        return found.state.value, progress

    async def tend(self) -> None:
        """Goes as far with mailings as it goes at once."""
        while await mailings.tend_all(self.stores, self.newsroom()):
            pass

    # Letters.

    async def notify(self, *notifications: Notification) -> None:
        """Takes down what is to be told."""
        async with self.stores() as store:
            await store.notify(*notifications)

    async def write(self) -> None:
        """Writes all that is due."""
        writer = self.writer()
        while await writer.write_due():
            pass

    @contextlib.asynccontextmanager
    async def delivering(
        self, transport: Transport | None = None, processes: int = 1
    ) -> AsyncGenerator[None]:
        """Delivers as replicas do, each on connections of its own."""
        async with AsyncExitStack() as stack:
            for _ in range(processes):
                courier, database = self.courier(), self.house.database
                work = deliver(
                    courier,
                    database,
                    dict.fromkeys(courier.channels, transport or self.letterbox),
                    per_hour=100,
                    ids=self.ids,
                    clock=self.house.clock,
                    permits=self.permits or self.real_permits(),
                    on_dead_address=Bounces(
                        PostgresStore, Desk(self.hashes, self.ids, self.house.clock)
                    ).note,
                )
                await stack.enter_async_context(background(work))
            yield

    def real_permits(self) -> Permits:
        """Returns what asks the database before a message goes."""
        return ConsentPermits(PostgresStore, self.hashes, self.quiet, self.house.clock)

    async def all_is_delivered(self) -> bool:
        """Tells whether nothing waits with the courier."""
        [row] = await self.house.sql("SELECT count(*) FROM courier_message WHERE outcome IS NULL")
        return row["count"] == 0

    async def told(self) -> Counter[tuple[str, str | None]]:
        """Returns what has become of notifications."""
        rows = await self.house.sql("SELECT state, reason FROM notification")
        return Counter((row["state"], row["reason"]) for row in rows)

    def _hash(self, text: str) -> str | None:
        if not text:
            return None
        address = email_address(text) if "@" in text else phone_number(text)
        return self.hashes.of(address)[0]


def reader(
    email: str = "kari@example.no", mobile: str = "", account_id: UUID | None = None
) -> Recipient:
    """Returns somebody whose addresses are confirmed."""
    return Recipient(
        account_id=account_id,
        language="nn",
        email=email,
        is_email_confirmed=True,
        mobile=mobile,
        is_mobile_confirmed=bool(mobile),
    )
