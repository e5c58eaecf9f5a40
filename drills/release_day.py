"""The day an event of Kraftklubben is released: ten thousand customers want in within a minute.

    .venv/bin/python -m drills.release_day

The whole suite on loopback, every process once, with its usual settings; the crowd says for whom it
asks as an ingress does. Steps of load find what the machine carries; then comes more than that, at
first with nobody turned away, which must end badly, or the drill would see no damage; and at last
ten thousand within a minute. Half of a normal day's traffic goes on beside all of it. The result is
written to docs/release-day.md.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import uvloop

from bench.measure import cpu_seconds, table
from cli.config import Settings
from cli.demo.people import EVENT_STAFF, PASSWORD
from cli.events.service import EventsService
from cli.gateway import Gateway
from cli.local.plan import SERVICES, Plan
from cli.local.temporary import load, planned, start_neighbours
from cli.moments import OSLO
from cli.operations.service import OperationsService
from cli.seed import FIRST_NUMBER, Seed, point_of, sow
from cli.services import Services
from cli.session import Sessions
from drills import fairness
from drills.crowd import Asked, Crowd, Kind, Person, Sale, key_of
from drills.ingress import Connections
from drills.people import give_accounts, open_accounts
from drills.replicas import PORTS, START_SECONDS, Replica, one_of_each
from kit.local.processes import LOOPBACK, wait_until
from kundeapp.events.v1 import events_service_pb2 as pb

RESULT = Path(__file__).parents[1] / "docs" / "release-day.md"
_MARK = "<!-- The last result; `make release-day` writes all below. -->\n"

VISITS = 9.2 * 0.5
"""Visits a second: half of those in the busiest hour of a normal day (docs/release-day.md)."""
RESIDENTS = 150
"""Who pay these visits."""
STEPS = (20.0, 25.0, 30.0, 35.0, 40.0, 45.0)
"""Customers a second who come for tickets."""
BEYOND = 2.5
"""How many times as many come as can be carried."""
EVERYBODY = 10_000
_TICKETS = 0.6
"""For each customer who comes; they want one and a half."""
_EVERYBODYS_TICKETS = 1_000
_DAYS = 35
_ROOM = 1.2
"""How many more accounts there are than customers are expected, who come at random."""
_NOISE_SECONDS = 0.01
"""How exactly the log says when a request came: it is written after the answer is made, and a
processor that many want may be taken from the service in between."""
_SETTLE_SECONDS = 120.0
_QUEUES = ("identity", "gateway")
_SETTINGS = {
    "KUNDEAPP_GATEWAY_TRUSTED_HOPS": "1",
    **{f"KUNDEAPP_{name}_LOG_FORMAT".upper(): "json" for name in (*SERVICES, "gateway")},
}
_NOBODY_IS_TURNED_AWAY = {
    "KUNDEAPP_IDENTITY_HASHING_WAIT": "3600",
    "KUNDEAPP_GATEWAY_CALL_WAIT": "3600",
    "KUNDEAPP_GATEWAY_CALLS_AT_ONCE": "100000",
}


@dataclass(frozen=True)
class Phase:
    """A stretch of the drill, in seconds.

    Attributes:
        name: What it is.
        customers: How many come for tickets each second.
        seconds: For how long.
        tickets: How many tickets there are.
        opens_after: When the sale opens.
        patience: For how long after that people come back who were told to.
    """

    name: str
    customers: float
    seconds: float
    tickets: int
    opens_after: float = 3.0
    patience: float = 4.0


def step(customers: float) -> Phase:
    """Returns a step of load."""
    return _usual(f"{customers:g} customers a second", customers, 10)


RELEASE = Phase(
    "everybody within a minute",
    customers=EVERYBODY / 60,
    seconds=60,
    tickets=_EVERYBODYS_TICKETS,
    opens_after=15,
    patience=30,
)


def _usual(name: str, customers: float, seconds: float, patience: float = 4.0) -> Phase:
    tickets = round(customers * seconds * _TICKETS)
    return Phase(name, customers, seconds, tickets, patience=patience)


@dataclass(frozen=True)
class Outcome:
    """What came of a phase.

    Attributes:
        phase: The phase.
        asked: All requests.
        gone: What people wanted who left without it.
        seconds: How long it took.
        processors: How much of a processor each process used.
        lead: By how much the most favoured came after somebody whom they were put before.
        faults: What should not have been.
    """

    phase: Phase
    asked: Sequence[Asked]
    gone: Sequence[Kind]
    seconds: float
    processors: Mapping[str, float]
    lead: float
    faults: Sequence[str]

    def of(self, kind: Kind) -> Sequence[Asked]:
        """Returns the requests of a kind."""
        return [each for each in self.asked if each.kind is kind]

    @property
    def late(self) -> Sequence[Kind]:
        """What was not answered as soon as it is promised to those who were served."""
        return [
            kind for kind in Kind if percentile(_waits_of_served(self.of(kind)), 99) > kind.limit
        ]

    @property
    def is_carried(self) -> bool:
        """Whether everyone was served, as soon as it is promised."""
        is_anyone_sent_away = any(each.is_told_to_wait for each in self.asked)
        return not (is_anyone_sent_away or self.late or self.faults)


def _waits_of_served(asked: Sequence[Asked]) -> Sequence[float]:
    return [each.seconds for each in asked if not each.is_told_to_wait]


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Returns the time that so many of a hundred took at most, 0 of none."""
    if not seconds:
        return 0.0
    return sorted(seconds)[min(len(seconds) * percent // 100, len(seconds) - 1)]


@dataclass
class Stage:
    """The suite, and who plays.

    Attributes:
        plan: The databases, the bus and the keys.
        processes: The services and the gateway.
        settings: Where the CLI finds the suite.
        staff: What event staff are logged in with.
        residents: Who uses it as on any day, with their access tokens.
        came: How many of the crowd have come so far.
    """

    plan: Plan
    processes: dict[str, Replica]
    settings: Settings
    staff: Sessions
    residents: Sequence[tuple[Person, str]] = ()
    came: int = 0

    def publish(self, phase: Phase) -> str:
        """Publishes the event of a phase, whose sale opens a second later than the phase says."""
        events, now = EventsService.of(self.settings, self.staff.internal_token), datetime.now(UTC)
        request = pb.CreateEventRequest(
            title=f"Haustkonsert: {phase.name}", venue="Ørsta kulturhus", capacity=phase.tickets
        )
        request.starts_at.FromDatetime(now + timedelta(days=30))
        request.sales_open_at.FromDatetime(now + timedelta(seconds=phase.opens_after + 1))
        event_id = events.create_event(request).id
        events.publish_event(event_id)
        return event_id

    def restart(self, names: Sequence[str], **settings: str) -> None:
        """Starts processes anew, with further settings for this time."""
        anew = one_of_each(self.plan, **_SETTINGS, **settings)
        for name in names:
            self.processes[name].stop()
            self.processes[name] = anew[name]
            anew[name].start()

    def stop(self) -> None:
        """Stops all that runs."""
        for process in self.processes.values():
            process.stop()

    def until_nothing_waits(self) -> None:
        """Waits until what was told is heard, and what must be learned of customers is known."""
        token = Sessions.of(self.settings).internal_token

        def nothing_waits() -> bool:
            states = [
                OperationsService.of(self.settings, service, token).state() for service in SERVICES
            ]
            unlearned = self.plan.postgres.run_sql(
                "SELECT count(*) FROM customer WHERE ask_at IS NOT NULL", "consent"
            )
            return unlearned == "0" and not any(
                state.outbox.waiting or any(each.waiting for each in state.bus.consumers)
                for state in states
            )

        if not wait_until(nothing_waits, _SETTLE_SECONDS):
            sys.exit("The suite does not settle.")

    def processors(self) -> Counter[str]:
        """Returns how many seconds of a processor each process has used so far."""
        postgres = self.plan.postgres.child.pid
        children = Path(f"/proc/{postgres}/task/{postgres}/children").read_text().split()
        return Counter(
            {
                **{name: cpu_seconds(each.child.pid) for name, each in self.processes.items()},
                "PostgreSQL": sum(map(cpu_seconds, (postgres, *map(int, children)))),
                "NATS": cpu_seconds(self.plan.nats.child.pid),
                "the crowd itself": cpu_seconds(os.getpid()),
            }
        )


def start(plan: Plan, up: contextlib.ExitStack) -> Stage:
    """Starts the suite, and loads the demonstration but for its events."""
    start_neighbours(plan, up)
    where = Settings.model_validate({**plan.cli_settings(), "session": plan.data / "session.json"})
    staff = Sessions(Gateway(where.gateway), plan.data / "event-staff.json")
    stage = Stage(plan, one_of_each(plan, **_SETTINGS), where, staff)
    up.callback(stage.stop)
    for process in stage.processes.values():
        process.child.start()
    for process in stage.processes.values():
        process.child.wait_until_ready(process.ready, START_SECONDS)
    codes = load(plan, where, datetime.now(OSLO))
    codes.log_in(EVENT_STAFF.email, lambda code: staff.log_in(EVENT_STAFF.email, PASSWORD, code))
    return stage


async def prepare(stage: Stage, customers: int) -> None:
    """Gives everyone an account, and logs those in who use the suite as on any day."""
    operator = Services.of(stage.settings, Sessions.of(stage.settings).internal_token)
    seed = Seed(RESIDENTS, _DAYS, datetime.now(OSLO).date())
    await asyncio.to_thread(sow, seed, operator, stage.plan.data / "demo")
    residents = [Person(number, point_of(number)) for number in range(RESIDENTS)]
    await give_accounts(stage.plan, {f"{FIRST_NUMBER + each.number}": each for each in residents})
    await open_accounts(stage.plan, [Person(RESIDENTS + number) for number in range(customers)])
    await asyncio.to_thread(stage.until_nothing_waits)
    connections = Connections(LOOPBACK, stage.plan.settings.port)
    crowd = Crowd(connections)
    tokens = [(each, await crowd.log_in(each, 0)) for each in residents]
    stage.residents = [(each, token) for each, token in tokens if token is not None]
    connections.close()


async def play(stage: Stage, phase: Phase) -> Outcome:
    """Lets a crowd come, and judges what came of it."""
    loop = asyncio.get_running_loop()
    connections = Connections(LOOPBACK, stage.plan.settings.port)
    crowd = Crowd(connections)
    event_id = await asyncio.to_thread(stage.publish, phase)
    log = stage.plan.child("events").log
    logged, used = log.stat().st_size, stage.processors()
    began = loop.time() + 1
    sale = Sale(event_id, began + phase.opens_after)
    first, month = RESIDENTS + stage.came, _month()

    async def want(number: int, moment: float) -> None:
        await crowd.want_tickets(Person(first + number), moment, sale)

    async def look(number: int, moment: float) -> None:
        who, token = stage.residents[number % len(stage.residents)]
        await crowd.look_around(who, token, moment, month)

    coming = [began + each for each in crowd.arrivals(phase.customers, phase.seconds)]
    usual = [began + each for each in crowd.arrivals(VISITS, phase.seconds)]
    stage.came += len(coming)
    loop.call_at(began + phase.seconds + phase.patience, crowd.is_over.set)
    async with crowd.coming(usual, look):
        await crowd.come(coming, want)
    seconds = loop.time() - began
    used = stage.processors() - used
    connections.close()
    seats = await fairness.sold(stage.plan.postgres.url("events"), event_id)
    traces = {
        each.who.customer_id: key_of(each.who, f"{sale.path}/reservations").hex
        for each in crowd.asked
    }
    arrivals = _arrivals(log, logged)
    lead = fairness.lead(arrivals[traces[buyer]] for buyer in seats.buyers)
    faults = [*fairness.faults(crowd.asked, seats)]
    if lead > _NOISE_SECONDS:
        faults.append(f"somebody was put before one who had come {lead * 1000:.0f} ms earlier")
    shares = {name: share / seconds for name, share in used.most_common()}
    outcome = Outcome(phase, crowd.asked, crowd.gone, seconds, shares, lead, faults)
    print(said(outcome), flush=True)
    return outcome


def _arrivals(log: Path, begin: int) -> Mapping[str, float]:
    """Returns when requests for tickets came, by their traces, as the service has logged it.

    Args:
        log: Its log.
        begin: Where to begin in it.
    """
    moments = dict[str, float]()
    with log.open("rb") as lines:
        lines.seek(begin)
        for line in lines:
            if b"EventsService.ReserveTickets" in line:
                told = json.loads(line)
                ended = datetime.fromisoformat(told["timestamp"])
                moments[told["trace_id"]] = ended.timestamp() - told["ms"] / 1000
    return moments


def _month() -> str:
    today = datetime.now(OSLO).date()
    return f"from={today - timedelta(days=_DAYS - 5)}&to={today}"


def said(outcome: Outcome) -> str:
    """Returns an outcome as Markdown."""
    phase, asked = outcome.phase, outcome.asked
    logins = outcome.of(Kind.LOGIN)
    came = len({each.who for each in logins})
    late = percentile([each.sent - each.planned for each in asked], 99)
    shares = ", ".join(f"{name} {share:.2f}" for name, share in outcome.processors.items())
    lines = [
        f"### {phase.name[0].upper()}{phase.name[1:]}",
        (
            f"{came:,} customers come for {phase.tickets:,} tickets within {phase.seconds:g} s; "
            f"{len({each.who for each in logins if each.answer.status == HTTPStatus.OK}):,} are in "
            f"when it is over, after {outcome.seconds:.0f} s."
        ),
        table(
            ("", "asked", "told to wait", "in ms", "served", "p50 ms", "p99 ms", "most ms"),
            [_row(kind.value, outcome.of(kind)) for kind in Kind if outcome.of(kind)],
        ),
    ]
    waits = [each.answer.retry_after or 0 for each in logins if each.is_told_to_wait]
    if waits:
        lines.append(
            f"Whoever was to log in later was told to wait {statistics.median(waits):.0f} s at p50 "
            f"and {max(waits)} s at most; of those who came back, {_let_in(logins):.0%} got in."
        )
    lines.append(
        f"Processors of {os.cpu_count()}: {sum(outcome.processors.values()):.2f} in all; {shares}. "
        f"The crowd asked {late * 1000:.0f} ms late at p99, which the figures above contain. "
        f"Tickets were out of the order of arrival by {outcome.lead * 1000:.1f} ms at most."
    )
    lines.append(
        f"Faults: {'; '.join(outcome.faults) or 'none'}. "
        f"Later than promised: {', '.join(kind.value for kind in outcome.late) or 'nothing'}."
    )
    return "\n\n".join(lines)


def _row(name: str, asked: Sequence[Asked]) -> Sequence[str]:
    waited = _waits_of_served(asked)
    refused = [each.seconds for each in asked if each.is_told_to_wait]
    return (
        name,
        f"{len(asked):,}",
        f"{len(refused):,}",
        f"{percentile(refused, 99) * 1000:.0f}" if refused else "",
        f"{len(waited):,}",
        *(
            f"{value * 1000:.0f}"
            for value in (percentile(waited, 50), percentile(waited, 99), max(waited, default=0))
        ),
    )


def _let_in(logins: Sequence[Asked]) -> float:
    """Returns how large a share of those who came back when they were told were let in."""
    seen, back = set[Person](), list[Asked]()
    for each in logins:
        if each.who in seen:
            back.append(each)
        seen.add(each.who)
    return sum(not each.is_told_to_wait for each in back) / max(len(back), 1)


async def main() -> None:
    """Runs the drill."""
    with planned(ports=PORTS) as (plan, up):
        stage = start(plan, up)
        await prepare(stage, _most_customers())
        steps = await climb(stage)
        carried = [each.phase.customers for each in steps if each.is_carried]
        if not carried:
            sys.exit(f"Not even {STEPS[0]:g} customers a second are carried.")
        more = BEYOND * carried[-1]
        stage.restart(_QUEUES, **_NOBODY_IS_TURNED_AWAY)
        unlimited = await play(stage, _usual("the same, and nobody is turned away", more, 15))
        stage.restart(_QUEUES)
        beyond = await play(stage, _usual(f"{BEYOND:g} times what is carried", more, 20, 10.0))
        await asyncio.to_thread(stage.until_nothing_waits)
        everybody = await play(stage, RELEASE)
    if not (unlimited.late or unlimited.faults):
        sys.exit("With nobody turned away all went well: the drill sees no damage.")
    outcomes = [*steps, beyond, everybody]
    said_before = RESULT.read_text() if RESULT.exists() else ""
    head = said_before.partition(_MARK)[0]
    RESULT.write_text(head + report(carried[-1], [*outcomes, unlimited]))
    if any(each.faults for each in outcomes) or beyond.late or everybody.late:
        sys.exit("Somebody was not served as they should be; docs/release-day.md says who.")


async def climb(stage: Stage) -> Sequence[Outcome]:
    """Takes step after step until one is not carried."""
    outcomes = list[Outcome]()
    for customers in STEPS:
        outcomes.append(await play(stage, step(customers)))
        if not outcomes[-1].is_carried:
            break
    await asyncio.to_thread(stage.until_nothing_waits)
    return outcomes


def _most_customers() -> int:
    """Returns how many accounts are enough, however high the steps lead."""
    steps = sum(step(each).seconds * each for each in STEPS)
    beyond = BEYOND * STEPS[-1] * (15 + 20)
    return round(_ROOM * (steps + beyond + EVERYBODY))


def report(carried: float, outcomes: Sequence[Outcome]) -> str:
    """Returns the result as Markdown."""
    return (
        f"{_MARK}\n{datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} processors that the crowd "
        f"shares. Carried are {carried:g} customers a second, each of whom logs in, looks at the "
        "event and reserves.\n\n" + "\n\n".join(map(said, outcomes)) + "\n"
    )


if __name__ == "__main__":
    uvloop.run(main())
