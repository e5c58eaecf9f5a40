"""What the courier reads: the answers of mail servers."""

import asyncio
import contextlib
from typing import Final
from uuid import UUID

from kit.courier.mail import address_of
from kit.courier.message import Channel, Message, Refused, Unreachable
from kit.courier.settings import CourierSettings
from kit.courier.smtp import SmtpTransport, is_dead
from kit.testing import FrozenClock
from tests.fuzz.target import Target, run, text_of

NEWS: Final = Message(Channel.EMAIL, "kari@example.no", "news", "Kom!", subject="Konsert")
TO_NORWAY: Final = Message(Channel.EMAIL, "ås@example.no", "news", "Kom!", subject="Konsert")
_SILENCE_SECONDS = 0.003
"""After so long the server speaks without having been asked."""


def answers(data: bytes) -> None:
    """What a mail server says, an answer a line with `|` where it has several lines itself."""
    script = [line.replace(b"|", b"\r\n") + b"\r\n" for line in data.split(b"\n")[:12]]
    run(_send(script))


async def _send(script: list[bytes]) -> None:
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            for answer in script:
                writer.write(answer)
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(4096), _SILENCE_SECONDS)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        settings = CourierSettings(
            smtp_host="127.0.0.1", smtp_port=server.sockets[0].getsockname()[1], smtp_tls="none"
        )
        transport = SmtpTransport(settings, address_of(settings.mail_from), FrozenClock())
        for message in (NEWS, TO_NORWAY):
            with contextlib.suppress(Refused, Unreachable):
                await transport.send(message, UUID(int=1))
        with contextlib.suppress(Unreachable):
            await transport.check()
        await transport.close()
    await asyncio.gather(*served)


def refusals(data: bytes) -> None:
    """What a mail server says of a recipient."""
    code, _, text = text_of(data).partition(" ")
    if code.isascii() and code.isdigit() and len(code) == 3:
        assert is_dead(int(code), text) in {True, False}


TARGETS: Final = (
    Target(
        "answers of mail servers",
        answers,
        [
            b"220 hi\n250-mx|250-SMTPUTF8|250 8BITMIME\n250 ok\n250 ok\n354 go\n250 ok\n221 bye",
            b"220 hi\n250 mx\n250 ok\n550 5.1.1 no such user\n250 ok",
            b"220 hi\n502 no\n250 mx\n451 4.7.1 later",
            b"554 no",
        ],
        (b"421 bye", b"250-", b"999 x", b"-1", b"250", b"\xff\xfe", b"5.1.1", b"|"),
        1,
    ),
    Target("refusals of mail servers", refusals, [b"550 5.1.1 x", b"551 2.0.0"], inputs=60),
)
