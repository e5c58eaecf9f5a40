"""What carries messages: SMTP, HTTP for SMS and push, or a folder on a developer's machine."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Mapping
from email.headerregistry import Address
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import aiosmtplib
import httpx

from kit.clock import Clock
from kit.courier import mail
from kit.courier.message import Channel, Message, Refused, Transport, Unreachable
from kit.courier.settings import CourierSettings

TIMEOUT_SECONDS = 15.0

_PERMANENT = 500  # SMTP's first code for what will never do (RFC 5321, 4.2.1)

# Wrong credentials are ours to mend, and no fault of the message.
_TRY_AGAIN = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


@contextlib.asynccontextmanager
async def open_transports(
    settings: CourierSettings, clock: Clock
) -> AsyncGenerator[Mapping[Channel, Transport]]:
    """Opens a transport for each channel that the settings name.

    Raises:
        OSError: If a file that they name cannot be read.
        ValueError: If the sender has no address.
    """
    sender = mail.address_of(settings.mail_from)
    if settings.mailbox is not None:
        yield dict.fromkeys(Channel, MailboxTransport(settings.mailbox, sender, clock))
        return
    transports: dict[Channel, Transport] = {}
    if settings.smtp_host:
        transports[Channel.EMAIL] = SmtpTransport(settings, sender, clock)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        for channel, url, token in (
            (Channel.SMS, settings.sms_url, settings.sms_token_file),
            (Channel.PUSH, settings.push_url, settings.push_token_file),
        ):
            if url:
                transports[channel] = HttpTransport(client, url, _secret(token))
        yield transports


class SmtpTransport:
    """Hands mails to an SMTP server, each over a connection of its own."""

    def __init__(self, settings: CourierSettings, sender: Address, clock: Clock) -> None:
        self._settings = settings
        self._password = _secret(settings.smtp_password_file)
        self._tls = ssl.create_default_context(cafile=settings.smtp_authority)
        self._sender = sender
        self._clock = clock

    async def send(self, message: Message, message_id: UUID) -> None:
        """Hands a mail over, with a Message-ID made of its id.

        Raises:
            Refused: If the server refuses sender, recipient or content with 5xx.
            Unreachable: If the server is not there, lacks TLS, refuses our login, or says 4xx.
        """
        content = mail.written(message, message_id, self._sender, self._clock.now())
        try:
            async with self._client() as client:
                await self._hand_over(client, message.recipient, content)
        except (aiosmtplib.SMTPException, OSError) as error:
            # Without its cause, here and below: servers repeat the recipient in what they say.
            raise Unreachable(type(error).__name__) from None

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
            raise _smtp_failure(error.recipients[0].code) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _smtp_failure(error.code) from None


class HttpTransport:
    """Posts messages to a gateway for SMS or push; docs/courier.md says what it has to do."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str) -> None:
        self._client = client
        self._url = url
        self._token = token

    async def send(self, message: Message, message_id: UUID) -> None:
        """Posts a message, with its id as Idempotency-Key.

        Raises:
            Refused: If the answer is 4xx, but for those that are about us or the moment.
            Unreachable: If there is no answer, or any other than 2xx.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": str(message_id)}
        body = {"id": str(message_id), "to": message.recipient, "text": message.text}
        try:
            answer = await self._client.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        if answer.is_client_error and answer.status_code not in _TRY_AGAIN:
            raise Refused(f"HTTP {answer.status_code}")
        if not answer.is_success:
            raise Unreachable(f"HTTP {answer.status_code}")


class MailboxTransport:
    """Puts messages into a folder, one file each, the newest last in the order of names."""

    def __init__(self, folder: Path, sender: Address, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def send(self, message: Message, message_id: UUID) -> None:
        """Writes a message whole or not at all, for its owner only.

        Raises:
            Unreachable: If the folder cannot be written.
        """
        now = self._clock.now()
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{message_id}"
        if message.channel is Channel.EMAIL:
            file = self._folder / f"{name}.eml"
            content = mail.written(message, message_id, self._sender, now)
        else:
            file = self._folder / f"{name}.txt"
            head = f"Channel: {message.channel.value}\nTo: {message.recipient}\n"
            content = f"{head}\n{message.text}\n".encode()
        try:
            await asyncio.to_thread(_write, file, content)
        except OSError as error:
            raise Unreachable(type(error).__name__) from None


def _smtp_failure(code: int) -> Exception:
    kind = Refused if code >= _PERMANENT else Unreachable
    return kind(f"SMTP {code}")


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)


def _secret(file: Path | None) -> str:
    return file.read_text().strip() if file else ""
