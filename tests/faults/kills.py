"""Kills a process at a moment of a flow, and looks at what has become of it all."""

import logging
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from drills.faults.invariants import violations
from drills.faults.people import People
from drills.faults.settling import settle
from drills.faults.suite import Trap
from kit.testing.wires import CLIENT, SERVER, Moment
from tests.faults.flows import FLOWS, Flow, Steps

_PAUSE_SECONDS = 0.05
_WITH_AN_EVENT = re.compile(r"^(publishes|takes|acknowledges|gives back|ends) \w+")
_log = logging.getLogger(__name__)


class NoMoment(AssertionError):  # noqa: N818 - says what happened
    """A moment did not come, as may be where two replicas do the same and one finds it done."""


@dataclass(frozen=True)
class Kill:
    """What dies, and when.

    Attributes:
        moment: The first such moment of a flow.
        victim: As of a `Trap`.
    """

    moment: Moment
    victim: str

    @property
    def alike(self) -> "Kill":
        """What stands for all that are equal to it.

        Relay and inbox do the same with every event; what differs is what is committed.
        """
        what = _WITH_AN_EVENT.sub(r"\1 an event", self.moment.what)
        return replace(self, moment=replace(self.moment, what=what))

    def __str__(self) -> str:
        """Reads like a sentence."""
        return f"the {self.victim} dies {self.moment}"


def rehearse(flow: Flow, people: People) -> Sequence[Moment]:
    """Lets a flow go well; returns its moments, each once, in order."""
    steps = flow.steps(people)
    next(steps)
    settle(people)
    people.suite.moments.clear()
    people.suite.tend_while(lambda: next(steps))
    settle(people)
    moments = list(dict.fromkeys(people.suite.moments))
    _end(flow, steps, people)
    told = {moment.what.removeprefix("publishes ") for moment in moments}
    assert told >= {each.DESCRIPTOR.name for each in flow.tells}, told
    # The gateway asks of its own accord, too; it dies while others do what it has asked for.
    return [moment for moment in moments if moment.who != "gateway"]


def kills_of(moments: Sequence[Moment]) -> Sequence[Kill]:
    """Returns who can die at each moment: either end, or the gateway that waits for an answer."""
    found = list[Kill]()
    for moment in moments:
        found.append(Kill(moment, CLIENT))
        if not moment.what.endswith("mail"):
            found.append(Kill(moment, SERVER))
        if "idempotency" in moment.what:
            found.append(Kill(moment, "gateway, first"))
    return found


def run(flow: Flow, people: People, kill: Kill) -> None:
    """Runs a flow in which something dies; all must be well in the end.

    Raises:
        NoMoment: If the moment did not come, and nothing has died.
        AssertionError: If not all is well.
    """
    began = time.monotonic()
    steps = flow.steps(people)
    next(steps)
    settle(people)
    trap = Trap(kill.moment, kill.victim)
    people.suite.set_trap(trap)
    people.suite.tend_while(lambda: next(steps))
    settle(people)
    people.suite.mend()
    settle(people)
    _end(flow, steps, people)
    if not trap.sprung.is_set():
        raise NoMoment(str(kill.moment))
    _log.info("%s: %s: well after %.1f s", flow.name, kill, time.monotonic() - began)


def run_together(
    names: Sequence[str],
    people: People,
    fail: Callable[[], None],
    *,
    all_holds: bool = True,
) -> None:
    """Runs flows side by side while something fails; all must be well in the end.

    Args:
        names: The flows.
        people: Those who go through them.
        fail: Makes something fail, and waits until it is over.
        all_holds: Whether everything must be as it should be; if not, that is the caller's to see.
    """
    flows = [FLOWS[name].steps(people) for name in names]
    for steps in flows:
        next(steps)
    settle(people)
    with ThreadPoolExecutor(len(flows) + 1) as pool:
        under_way = [pool.submit(fail), *(pool.submit(next, steps) for steps in flows)]
        while not all(each.done() for each in under_way):
            people.suite.tend()
            time.sleep(_PAUSE_SECONDS)
    for each in under_way:
        each.result()
    people.suite.mend()
    settle(people)
    for name, steps in zip(names, flows, strict=True):
        assert next(steps, None) is None, name
    if all_holds:
        require_all_holds(people)


def _end(flow: Flow, steps: Steps, people: People) -> None:
    assert next(steps, None) is None, flow.name
    require_all_holds(people)


def require_all_holds(people: People) -> None:
    """Makes sure that everything is as it should be, once nothing is under way any more.

    What goes on by the clock, such as an anchor of the ledger, may begin while one looks: what is
    wrong is wrong the second time as well.
    """
    found: Sequence[str] = ()
    for _ in range(2):
        settle(people)
        found = violations(people.suite, people.journal)
        if not found:
            return
    raise AssertionError("\n".join(found))
