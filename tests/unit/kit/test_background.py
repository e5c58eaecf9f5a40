"""Work in the background ends when it is left."""

import asyncio

import pytest

from kit import repeat


async def test_work_is_cancelled_when_it_is_left() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with repeat.background(work()):
        await asyncio.sleep(0)
    assert ended.is_set()


async def test_work_that_loses_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeat, "CANCEL_AGAIN_SECONDS", 0.01)
    losses = 0
    waits = asyncio.Event()

    async def work() -> None:
        nonlocal losses
        waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            losses += 1
        await asyncio.Event().wait()

    async with asyncio.timeout(10), repeat.background(work()):
        await waits.wait()
    assert losses == 1


async def test_a_failure_of_the_work_is_told() -> None:
    async def work() -> None:
        raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        async with repeat.background(work()):
            await asyncio.sleep(0)
