"""Runs every benchmark and writes the results to RESULTS.md: `make bench`.

.venv/bin/python -m bench [NAME]...
"""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import uvloop

from bench import (
    exports,
    ingest,
    logins,
    offers,
    permissions,
    pricing,
    processes,
    programme,
    relay,
    reservations,
    rpc_overhead,
    usage,
    usage_growth,
)

_HERE = Path(__file__).parent
_RESULTS = _HERE / "RESULTS.md"
_PACKAGES = ("grpcio", "protobuf", "granian", "uvloop", "asyncpg", "structlog", "numpy", "orjson")


def main() -> None:
    """Runs all of them, or those that are named, one after the other; the others' results stay."""
    wanted = sys.argv[1:] or list(_BENCHMARKS)
    unknown = set(wanted) - set(_BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(_BENCHMARKS)}")
    for name in wanted:
        title, run = _BENCHMARKS[name]
        began, text = datetime.now(UTC), run()
        measured = (
            f"`python -m bench {name}`, {began:%Y-%m-%d %H:%M} UTC. Load average over the last "
            f"minutes: {os.getloadavg()[1]:.1f}.\n\n{text.strip()}"
        )
        sections = {**_measured(), title: measured}
        _RESULTS.write_text(_document(sections))
        print(f"## {title}\n\n{measured}\n", flush=True)


def _measured() -> Mapping[str, str]:
    """Returns what was measured before, by title."""
    if not _RESULTS.exists():
        return {}
    _, *sections = _RESULTS.read_text().split("\n## ")
    return {title: text.strip() for title, _, text in (each.partition("\n") for each in sections)}


def _document(sections: Mapping[str, str]) -> str:
    head = (
        "# Results\n\n"
        "Written by `make bench`; each file in this folder says what it measures. On "
        f"{_machine()}. Where the load average is much above the number of processors, others were "
        "at work, and ratios within one run say more than absolute figures.\n\n"
        f"Python {platform.python_version()}, "
        f"{', '.join(f'{package} {version(package)}' for package in _PACKAGES)}.\n"
    )
    titles = (title for title, _ in _BENCHMARKS.values() if title in sections)
    return head + "".join(f"\n## {title}\n\n{sections[title]}\n" for title in titles)


def _usage() -> str:
    return (
        f"Medians of {usage.ROUNDS} rounds of {usage.SECONDS:g} s, all in turns in one run. The "
        "ratios compare requests/s.\n\n" + usage.report(uvloop.run(usage.measure()))
    )


def _usage_growth() -> str:
    return (
        f"Medians of {usage_growth.REPEATS} in turns on one connection; in brackets how many times "
        "`SELECT 1`.\n\n" + usage_growth.report(usage_growth.measure())
    )


def _pricing() -> str:
    return pricing.report(pricing.measure())


def _exports() -> str:
    return exports.report(exports.measure())


def _ingest() -> str:
    return (
        f"Medians of {ingest.ROUNDS} rounds, all in turns in one run, with fsync on.\n\n"
        + ingest.report(*uvloop.run(ingest.measure()))
    )


def _rpc_overhead() -> str:
    return rpc_overhead.report(uvloop.run(rpc_overhead.measure()))


def _gateway_hop() -> str:
    command = (sys.executable, "-m", "bench.gateway_hop")
    done = subprocess.run(  # noqa: S603 - ours
        command, cwd=_HERE.parent, check=True, stdout=subprocess.PIPE, text=True
    )
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("{"))


def _logins() -> str:
    return (
        f"Medians of {logins.ROUNDS} rounds of {logins.SECONDS:g} s, all in turns in one run.\n\n"
        + logins.report(uvloop.run(logins.measure()))
    )


def _reservations() -> str:
    return (
        f"Medians of {reservations.ROUNDS} rounds of {reservations.SECONDS:g} s, all in turns in "
        "one run, with fsync on.\n\n" + reservations.report(uvloop.run(reservations.measure()))
    )


def _offers() -> str:
    return f"{offers.TURNS} times, one after the other.\n\n" + offers.report(
        uvloop.run(offers.measure())
    )


def _programme() -> str:
    return (
        f"Medians of {programme.ROUNDS} rounds of {programme.SECONDS:g} s.\n\n"
        + programme.report(*uvloop.run(programme.measure()))
    )


def _permissions() -> str:
    return (
        f"Medians of {permissions.ROUNDS} rounds of {permissions.SECONDS:g} s, in turns.\n\n"
        + permissions.report(uvloop.run(permissions.measure()))
    )


def _relay() -> str:
    return (
        f"Medians of {relay.ROUNDS} rounds of {relay.EVENTS:,} events, in turns.\n\n"
        + relay.report(*uvloop.run(relay.measure()))
    )


def _processes() -> str:
    return f"Medians of {processes.ROUNDS} starts, in turns.\n\n" + processes.report(
        processes.measure()
    )


def _machine() -> str:
    name = platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} processors, {models[0] if models else name}, {memory:.0f} GiB"


_BENCHMARKS: Final[Mapping[str, tuple[str, Callable[[], str]]]] = {
    "usage": ("Usage: requests/s, p50 / p99", _usage),
    "usage_growth": ("How usage grows with points and years", _usage_growth),
    "pricing": ("What pricing hours costs", _pricing),
    "exports": ("What a file of three years of hours costs", _exports),
    "ingest": ("Taking in readings", _ingest),
    "rpc_overhead": ("What the chassis costs a call", _rpc_overhead),
    "gateway_hop": ("What the gateway's hop costs", _gateway_hop),
    "logins": ("Logging in", _logins),
    "reservations": ("Reserving on one hot event", _reservations),
    "offers": ("From a release to the offer on the next customer's stream", _offers),
    "programme": ("How events grow with their number and with replicas", _programme),
    "permissions": ("Whether customers may be written to", _permissions),
    "relay": ("Publishing what lies in the outbox", _relay),
    "processes": ("Start and memory of each process", _processes),
}


if __name__ == "__main__":
    main()
