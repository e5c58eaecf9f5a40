"""Serves the gateway until SIGTERM or SIGINT."""

import asyncio
import signal
import sys

import uvloop

from gateway.bootstrap import running
from gateway.config import Settings
from kit.memory import collect_rarely, keep_large_buffers


async def main() -> None:
    """Runs the gateway with the settings of the environment."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    # The environment fills the settings.
    async with running(Settings()) as serving:  # pyright: ignore[reportCallIssue]
        collect_rarely()
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
            sys.exit("The HTTP server ended by itself.")


if __name__ == "__main__":
    keep_large_buffers()
    uvloop.run(main())
