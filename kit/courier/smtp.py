"""Mails to an SMTP server (RFC 5321), over connections that serve several of them."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from email.headerregistry import Address
from uuid import UUID

import aiosmtplib

from kit.clock import Clock
from kit.courier import mail
from kit.courier.message import Message, Refused, Unreachable
from kit.courier.settings import CourierSettings

TIMEOUT_SECONDS = 15.0
IDLE_SECONDS = 5.0
"""Less than any server waits for a command (RFC 5321, 4.5.3.2.7: five minutes)."""
MOST_MAILS = 100
"""How many mails a connection serves, so that all servers behind one name get their share."""
PROBE_SECONDS = 1.0
PARTING_SECONDS = 1.0

_PERMANENT = 500  # The first code for what will never do (RFC 5321, 4.2.1)
_MAILBOX_UNAVAILABLE = 550
# User not local, mailbox name not allowed, domain takes no mail (RFC 5321, 4.2.3; RFC 7504).
_ABOUT_AN_ADDRESS = frozenset({_MAILBOX_UNAVAILABLE, 551, 553, 556})
# Bad mailbox, bad system, bad syntax, moved (RFC 3463, 3.2), null MX (RFC 7505); not 5.1.7 and
# 5.1.8, which are about the sender, nor 5.1.0, which servers say of senders, too.
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_ENHANCED_CODE = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


class SmtpTransport:
    """Hands mails to an SMTP server."""

    def __init__(self, settings: CourierSettings, sender: Address, clock: Clock) -> None:
        """Takes settings, of which it reads the files.

        Raises:
            OSError: If one of them cannot be read.
        """
        self._settings = settings
        file = settings.smtp_password_file
        self._password = file.read_text().strip() if file else ""
        self._tls = ssl.create_default_context(cafile=settings.smtp_authority)
        self._sender = sender
        self._clock = clock
        self._connections = Connections(self._client)

    async def send(self, message: Message, message_id: UUID) -> None:
        """Hands a mail over, with a Message-ID made of its id.

        Raises:
            Refused: If the server refuses sender, recipient or content with 5xx.
            Unreachable: If the server is not there, lacks TLS, refuses our login, or says 4xx.
        """
        content = mail.written(message, message_id, self._sender, self._clock.now())
        try:
            async with self._connections.one() as client:
                await self._hand_over(client, message.recipient, content)
        except (aiosmtplib.SMTPException, OSError) as error:
            # Without its cause, here and below: servers repeat the recipient in what they say.
            raise Unreachable(type(error).__name__) from None

    async def check(self) -> None:
        """Connects, logs in, and takes leave.

        Raises:
            Unreachable: If the server is not there, lacks TLS, or refuses our login.
        """
        client = self._client()
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable(type(error).__name__) from None
        await _part(client)

    async def close(self) -> None:
        """Takes leave of the server."""
        await self._connections.close()

    def _client(self) -> aiosmtplib.SMTP:
        tls = self._settings.smtp_tls
        return aiosmtplib.SMTP(
            hostname=self._settings.smtp_host,
            port=self._settings.smtp_port,
            username=self._settings.smtp_user or None,
            password=self._password or None,
            timeout=TIMEOUT_SECONDS,
            use_tls=tls == "tls",
            start_tls=tls == "starttls",
            tls_context=None if tls == "none" else self._tls,
        )

    async def _hand_over(self, client: aiosmtplib.SMTP, recipient: str, content: bytes) -> None:
        options = () if recipient.isascii() else ("SMTPUTF8",)
        try:
            await client.sendmail(self._sender.addr_spec, recipient, content, mail_options=options)
        except aiosmtplib.SMTPNotSupported:
            raise Refused("SMTPUTF8 is not supported") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            [refusal] = error.recipients
            dead = is_dead(refusal.code, refusal.message)
            raise _failure(refusal, address_is_dead=dead) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _failure(error) from None


@dataclass
class _Connection:
    """A connection that is open.

    Attributes:
        client: The connection.
        mails: How many mails it has served.
        closing: Closes it once it has been idle for a while.
    """

    client: aiosmtplib.SMTP
    mails: int = 0
    closing: asyncio.Task[None] | None = None


class Connections:
    """Keeps connections open from one mail to the next, for a short while.

    There are never more than mails are sent at once, which `delivery.BATCH` bounds. One with which
    anything went wrong serves no other mail.
    """

    def __init__(self, new: Callable[[], aiosmtplib.SMTP]) -> None:
        self._new = new
        self._idle: list[_Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncGenerator[aiosmtplib.SMTP]:
        """Hands out a connection for one mail.

        Raises:
            SMTPException: If none can be opened.
            OSError: Likewise.
        """
        connection = await self._take() or await self._open()
        served = False
        try:
            yield connection.client
            served = True
        finally:
            connection.mails += 1
            if served and connection.mails < MOST_MAILS:
                self._idle.append(connection)
                connection.closing = self._begin(self._close_idle(connection))
            else:
                self._begin(_part(connection.client))

    async def close(self) -> None:
        """Closes all that are idle."""
        for connection in self._idle:
            if connection.closing:
                connection.closing.cancel()
            self._begin(_part(connection.client))
        self._idle.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self) -> _Connection | None:
        """Returns the connection that was used last, if the server has not closed it meanwhile.

        Asked before the mail, it costs a round trip; found out amid the mail, it would cost a
        wait, since nobody could tell whether the server has taken it.
        """
        if not self._idle:
            return None
        connection = self._idle.pop()
        if connection.closing:
            connection.closing.cancel()
        is_open = False
        try:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await connection.client.rset(timeout=PROBE_SECONDS)
                is_open = True
        finally:
            if not is_open:
                connection.client.close()
        return connection if is_open else None

    async def _open(self) -> _Connection:
        client = self._new()
        await client.connect()
        return _Connection(client)

    async def _close_idle(self, connection: _Connection) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        self._idle.remove(connection)
        await _part(connection.client)

    def _begin(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def is_dead(code: int, text: str) -> bool:
    """Tells whether an answer to RCPT says that nothing will ever reach the recipient.

    Args:
        code: The answer's code.
        text: What follows it: an enhanced code (RFC 2034), if the server has them, and words.
    """
    enhanced = _ENHANCED_CODE.match(text)
    if enhanced is None:
        return code == _MAILBOX_UNAVAILABLE
    return code in _ABOUT_AN_ADDRESS and enhanced[0] in _DEAD


def _failure(
    error: aiosmtplib.SMTPResponseException, *, address_is_dead: bool = False
) -> Exception:
    """Returns what an answer means, with its codes and without its words."""
    enhanced = _ENHANCED_CODE.match(error.message)
    reason = f"SMTP {error.code} {enhanced[0]}" if enhanced else f"SMTP {error.code}"
    if error.code >= _PERMANENT:
        return Refused(reason, address_is_dead=address_is_dead)
    return Unreachable(reason)


async def _part(client: aiosmtplib.SMTP) -> None:
    """Says farewell, as a client has to (RFC 5321, 4.1.1.10)."""
    try:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=PARTING_SECONDS)
    finally:
        client.close()
