"""HTTP/1.1 byte by byte, as no client library would send it."""

import asyncio
import re
from collections.abc import Sequence

from tests.integration.gateway.conftest import House

HOST = "Host: x\r\n"


def address(gateway: House) -> tuple[str, int]:
    """Returns where a gateway listens."""
    host, _, port = gateway.settings.listen.rpartition(":")
    return host, int(port)


async def received(gateway: House, *sent: str | bytes) -> bytes:
    """Sends bytes, and returns all that comes before the gateway ends the connection."""
    reader, writer = await asyncio.open_connection(*address(gateway))
    writer.writelines(each.encode("latin-1") if isinstance(each, str) else each for each in sent)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


def statuses(answers: bytes) -> Sequence[int]:
    """Returns the status of each answer."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", answers)]
