"""Everything goes wrong at random, for as long as one likes, and all must be well in the end.

    make soak [SECONDS=1800] [SEED=1]

Flows go on side by side while wires, disks, clocks and processes fail. Again and again there is a
quiet phase in which all is mended; then every flow must have ended well and every invariant hold.
What happens, and in which order, follows from the seed. The result is written to docs/soak.md.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

from bench.measure import table
from drills.faults.disks import why_not
from drills.faults.invariants import violations
from drills.faults.people import People
from drills.faults.poison import Poison
from drills.faults.settling import settle
from drills.faults.suite import NATS, POSTGRES, PROCESSES, Suite, running
from kit.testing.wires import CLIENT, SERVER
from tests.faults.flows import FLOWS, Steps
from tests.faults.schedule import Fault, Round, rounds

RESULT = Path(__file__).parents[2] / "docs" / "soak.md"
_MARK = "<!-- The last result; `make soak` writes all below. -->\n"

LEFT_OUT = {"an_offer_is_told_of_late", "the_ledger_is_anchored"}
"""Flows that cut and kill by themselves, and mend what a soak has broken."""
APART = timedelta(seconds=4)
"""How far one clock may be from the others: as far as the doctor lets them."""
TOGETHER = timedelta(seconds=20)
"""How far all clocks may jump: what was queued while they were ahead waits for as long, and a token
that was refreshed is good for half a minute."""
EVERYBODY = "everybody"

_AT_ONCE = 4
_PAUSE_SECONDS = 0.05
_MIB = 2**20

Undo = Callable[[], object]


@dataclass
class Soak:
    """A soak under way.

    Attributes:
        people: Those who use the suite.
        seed: What decides the order.
        tell: Is told each thing that happens.
        poison: What lies on the bus that nobody can handle.
        happened: What has happened, in order.
        flows: How often each flow has gone through.
        faults: How often each kind of fault has come.
        left_out: How often one could not come, and why.
        violations: What was not as it should be.
        memory: How many bytes each process had, at the end of each round.
    """

    people: People
    seed: int
    tell: Callable[[str], object] = print
    poison: Poison = field(init=False)
    happened: list[str] = field(default_factory=list[str])
    flows: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    left_out: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])
    memory: list[Mapping[str, int]] = field(default_factory=list[Mapping[str, int]])
    _began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.poison = Poison(self.people.suite)

    @property
    def seconds(self) -> float:
        """For how long it has gone on."""
        return time.monotonic() - self._began

    def go_on(self, seconds: float, most_rounds: int = sys.maxsize) -> None:
        """Lets rounds go through until the time is up, or something is not as it should be."""
        kinds = targets(self.people.suite)
        flows = sorted(FLOWS.keys() - LEFT_OUT)
        for number, each in enumerate(rounds(self.seed, flows, kinds, KILLS), 1):
            self._note(f"round {number}")
            try:
                self._go_through(each)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told with what led to it
                self._object(_told(error))
            if self.violations or self.seconds > seconds or number == most_rounds:
                return

    def _go_through(self, each: Round) -> None:
        flows = [(name, FLOWS[name].steps(self.people), after) for name, after in each.flows]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for name, steps, _ in flows:
                pool.submit(self._advance, name, steps)
        settle(self.people)
        self._let_it_happen(each, flows)
        self.people.suite.mend()
        settle(self.people)
        self._note("quiet")
        for fault in self.poison.clear():
            self._object(fault)
        for name, steps, _ in flows:
            self._advance(name, steps)
            self.flows[name] += 1
        settle(self.people)
        for fault in violations(self.people.suite, self.people.journal):
            self._object(fault)
        self.memory.append(memory(self.people.suite))

    def _let_it_happen(self, each: Round, flows: Sequence[tuple[str, Steps, float]]) -> None:
        with ThreadPoolExecutor(_AT_ONCE + 2) as pool:
            going = [
                pool.submit(self._befall, each.faults),
                pool.submit(self._befall, each.kills),
                *(pool.submit(self._go_through_it, *flow) for flow in flows),
            ]
            while not all(one.done() for one in going):
                self.people.suite.tend()
                time.sleep(_PAUSE_SECONDS)
        for one in going:
            one.result()

    def _go_through_it(self, name: str, steps: Steps, after: float) -> None:
        time.sleep(after)
        self._note(f"{name} begins")
        self._advance(name, steps)
        self._note(f"{name} is done")

    def _advance(self, name: str, steps: Steps) -> None:
        """Takes one of the three steps of a flow."""
        try:
            next(steps, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with all that led to it
            self._object(f"{name}: {_told(error)}")

    def _befall(self, faults: Sequence[Fault]) -> None:
        """Has things go wrong one after another."""
        for fault in faults:
            time.sleep(fault.after)
            reason = why_not() if fault.kind in ON_DISKS else ""
            if reason:
                self.left_out[f"{fault.kind}: {reason}"] += 1
                continue
            self.faults[fault.kind] += 1
            self._note(str(fault))
            undo = BEGIN[fault.kind](self, fault)
            time.sleep(fault.seconds)
            undo()

    def _object(self, what: str) -> None:
        self._note(f"VIOLATION: {what}")
        self.violations.append(what)

    def _note(self, what: str) -> None:
        with self._lock:
            line = f"{self.seconds:7.1f} s  {what}"
            self.happened.append(line)
            self.tell(line)


def _told(error: Exception) -> str:
    """Says what happened, and where in what is ours."""
    lines = traceback.extract_tb(error.__traceback__)
    ours = [line for line in lines if "site-packages" not in line.filename] or lines
    return f"{error!r} at {ours[-1].filename}:{ours[-1].lineno}: {ours[-1].line}"


# What can go wrong.


def _kill(soak: Soak, fault: Fault) -> Undo:
    soak.people.suite.kill(fault.target)
    return _nothing


def _cut(soak: Soak, fault: Fault) -> Undo:
    wires = soak.people.suite.wires
    wires.cut(wires.between(*_ends(fault)))
    return wires.mend


def _silence(soak: Soak, fault: Fault) -> Undo:
    wires = soak.people.suite.wires
    wires.silence(wires.between(*_ends(fault)))
    return wires.mend


def _silence_client(soak: Soak, fault: Fault) -> Undo:
    wires = soak.people.suite.wires
    wires.silence(wires.between(*_ends(fault)), CLIENT)
    return wires.mend


def _silence_server(soak: Soak, fault: Fault) -> Undo:
    wires = soak.people.suite.wires
    wires.silence(wires.between(*_ends(fault)), SERVER)
    return wires.mend


def _slow(soak: Soak, fault: Fault) -> Undo:
    wires = soak.people.suite.wires
    wires.slow(wires.between(*_ends(fault)), seconds=0.05, loss=0.1)
    return wires.mend


def _ends(fault: Fault) -> Sequence[str]:
    return fault.target.split(" to ")


def _fill(soak: Soak, fault: Fault) -> Undo:
    suite = soak.people.suite
    disk = suite.disks[fault.target]
    disk.fill()

    def empty() -> None:
        disk.empty()
        if fault.target == NATS:
            # It gives JetStream up, and its probe has it started again (deploy/k8s).
            suite.kill(NATS)

    return empty


def _hang(soak: Soak, fault: Fault) -> Undo:
    return soak.people.suite.disks[fault.target].hang(fault.seconds).wait


def _ahead(soak: Soak, fault: Fault) -> Undo:
    return _jump(soak, fault, 1)


def _behind(soak: Soak, fault: Fault) -> Undo:
    return _jump(soak, fault, -1)


def _jump(soak: Soak, fault: Fault, sign: int) -> Undo:
    clocks = soak.people.suite.clocks
    moved = list(clocks.values()) if fault.target == EVERYBODY else [clocks[fault.target]]
    by = sign * (TOGETHER if fault.target == EVERYBODY else APART)
    journal = soak.people.journal
    journal.clocks_apart = max(journal.clocks_apart, abs(by))

    def to(ahead: timedelta) -> None:
        for clock in moved:
            clock.ahead = ahead

    to(by)
    return lambda: to(timedelta(0))


def _poison(soak: Soak, _fault: Fault) -> Undo:
    soak.poison.fail()
    return _nothing


def _confuse(soak: Soak, _fault: Fault) -> Undo:
    soak.poison.confuse()
    return _nothing


def _nothing() -> None:
    """Undoes what is over."""


ON_DISKS = {"a full disk", "a disk that stands still"}
BEGIN: Mapping[str, Callable[[Soak, Fault], Undo]] = {
    "killed": _kill,
    "a cut": _cut,
    "silence": _silence,
    "silence from one end": _silence_client,
    "silence from the other end": _silence_server,
    "slow and lossy": _slow,
    "a full disk": _fill,
    "a disk that stands still": _hang,
    "a clock jumps ahead": _ahead,
    "a clock jumps back": _behind,
    "an event that nobody can handle": _poison,
    "a message that is no event": _confuse,
}
"""How each kind of fault begins; what it returns undoes it."""

REPLICAS = [f"{process}, {which}" for process in PROCESSES for which in ("first", "second")]
KILLS = {"killed": [*REPLICAS, *PROCESSES, POSTGRES, NATS]}


def targets(suite: Suite) -> Mapping[str, Sequence[str]]:
    """Returns the kinds of faults beside kills, and what can have them."""
    pairs = sorted(
        {
            f"{wire.client.partition(',')[0]} to {wire.server.partition(',')[0]}"
            for wire in suite.wires.wires
        }
    )
    clocks = (*REPLICAS, EVERYBODY)
    poisons = ("an event that nobody can handle", "a message that is no event")
    of: Mapping[str, Sequence[str]] = {
        **dict.fromkeys(ON_DISKS, (POSTGRES, NATS)),
        **dict.fromkeys(("a clock jumps ahead", "a clock jumps back"), clocks),
        **dict.fromkeys(poisons, ("all",)),
    }
    return {kind: of.get(kind, pairs) for kind in BEGIN if kind not in KILLS}


# What came of it.


def memory(suite: Suite) -> Mapping[str, int]:
    """Returns how much memory each process has, in bytes."""
    pids = {name: replica.child.pid for name, replica in suite.replicas.items()}
    pids[NATS] = suite.plan.nats.child.pid
    page = os.sysconf("SC_PAGE_SIZE")
    return {
        name: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        for name, pid in pids.items()
        if pid
    }


def report(soak: Soak) -> str:
    """Returns the result as Markdown."""
    third = max(len(soak.memory) // 3, 1)
    first, last = soak.memory[:third], soak.memory[-third:]

    def mib(samples: Sequence[Mapping[str, int]], name: str) -> float:
        return mean(sample[name] for sample in samples if name in sample) / _MIB

    grown = [
        (name, f"{before:.0f}", f"{after:.0f}", f"{after / before - 1:+.0%}")
        for name in sorted(soak.memory[-1])
        for before, after in [(mib(first, name), mib(last, name))]
    ]
    faults = [(kind, str(times)) for kind, times in sorted(soak.faults.items())]
    left_out = [f"Left out, {times} times: {what}.\n" for what, times in soak.left_out.items()]
    summary = (
        f"{datetime.now(UTC):%Y-%m-%d}, seed {soak.seed}: {soak.seconds / 60:.0f} minutes, "
        f"{len(soak.memory)} rounds, {soak.flows.total()} flows, {soak.faults.total()} faults, "
        f"{len(soak.violations)} violations.\n"
    )
    return "\n".join(
        [
            _MARK,
            summary,
            table(("fault", "times"), faults),
            "",
            *left_out,
            table(("memory in MiB", "first third", "last third", "growth"), grown),
            "",
        ]
    )


def main(seconds: float, seed: int) -> None:
    """Soaks a suite of its own."""
    print(f"seed {seed}", flush=True)
    with running(seed=seed) as suite:
        soak = Soak(People(suite, seed), seed, lambda line: print(line, flush=True))
        soak.go_on(seconds)
        if soak.violations:
            logs = Path(tempfile.mkdtemp(prefix="kundeapp-soak-")) / "logs"
            shutil.copytree(suite.plan.logs, logs)
            again = f"make soak SECONDS={soak.seconds:.0f} SEED={seed}"
            found = "\n".join(soak.violations)
            sys.exit(f"\nNot all is well:\n{found}\nLogs are in {logs}. Once more: {again}")
    head = RESULT.read_text().partition(_MARK)[0]
    RESULT.write_text(head + report(soak))
    print(f"All is well; written to {RESULT.name}")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**6)
