"""What goes on by itself, whatever happens to it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine

import structlog

RETRY_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 6.0
"""Longer than work takes that finishes what is under way before it ends."""

_log = structlog.get_logger(__name__)


async def repeat(failing: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Does something until it is cancelled.

    Args:
        failing: What is logged when it fails.
        work: What is done.
        seconds: How long to wait until the next time; a second after a failure.
    """
    while True:
        pause = seconds
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning(failing, error=repr(error))
            pause = RETRY_SECONDS
        await asyncio.sleep(pause)


@contextlib.asynccontextmanager
async def background(work: Coroutine[object, object, None]) -> AsyncGenerator[None]:
    """Runs work that goes on until it is cancelled, for as long as the context is open.

    Up to Python 3.11 `asyncio.wait_for`, which nats-py waits with, loses a cancellation that comes
    in the moment in which it is done. Whoever is still there after a while is cancelled again.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
        if not task.cancelled():
            task.result()
