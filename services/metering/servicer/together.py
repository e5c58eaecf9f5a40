"""Messages of a stream that are stored together."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final, TypeVar

from google.protobuf.message import Message

MOST_WAITING: Final = 16
"""How many messages may wait, so that a stream takes up little memory."""
ENOUGH_BYTES: Final = 1024 * 1024
"""What has so many bytes, some 180,000 values, is stored without any further message."""

AnyMessage = TypeVar("AnyMessage", bound=Message)


async def together(messages: AsyncIterator[AnyMessage]) -> AsyncGenerator[Sequence[AnyMessage]]:
    """Yields messages in the order in which they come, those together that wait by then.

    Nobody waits for more: a message that is alone is yielded alone. A failure of the stream is
    raised once what came before it has been yielded.
    """
    waiting = asyncio.Queue[AnyMessage | None]()
    room = asyncio.Semaphore(MOST_WAITING)

    async def take() -> None:
        try:
            async for message in messages:
                await room.acquire()
                waiting.put_nowait(message)
        finally:
            waiting.put_nowait(None)

    taking = asyncio.create_task(take())
    try:
        message = await waiting.get()
        while message is not None:
            group, size = list[AnyMessage](), 0
            while message is not None:
                room.release()
                group.append(message)
                size += message.ByteSize()
                if size >= ENOUGH_BYTES or waiting.empty():
                    break
                message = waiting.get_nowait()
            yield group
            if message is not None:
                message = await waiting.get()
        await taking
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
