"""Serves the gateway until SIGTERM or SIGINT."""

import asyncio
import signal

import uvloop

from gateway.bootstrap import running
from gateway.config import Settings


async def main() -> None:
    """Runs the gateway with the settings of the environment."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    async with running(Settings()):  # pyright: ignore[reportCallIssue] - from the environment
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main())
