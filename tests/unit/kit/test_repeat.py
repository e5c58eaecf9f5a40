"""What goes on by itself goes on, whatever happens to it."""

import asyncio

import pytest

from kit import repeat
from kit.repeat import background
from kit.testing import eventually


async def test_work_that_fails_is_done_again_and_ends_with_its_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeat, "RETRY_SECONDS", 0.0)
    times = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal times
        times += 1
        if times < 3:
            raise ConnectionError
        done.set()

    async with background(repeat.repeat("out of order", work, seconds=3600)):
        await eventually(done.is_set)

    assert times == 3
