"""Restarts every process of the suite under load, one replica at a time: no request may be lost.

    .venv/bin/python -m drills.rolling_restart

Every process runs twice, behind a balancer that does what an ingress does. First each replica is
killed instead of being asked to end: requests must be lost, or the drill would see no damage. The
result is written to docs/rolling-restart.md.
"""

import asyncio
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drills.replicas import Replica, Suite, running
from drills.traffic import Loss, Traffic, summary
from kit.local.processes import LOOPBACK

RESULT = Path(__file__).parents[1] / "docs" / "rolling-restart.md"
_MARK = "<!-- The last result; `make rolling-restart` writes all below. -->\n"
_SETTLE_SECONDS = 2.0
"""Between two restarts: longer than the balancer needs to find a replica again."""


@dataclass(frozen=True)
class Round:
    """What came of restarting every replica once.

    Attributes:
        seconds: How long it took.
        asked: How many requests were made meanwhile.
        losses: Those that were not answered well.
    """

    seconds: float
    asked: int
    losses: Sequence[Loss]


async def restart_all(suite: Suite, end: Callable[[Replica], None]) -> Round:
    """Ends and starts every replica once while customers go on."""
    traffic = Traffic(suite.url)
    began = time.monotonic()
    async with traffic.flowing():
        await asyncio.sleep(_SETTLE_SECONDS)
        require_that_all_serve(suite.replicas)
        for replica in suite.replicas:
            before = replica.child.pid
            await asyncio.to_thread(end, replica)
            # In this thread, with which the process ends.
            replica.start()
            if replica.child.pid == before:
                sys.exit(f"{replica.name} was not restarted")
            await asyncio.sleep(_SETTLE_SECONDS)
        require_that_all_serve(suite.replicas)
    return Round(time.monotonic() - began, traffic.asked.total(), traffic.losses)


def require_that_all_serve(replicas: Sequence[Replica]) -> None:
    """Makes sure that each replica has its part of the load."""
    idle = [replica.name for replica in replicas if not served(replica)]
    if idle:
        sys.exit(f"Nothing was asked of {'; '.join(idle)}: the load reaches one replica only.")


def served(replica: Replica) -> float:
    """Returns how many requests a replica has answered since it started."""
    url = f"http://{LOOPBACK}:{replica.admin_port}/metrics"
    with urllib.request.urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    counts = ("kundeapp_rpc_seconds_count{", "kundeapp_http_request_seconds_count{")
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(counts))


def report(killed: Round, restarted: Round) -> str:
    """Returns the result as Markdown."""
    rows = "\n".join(
        f"| {how} | {each.seconds:.0f} | {each.asked} | {len(each.losses)} |"
        for how, each in (("killed", killed), ("asked to end", restarted))
    )
    return (
        f"{_MARK}\n{datetime.now(UTC):%Y-%m-%d}:\n\n"
        "| every replica is | seconds | requests | lost |\n| --- | ---: | ---: | ---: |\n"
        f"{rows}\n"
    )


async def main() -> None:
    """Runs the drill."""
    with running() as suite:
        restarted = await restart_all(suite, Replica.stop)
        print(f"Asked to end: {len(restarted.losses)} of {restarted.asked} requests are lost.")
        for what, count in summary(restarted.losses).most_common(20):
            print(f"  {count} {what}")
        killed = await restart_all(suite, Replica.kill)
        print(f"Killed: {len(killed.losses)} of {killed.asked} requests are lost.")
    if not killed.losses:
        sys.exit("No request was lost to processes that were killed: the drill sees no damage.")
    if restarted.losses:
        sys.exit("Requests were lost.")
    said = RESULT.read_text() if RESULT.exists() else ""
    RESULT.write_text(said.partition(_MARK)[0] + report(killed, restarted))


if __name__ == "__main__":
    asyncio.run(main())
