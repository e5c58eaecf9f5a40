"""Messages of a stream that are stored together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from kundeapp.metering.v1.imports_pb2 import WriteReadingsRequest
from services.metering.servicer.together import ENOUGH_BYTES, MOST_WAITING, together

Request = WriteReadingsRequest


def message(number: int, size: int = 1) -> Request:
    return Request(series=[Request.Series(gsrn=str(number), wh=bytes(size))])


async def stream(messages: Sequence[Request]) -> AsyncIterator[Request]:
    for each in messages:
        yield each


def numbers(group: Sequence[Request]) -> list[int]:
    return [int(each.series[0].gsrn) for each in group]


async def groups_of(messages: AsyncIterator[Request]) -> list[list[int]]:
    return [numbers(group) async for group in together(messages)]


async def test_messages_that_wait_go_together_in_their_order() -> None:
    sent = [message(number) for number in range(2 * MOST_WAITING)]
    groups = await groups_of(stream(sent))
    assert [number for group in groups for number in group] == list(range(2 * MOST_WAITING))
    assert groups[0] == list(range(MOST_WAITING))


async def test_a_message_that_is_alone_is_not_held_back() -> None:
    more = asyncio.Event()

    async def slow() -> AsyncIterator[Request]:
        yield message(1)
        await more.wait()
        yield message(2)

    async with contextlib.aclosing(together(slow())) as groups:
        assert numbers(await anext(groups)) == [1]
        more.set()
        assert numbers(await anext(groups)) == [2]
        with pytest.raises(StopAsyncIteration):
            await anext(groups)


async def test_large_messages_go_one_by_one() -> None:
    sent = [message(number, ENOUGH_BYTES) for number in range(3)]
    assert await groups_of(stream(sent)) == [[0], [1], [2]]


async def test_few_messages_are_taken_off_the_stream_before_they_are_stored() -> None:
    taken: list[int] = []

    async def endless() -> AsyncIterator[Request]:
        while True:
            taken.append(len(taken))
            yield message(taken[-1], ENOUGH_BYTES)

    async with contextlib.aclosing(together(endless())) as groups:
        for _ in range(3):
            await anext(groups)
        assert 3 <= len(taken) <= 3 + MOST_WAITING + 1


async def test_a_stream_that_breaks_off_is_told_after_what_came_before() -> None:
    async def broken() -> AsyncIterator[Request]:
        yield message(1)
        raise ConnectionError

    async with contextlib.aclosing(together(broken())) as groups:
        assert numbers(await anext(groups)) == [1]
        with pytest.raises(ConnectionError):
            await anext(groups)


async def test_an_empty_stream_has_no_groups() -> None:
    assert await groups_of(stream([])) == []


async def test_whoever_stops_early_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()

    async def waiting() -> AsyncIterator[Request]:
        yield message(1)
        await asyncio.Event().wait()

    async with contextlib.aclosing(together(waiting())) as groups:
        await anext(groups)
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before
