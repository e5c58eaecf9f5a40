"""Waiting for what will come true, instead of sleeping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

_POLL_SECONDS = 0.02


async def eventually(
    condition: Callable[[], object | Awaitable[object]], *, seconds: float = 30
) -> None:
    """Returns once a condition holds.

    Args:
        condition: Is asked again and again; what it returns, or what that resolves to, is true
            once it holds.
        seconds: How long to be patient.

    Raises:
        AssertionError: If it does not come true in that time.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await _answer(condition):  # noqa: ASYNC110 - any condition, not only our own
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(f"not true within {seconds} s: {condition}") from None


async def all_have_come(barrier: asyncio.Barrier, *, seconds: float = 30) -> None:
    """Waits at a barrier; gives up if one of the others has failed on its way.

    Raises:
        AssertionError: If not all come in that time.
    """
    try:
        async with asyncio.timeout(seconds):
            await barrier.wait()
    except TimeoutError:
        raise AssertionError(f"not all came to {barrier} within {seconds} s") from None


async def _answer(condition: Callable[[], object | Awaitable[object]]) -> object:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer
