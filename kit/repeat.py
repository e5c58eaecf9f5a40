"""What goes on by itself, again and again, whatever happens to it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

RETRY_SECONDS = 1.0

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
