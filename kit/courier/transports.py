"""What carries messages: SMTP, HTTP for SMS and push, or a folder on a developer's machine."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Mapping
from email.headerregistry import Address
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import httpx

from kit.clock import Clock
from kit.courier import mail
from kit.courier.message import Channel, CheckedTransport, Message, Refused, Unreachable
from kit.courier.settings import CourierSettings
from kit.courier.smtp import SmtpTransport

TIMEOUT_SECONDS = 15.0

# Our part of docs/courier.md: nobody has this number or device, or no longer.
_ADDRESS_IS_DEAD = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
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
) -> AsyncGenerator[Mapping[Channel, CheckedTransport]]:
    """Opens a transport for each channel that the settings name.

    Raises:
        OSError: If a file that they name cannot be read.
        ValueError: If the sender has no address.
    """
    sender = mail.address_of(settings.mail_from)
    if settings.mailbox is not None:
        yield dict.fromkeys(Channel, MailboxTransport(settings.mailbox, sender, clock))
        return
    transports: dict[Channel, CheckedTransport] = {}
    async with contextlib.AsyncExitStack() as stack:
        if settings.smtp_host:
            smtp = SmtpTransport(settings, sender, clock)
            stack.push_async_callback(smtp.close)
            transports[Channel.EMAIL] = smtp
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT_SECONDS))
        for channel, url, token in (
            (Channel.SMS, settings.sms_url, settings.sms_token_file),
            (Channel.PUSH, settings.push_url, settings.push_token_file),
        ):
            if url:
                transports[channel] = HttpTransport(client, url, _secret(token))
        yield transports


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
            dead = answer.status_code in _ADDRESS_IS_DEAD
            raise Refused(f"HTTP {answer.status_code}", address_is_dead=dead)
        if not answer.is_success:
            raise Unreachable(f"HTTP {answer.status_code}")

    async def check(self) -> None:
        """Asks the gateway for any answer; whether it takes messages, only a message would show.

        Raises:
            Unreachable: If there is none, or one of 5xx.
        """
        try:
            answer = await self._client.head(self._url)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        if answer.is_server_error:
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

    async def check(self) -> None:
        """Makes sure that the folder is there.

        Raises:
            Unreachable: If it cannot be written.
        """
        if not await asyncio.to_thread(os.access, self._folder, os.W_OK):
            raise Unreachable("NotWritable")


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(file)


def _secret(file: Path | None) -> str:
    return file.read_text().strip() if file else ""
