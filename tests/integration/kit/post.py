"""A post office: a real SMTP server, a real HTTP gateway, and a service that writes to people."""

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from uuid import UUID

import asyncpg
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from kit.courier import (
    Channel,
    Courier,
    CourierSettings,
    Message,
    Permits,
    Transport,
    deliver,
    delivery,
)
from kit.database import Database, Transaction
from kit.ids import SystemIds
from kit.local.processes import LOOPBACK, free_port
from kit.outbox import Outbox
from kit.repeat import background
from kit.testing import FrozenClock
from kit.tls import Identity

KEY = b"k" * 32
LOGIN = LoginPassword(b"kundeapp", b"grautfat")
SILENCE = "says nothing"
HANGS_UP = "hangs up"
TAKES_AND_HANGS_UP = "takes the mail, and hangs up before it says so"


@dataclass
class MailServer:
    """An SMTP server on this machine.

    Attributes:
        port: Where it listens.
        identity: Its certificate, which it then asks for STARTTLS with; None for no TLS.
        login: Whether it asks for the login.
        answers: What it says to the next messages instead of taking them, or what it does.
        answers_to: The same for the commands MAIL, RCPT and RSET.
        sessions: The connections that were made to it.
        tries: How often a message was handed to it.
        mails: What it has taken.
        raw: The same, byte by byte.
    """

    port: int = field(default_factory=free_port)
    identity: Identity | None = None
    login: bool = False
    answers: list[str] = field(default_factory=list[str])
    answers_to: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    sessions: list[SMTP] = field(default_factory=list[SMTP])
    tries: int = 0
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    raw: list[bytes] = field(default_factory=list[bytes])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        server = await asyncio.get_running_loop().create_server(self._session, LOOPBACK, self.port)
        async with server:
            yield
            self.hang_up()

    def hang_up(self) -> None:
        """Closes the connections of all who are there."""
        for session in self.open_sessions:
            assert session.transport is not None
            session.transport.close()

    @property
    def open_sessions(self) -> Sequence[SMTP]:
        """The connections that are still open."""
        return [session for session in self.sessions if session.transport is not None]

    @property
    def ids(self) -> Sequence[str]:
        """The Message-IDs of what it has taken."""
        return [mail["Message-ID"] for mail in self.mails]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, self.answers_to.get("MAIL"))

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer(server, self.answers_to.get("RCPT"))

    async def handle_RSET(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, _session: object, _envelope: object
    ) -> str:
        return await self._answer(server, self.answers_to.get("RSET"))

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, _session: object, envelope: Envelope
    ) -> str:
        self.tries += 1
        if not self.answers:
            self._take(envelope)
        elif self.answers[0] == TAKES_AND_HANGS_UP:
            self._take(envelope)
            self.answers[0] = HANGS_UP
        return await self._answer(server, self.answers)

    async def _answer(self, server: SMTP, answers: list[str] | None) -> str:
        answer = answers.pop(0) if answers else "250 OK"
        if answer == HANGS_UP:
            assert server.transport is not None
            server.transport.close()
        if answer in {HANGS_UP, SILENCE}:
            await asyncio.Event().wait()  # until the connection is lost
        return answer

    def _take(self, envelope: Envelope) -> None:
        raw = cast("bytes", envelope.original_content)
        mail = message_from_bytes(raw, policy=policy.default)
        assert [mail["To"]] == envelope.rcpt_tos
        self.raw.append(raw)
        self.mails.append(mail)

    def _session(self) -> SMTP:
        session = SMTP(
            self,
            hostname="localhost",
            tls_context=self._tls(),
            require_starttls=self.identity is not None,
            authenticator=_check,
            auth_required=self.login,
            auth_require_tls=self.identity is not None,
            loop=asyncio.get_running_loop(),
        )
        self.sessions.append(session)
        return session

    def _tls(self) -> ssl.SSLContext | None:
        if self.identity is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.identity.certificate, self.identity.key)
        return context


def _check(
    _server: object, _session: object, _envelope: object, _mechanism: str, data: object
) -> AuthResult:
    return AuthResult(success=data == LOGIN, handled=False)


@dataclass
class Gateway:
    """An HTTP gateway for SMS and push.

    Attributes:
        answers: With which status it answers the next requests; 202 after that.
        requests: What was posted: headers and body.
    """

    answers: list[int] = field(default_factory=list[int])
    requests: list[tuple[Mapping[str, str], Any]] = field(
        default_factory=list[tuple[Mapping[str, str], Any]]
    )
    url: str = ""

    @contextlib.contextmanager
    def running(self) -> Generator[None]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                gateway.requests.append((dict(self.headers), body))
                self.send_response(gateway.answers.pop(0) if gateway.answers else 202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                """Says nothing."""

        with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.url = f"http://{LOOPBACK}:{server.server_port}/messages"
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


@dataclass
class Writer:
    """A service that writes to people, on a database of its own.

    Attributes:
        url: The database.
        clock: Stands still until a test moves it.
        ids: Names messages.
        per_hour: How many messages of a purpose a recipient gets in an hour at most.
        permits: Is asked about messages with a permit.
        dead: Whose address turned out to be dead.
    """

    url: str
    clock: FrozenClock = field(default_factory=FrozenClock)
    ids: SystemIds = field(default_factory=SystemIds)
    per_hour: int = 10
    permits: Permits | None = None
    dead: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        """Returns the courier of another process, which nobody here has woken."""
        return Courier([KEY], Channel, self.ids, self.clock, permits=self.permits is not None)

    def database(self) -> contextlib.AbstractAsyncContextManager[Database]:
        return Database.open(self.url, Outbox("identity", self.ids, self.clock), connections=6)

    @contextlib.asynccontextmanager
    async def delivering(
        self, transports: Mapping[Channel, Transport], courier: Courier | None = None
    ) -> AsyncGenerator[None]:
        """Delivers as a replica does."""
        async with self.database() as database:
            work = deliver(
                courier or self.courier,
                database,
                transports,
                per_hour=self.per_hour,
                ids=self.ids,
                clock=self.clock,
                permits=self.permits,
                on_dead_address=self._suppress,
            )
            async with background(work):
                yield

    async def _suppress(self, transaction: Transaction, message: Message) -> None:
        transaction.after_commit(lambda: self.dead.append(message.recipient))

    async def write(self, *messages: Message) -> None:
        """Queues messages as a use case does."""
        async with self.database() as database, database.transaction() as transaction:
            await self.courier.queue(transaction, *messages)

    async def rows(self) -> Sequence[asyncpg.Record]:
        """Returns the queue, oldest first."""
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch("SELECT * FROM courier_message ORDER BY id")
        finally:
            await connection.close()

    async def outcomes(self) -> Sequence[str | None]:
        return [row["outcome"] for row in await self.rows()]

    async def attempts(self) -> int:
        return sum(row["attempts"] for row in await self.rows())

    async def ended(self) -> bool:
        """Whether everything was sent or given up."""
        return None not in await self.outcomes()

    async def tried(self, attempts: int) -> bool:
        """Whether that many attempts were made, and what came of them was noted."""
        return await self.attempts() >= attempts and await self.quiet()

    async def quiet(self) -> bool:
        """Whether nothing is under way or due."""
        now = self.clock.now()
        return all(
            row["outcome"] or (row["due_at"] != now + delivery.LEASE and row["due_at"] > now)
            for row in await self.rows()
        )


def settings(mail: MailServer | None = None, **more: object) -> CourierSettings:
    """Returns settings for a mail server."""
    ours: dict[str, object] = {"mail_from": "Kraftklubben <post@example.com>"}
    if mail is not None:
        identity = mail.identity
        ours |= {
            "smtp_host": "localhost",
            "smtp_port": mail.port,
            "smtp_tls": "starttls" if identity else "none",
            "smtp_authority": identity and identity.authority,
        }
    return CourierSettings.model_validate({**ours, **more})


@dataclass
class Gate:
    """A transport that notes what it is given, and keeps it until it is opened.

    Attributes:
        open: Whether messages pass; set by a test.
        sent: The ids of what it was given.
    """

    open: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[str] = field(default_factory=list[str])

    async def send(self, _message: Message, message_id: UUID) -> None:
        self.sent.append(str(message_id))
        await self.open.wait()
