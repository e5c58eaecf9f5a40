"""Group commit: what arrives while a transaction is in flight goes into the next one, together.

A request that is alone waits for nobody. Requests for the same thing go in the order of their
arrival. It is the lock in the transaction that keeps them apart, not this queue: other processes
have queues of their own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kit.errors import Unavailable

LARGEST_BATCH = 100
BATCH_SECONDS = 10.0
"""How long a batch may take, on a connection that may lead nowhere: nobody waits for it any more,
and others wait behind it."""

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Item, Result]):
    item: Item
    done: "asyncio.Future[Result]"
    context: Context = field(default_factory=copy_context)


class GroupCommit(Generic[Key, Item, Result]):
    """Commits requests in batches, one batch at a time for each key."""

    def __init__(
        self, commit: Callable[[Key, Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
    ) -> None:
        """Takes what commits.

        Args:
            commit: Does a batch in one transaction. Returns for each item its result or refusal;
                raises if the transaction failed, so that nothing of it was done.
        """
        self._commit = commit
        self._queues: dict[Key, deque[_Asked[Item, Result]]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    async def submit(self, key: Key, item: Item) -> Result:
        """Does what is asked for, together with what else is asked for meanwhile.

        Raises:
            Exception: What `commit` returned for the item, or raised for it alone.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
            worker = asyncio.create_task(self._work(key, queue))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        queue.append(_Asked(item, done))
        return await done

    async def _work(self, key: Key, queue: deque[_Asked[Item, Result]]) -> None:
        while queue:
            next_ones = [queue.popleft() for _ in range(min(len(queue), LARGEST_BATCH))]
            # Who has gone away meanwhile wants nothing any more.
            batch = [asked for asked in next_ones if not asked.done.done()]
            if batch:
                # In the trace of the first of them.
                await asyncio.create_task(self._do(key, batch), context=batch[0].context)
        del self._queues[key]

    async def _do(self, key: Key, batch: Sequence[_Asked[Item, Result]]) -> None:
        try:
            outcomes = await self._commit_in_time(key, [asked.item for asked in batch])
            answers = list(zip(batch, outcomes, strict=True))
        except Exception as failure:  # noqa: BLE001 - whatever it was, those who wait are told
            if len(batch) == 1:
                _tell(batch[0].done, failure)
            else:
                await self._do_one_by_one(key, batch)
            return
        for asked, outcome in answers:
            _tell(asked.done, outcome)

    async def _commit_in_time(
        self, key: Key, items: Sequence[Item]
    ) -> Sequence[Result | Exception]:
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                return await self._commit(key, items)
        except TimeoutError as error:
            raise Unavailable from error

    async def _do_one_by_one(self, key: Key, batch: Sequence[_Asked[Item, Result]]) -> None:
        """Gives each of a failed batch a transaction of its own, so that one cannot fail others."""
        for place, asked in enumerate(batch):
            await self._do(key, [asked])
            if not asked.done.cancelled() and isinstance(asked.done.exception(), Unavailable):
                for other in batch[place + 1 :]:
                    _tell(other.done, Unavailable())
                return


def _tell(done: "asyncio.Future[Result]", outcome: Result | Exception) -> None:
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
