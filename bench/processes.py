"""How long each process takes to start, and how much memory it holds then.

    .venv/bin/python -m bench.processes

On migrated databases, with NATS up, one after the other, the gateway last: from its start until it
says that it can work, and the memory that it alone holds by then, without what it shares with
others (USS). Beside them Python that has imported grpc.aio, and has done nothing yet.
"""

import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure import ROUNDS, table
from cli.local.plan import SERVICES, Plan
from cli.local.readiness import grpc_ready, http_ready
from cli.local.temporary import planned, start_neighbours

PROCESSES = (*SERVICES, "gateway")
IMPORTED = "Python with grpc.aio"
_START_SECONDS = 60.0
_IMPORT = "import grpc.aio, sys; print(flush=True); sys.stdin.read()"

Figures = Mapping[str, tuple[float, float]]


def measure() -> Figures:
    """Starts each in turns; returns the medians of the seconds and of the MiB."""
    taken: dict[str, list[tuple[float, float]]] = {}
    with planned() as (plan, neighbours):
        start_neighbours(plan, neighbours)
        for _ in range(ROUNDS):
            taken.setdefault(IMPORTED, []).append(_imported())
            with contextlib.ExitStack() as up:
                for name in PROCESSES:
                    taken.setdefault(name, []).append(_started(plan, name, up))
    return {
        name: (statistics.median(s for s, _ in each), statistics.median(m for _, m in each))
        for name, each in taken.items()
    }


def _started(plan: Plan, name: str, up: contextlib.ExitStack) -> tuple[float, float]:
    child = plan.child(name)
    ready = (
        http_ready(plan.settings.port)
        if name == "gateway"
        else grpc_ready(plan.settings.port_of(name), plan.pki.identity("cli"))
    )
    up.callback(child.stop)
    began = time.perf_counter()
    child.start()
    child.wait_until_ready(ready, _START_SECONDS)
    return time.perf_counter() - began, _own_memory(child.pid)


def _imported() -> tuple[float, float]:
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - ours
        (sys.executable, "-c", _IMPORT), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        if process.stdout is None:
            raise AssertionError("its output goes nowhere")
        process.stdout.readline()
        seconds, memory = time.perf_counter() - began, _own_memory(process.pid)
        process.kill()
    return seconds, memory


def _own_memory(pid: int) -> float:
    """Returns the memory that only this process holds, in MiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kibibytes = re.findall(r"^Private_(?:Clean|Dirty):\s+([0-9]+) kB", rollup, re.MULTILINE)
    return sum(map(int, kibibytes)) / 1024


def report(figures: Figures) -> str:
    """Returns the figures as a table."""
    rows: Sequence[Sequence[str]] = [
        (name, f"{seconds:.2f}", f"{memory:.0f}") for name, (seconds, memory) in figures.items()
    ]
    return table(("process", "ready after, s", "memory of its own, MiB"), rows)


if __name__ == "__main__":
    print(report(measure()))
