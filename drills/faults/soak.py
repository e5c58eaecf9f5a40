"""Customers, staff and operators who do anything, in a suite in which anything fails.

    .venv/bin/python -m drills.faults.soak

Who does what, and what fails when, follows from a seed; only how all of it interleaves does not.
Now and then everything is mended and quiet, and every invariant is looked at. The result is written
to docs/soak.md.
"""

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.outcome import CommandError
from drills.faults.invariants import INVARIANTS, violations
from drills.faults.people import Customer, People, Refused
from drills.faults.settling import settle
from drills.faults.suite import NATS, POSTGRES, PROCESSES, Suite, Trap, running
from kit.testing.wires import CLIENT, SERVER

RESULT = Path(__file__).parents[2] / "docs" / "soak.md"
_MARK = "<!-- The last result; `make soak` writes all below. -->\n"
_CUSTOMERS = 8
_LEAST_OPEN = 3
"""How many events can be reserved for at least."""
_PAUSE_SECONDS = 0.2
_FAULT_SECONDS = (1.0, 4.0)
_CALM_SECONDS = (0.5, 3.0)


@dataclass
class Soak:
    """A run.

    Attributes:
        people: Those who use the suite.
        seed: What all of it follows from.
        done: How often something was done, by what it is.
        refused: How often something was refused, by the reason.
        failed: How often something has failed, by what it is.
        quiet: How often all was mended, and looked at.
        events: The events that can be reserved for.
    """

    people: People
    seed: int
    done: "Counter[str]" = field(default_factory=Counter[str])
    refused: "Counter[str]" = field(default_factory=Counter[str])
    failed: "Counter[str]" = field(default_factory=Counter[str])
    quiet: int = 0
    events: list[str] = field(default_factory=list[str])
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float, quiet_every: float) -> Sequence[str]:
        """Goes on for a while; returns what did not hold, and stops at the first such moment."""
        chance = random.Random(f"{self.seed}/faults")  # noqa: S311 - to be foreseeable is the point
        actors = self._actors()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            round_ends = min(until, time.monotonic() + quiet_every)
            self._stop.clear()
            with ThreadPoolExecutor(len(actors)) as pool:
                going_on = [pool.submit(self._go_on, actor) for actor in actors]
                while time.monotonic() < round_ends and not _has_failed(going_on):
                    self._let_something_fail(chance)
                self._stop.set()
                self.people.suite.mend()
                while not all(each.done() for each in going_on):
                    self.people.suite.tend()
                    time.sleep(_PAUSE_SECONDS)
            for each in going_on:
                each.result()
            settle(self.people)
            self.quiet += 1
            if found := violations(self.people.suite, self.people.journal):
                return found
        return ()

    # Those who do something.

    def _actors(self) -> "Sequence[_Actor]":
        customers = self.people.customers(_CUSTOMERS)
        for _ in range(_LEAST_OPEN):
            self._open_an_event(self.chance("events"))
        point = self.people.point(customers[0])
        return [
            *(
                _CustomerActor(self, each, self.chance(f"customer {n}"))
                for n, each in enumerate(customers)
            ),
            _StaffActor(self, self.chance("staff")),
            _OperatorActor(self, point, self.chance("operator")),
        ]

    def chance(self, who: str) -> random.Random:
        """Returns what somebody decides by."""
        return random.Random(f"{self.seed}/{who}")  # noqa: S311 - to be foreseeable is the point

    def _open_an_event(self, chance: random.Random) -> None:
        starts_at = datetime.now(UTC) + timedelta(days=chance.randint(8, 60))
        self.events.append(self.people.event(chance.randint(1, 8), starts_at))

    def open_an_event(self, chance: random.Random) -> None:
        """Makes an event that can be reserved for."""
        self._open_an_event(chance)

    def _go_on(self, actor: "_Actor") -> None:
        while not self._stop.is_set():
            what, act = actor.next()
            try:
                act()
            except Refused as refused:
                self.refused[refused.code] += 1
            except CommandError as error:
                self.refused[error.code] += 1
            else:
                self.done[what] += 1

    # What fails.

    def _let_something_fail(self, chance: random.Random) -> None:
        what = chance.choice(list(_FAULTS))
        seconds = chance.uniform(*_FAULT_SECONDS)
        suite = self.people.suite
        end = _FAULTS[what](suite, chance)
        if end is None:
            return
        self.failed[what] += 1
        self._tend_for(seconds)
        end()
        self._tend_for(chance.uniform(*_CALM_SECONDS))

    def _tend_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.people.suite.tend()
            time.sleep(_PAUSE_SECONDS / 4)


@dataclass
class _Actor:
    soak: Soak
    chance: random.Random

    def next(self) -> tuple[str, Callable[[], object]]:
        """Returns what is done next, and what does it."""
        raise NotImplementedError


class _CustomerActor(_Actor):
    def __init__(self, soak: Soak, customer: Customer, chance: random.Random) -> None:
        super().__init__(soak, chance)
        self._customer = customer

    def next(self) -> tuple[str, Callable[[], object]]:
        acts: Mapping[str, tuple[int, Callable[[], object]]] = {
            "reserve": (4, self._reserve),
            "release": (4, self._release),
            "wait": (3, self._wait),
            "answer an offer": (4, self._answer),
            "decide": (2, lambda: self._customer.decide(is_yes=self.chance.choice((True, False)))),
            "look": (2, lambda: self._customer.get("/v1/events")),
        }
        what = self.chance.choices(list(acts), [weight for weight, _ in acts.values()])[0]
        return what, acts[what][1]

    def _reserve(self) -> None:
        event = self.chance.choice(self.soak.events)
        if not self._customer.tickets(event):
            self._customer.reserve(event, self.chance.randint(1, 3))

    def _release(self) -> None:
        mine = self._mine("reservations")
        if mine:
            reservation = self.chance.choice(mine)
            self._customer.release(reservation, self.chance.randint(0, reservation["quantity"]))

    def _wait(self) -> None:
        wanted = self.chance.randint(1, 3)
        self._customer.wait_for(
            self.chance.choice(self.soak.events), wanted, self.chance.randint(1, wanted)
        )

    def _answer(self) -> None:
        mine = self._mine("waitlistEntries")
        if not mine:
            return
        entry = self.chance.choice(mine)
        if entry["status"] == "WAITING":
            self._customer.leave(entry)
        elif self.chance.random() < 0.7:  # noqa: PLR2004 - most say yes
            self._customer.accept(entry)
        else:
            self._customer.decline(entry)

    def _mine(self, what: str) -> Sequence[Mapping[str, Any]]:
        live = {"ACTIVE", "WAITING", "OFFERED"}
        found = self._customer.get(f"/v1/me/{what}?pageSize=200")[what]
        return [each for each in found if each["status"] in live]


class _StaffActor(_Actor):
    def next(self) -> tuple[str, Callable[[], object]]:
        time.sleep(_PAUSE_SECONDS)
        acts: Mapping[str, tuple[int, Callable[[], object]]] = {
            "open an event": (3, lambda: self.soak.open_an_event(self.chance)),
            "move an event": (2, self._move),
            "cancel an event": (2, self._cancel),
            "write news": (1, self._write_news),
        }
        what = self.chance.choices(list(acts), [weight for weight, _ in acts.values()])[0]
        return what, acts[what][1]

    def _move(self) -> None:
        starts_at = datetime.now(UTC) + timedelta(days=self.chance.randint(8, 60))
        event = self.chance.choice(self.soak.events)
        self.soak.people.staff.patch(f"/v1/events/{event}", {"startsAt": starts_at.isoformat()})

    def _cancel(self) -> None:
        if len(self.soak.events) > _LEAST_OPEN:
            self.soak.people.cancel(self.soak.events.pop(0))

    def _write_news(self) -> None:
        text = {"subject": "Nytt frå Kraftklubben", "body": "Vi har fleire konsertar."}
        staff = self.soak.people.staff
        drafted = staff.post("/v1/mailings", {"purpose": "kraftklubben", "texts": {"nn": text}})
        staff.post(f"/v1/mailings/{drafted['id']}:schedule", {"version": drafted["version"]})


class _OperatorActor(_Actor):
    def __init__(self, soak: Soak, point: str, chance: random.Random) -> None:
        super().__init__(soak, chance)
        self._point = point
        self._registered = datetime(2026, 6, 1, tzinfo=UTC)
        self._known: list[Customer] = []

    def next(self) -> tuple[str, Callable[[], object]]:
        time.sleep(_PAUSE_SECONDS)
        acts: Mapping[str, tuple[int, Callable[[], object]]] = {
            "import customers": (3, self._import_customers),
            "change customers": (2, self._change_customers),
            "erase a customer": (2, self._erase),
            "import hours": (4, self._import_hours),
            "import prices": (1, lambda: self.soak.people.import_prices("NO5")),
        }
        what = self.chance.choices(list(acts), [weight for weight, _ in acts.values()])[0]
        return what, acts[what][1]

    def _import_customers(self) -> None:
        self._known += self.soak.people.imported(self.chance.randint(1, 5))

    def _change_customers(self) -> None:
        if self._known:
            some = self.chance.sample(self._known, min(3, len(self._known)))
            self.soak.people.take_in(some, name=f"Ola {self.chance.choice(_NAMES)}")

    def _erase(self) -> None:
        if self._known:
            self.soak.people.erase(self._known.pop())

    def _import_hours(self) -> None:
        first = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=self.chance.randrange(600))
        hours = {
            first + timedelta(hours=hour): self.chance.randrange(5000)
            for hour in range(self.chance.randint(1, 72))
        }
        self._registered += timedelta(minutes=1)  # the newest registration wins
        self.soak.people.import_hours(self._point, hours, self._registered)


_NAMES = ("Dal", "Fjell", "Vik", "Nes", "Haug")

End = Callable[[], None]


def _nothing() -> None:
    """Ends what needs no end."""


def _kill(suite: Suite, chance: random.Random) -> End | None:
    suite.kill(chance.choice([*suite.replicas, *PROCESSES, POSTGRES, NATS]))
    return _nothing


def _kill_at_a_moment(suite: Suite, chance: random.Random) -> End | None:
    moments = sorted(set(suite.moments[-2000:]))
    if not moments:
        return None
    moment = chance.choice(moments)
    victim = CLIENT if moment.what.endswith("mail") else chance.choice((CLIENT, SERVER))
    suite.set_trap(Trap(moment, victim))
    return _nothing


def _slow(suite: Suite, chance: random.Random) -> End | None:
    suite.wires.slow(_some(suite, chance), chance.uniform(0.01, 0.1), loss=chance.uniform(0, 0.2))
    return suite.wires.mend


def _cut(suite: Suite, chance: random.Random) -> End | None:
    suite.wires.cut(_some(suite, chance))
    return suite.wires.mend


def _silence(suite: Suite, chance: random.Random) -> End | None:
    ends = chance.choice(((CLIENT,), (SERVER,), (CLIENT, SERVER)))
    suite.wires.silence(_some(suite, chance), *ends)
    return suite.wires.mend


def _strand(suite: Suite, chance: random.Random) -> End | None:
    suite.wires.strand(_some(suite, chance))
    return _nothing


def _hang_a_disk(suite: Suite, chance: random.Random) -> End | None:
    if not suite.disks:
        return None
    suite.disks[chance.choice((POSTGRES, NATS))].hang(chance.uniform(0.2, 2)).wait()
    return _nothing


def _fill_a_disk(suite: Suite, chance: random.Random) -> End | None:
    if not suite.disks:
        return None
    server = chance.choice((POSTGRES, NATS))
    suite.disks[server].fill()

    def end() -> None:
        suite.disks[server].empty()
        suite.kill(server)

    return end


def _some(suite: Suite, chance: random.Random) -> Sequence[Any]:
    wires = suite.wires.wires
    return chance.sample(wires, chance.choice((1, 3, len(wires) // 2, len(wires))))


_FAULTS: Mapping[str, Callable[[Suite, random.Random], End | None]] = {
    "a process is killed": _kill,
    "a process is killed at a moment of a wire": _kill_at_a_moment,
    "wires are slow and lossy": _slow,
    "wires are cut": _cut,
    "wires are silent": _silence,
    "wires are half-open": _strand,
    "a disk stands still": _hang_a_disk,
    "a disk is full": _fill_a_disk,
}


def _has_failed(going_on: "Sequence[Future[None]]") -> bool:
    return any(each.done() for each in going_on)


def report(soak: Soak, minutes: float) -> str:
    """Returns the result as Markdown."""
    done = "\n".join(f"| {what} | {times} |" for what, times in sorted(soak.done.items()))
    failed = "\n".join(f"| {what} | {times} |" for what, times in sorted(soak.failed.items()))
    return (
        f"{_MARK}\n{datetime.now(UTC):%Y-%m-%d}, {minutes:g} minutes, seed {soak.seed}. Nothing was "
        f"lost and nothing happened twice: all {len(INVARIANTS)} invariants held at each of "
        f"{soak.quiet} quiet moments.\n\n"
        f"| answered | times |\n| --- | ---: |\n{done}\n| refused, with a reason | "
        f"{soak.refused.total()} |\n\n| what failed | times |\n| --- | ---: |\n{failed}\n"
    )


def main() -> None:
    """Runs it."""
    minutes = float(os.environ.get("MINUTES", "30"))
    seed = int(os.environ.get("SEED", "1"))
    with running(seed=seed) as suite:
        soak = Soak(People(suite, seed), seed)
        found = soak.run(60 * minutes, quiet_every=60)
        print(report(soak, minutes))
    if found:
        sys.exit("\n".join(found))
    said = RESULT.read_text() if RESULT.exists() else ""
    RESULT.write_text(said.partition(_MARK)[0] + report(soak, minutes))


if __name__ == "__main__":
    main()
