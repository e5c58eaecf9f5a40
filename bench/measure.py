"""What benchmarks share: how requests and processes are measured, and how figures are shown."""

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Load:
    """How requests went.

    Attributes:
        per_second: How many were answered.
        p50_ms: The time that half of them took at most.
        p99_ms: The time that 99 of 100 took at most.
    """

    per_second: float
    p50_ms: float
    p99_ms: float


async def load(clients: Sequence[Ask], seconds: float, most: int) -> Load:
    """Lets clients ask, each one question at a time, until the time or the number is up.

    Args:
        clients: One for each connection.
        seconds: How long, at most.
        most: How many questions, at most.
    """
    taken: list[float] = []

    async def work(ask: Ask) -> None:
        while len(taken) < most:
            began = time.perf_counter()
            if began > deadline:
                return
            await ask()
            taken.append(time.perf_counter() - began)

    gc.collect()
    begin = time.perf_counter()
    deadline = begin + seconds
    await asyncio.gather(*(work(client) for client in clients))
    elapsed = time.perf_counter() - begin
    percentiles = statistics.quantiles(taken, n=100, method="inclusive")
    return Load(len(taken) / elapsed, percentiles[49] * 1000, percentiles[98] * 1000)


def median_load(loads: Iterable[Load]) -> Load:
    """Returns the median of each figure."""
    columns = zip(*((one.per_second, one.p50_ms, one.p99_ms) for one in loads), strict=True)
    return Load(*(statistics.median(column) for column in columns))


def cpu_seconds(pid: int) -> float:
    """Returns the CPU time of a process so far, user and system, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table, all columns but the first two aligned to the right."""
    rule = ["---" if place < 1 else "---:" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
