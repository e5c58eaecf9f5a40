"""The bus can be left whatever it is doing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from kit import bus, repeat
from kit.bus import Bus
from kit.tls import Identity


async def test_it_can_be_left_while_it_connects_and_loses_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As nats-py does now and then on Python 3.11, when the bus is down or refuses the process."""
    waits, lost = asyncio.Event(), asyncio.Event()

    async def connect_for_ever(*_: Any) -> None:
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.set()
        await asyncio.Event().wait()

    async def close(_client: Client) -> None:
        """Closes nothing, as nothing was opened."""

    monkeypatch.setattr(Client, "close", close)
    monkeypatch.setattr(repeat, "CANCEL_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(bus, "_connect", connect_for_ever)
    nowhere = Identity(Path("certificate"), Path("key"), Path("authority"))

    async def use() -> None:
        async with Bus.open("tls://nowhere", nowhere, "test"):
            await waits.wait()

    using = asyncio.create_task(use())
    left, _ = await asyncio.wait({using}, timeout=5)
    using.cancel()  # what still hangs ends by this second cancellation
    assert left == {using}
    assert lost.is_set()
