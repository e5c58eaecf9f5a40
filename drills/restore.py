"""Restores databases of a suite in use to a moment between two writes, and looks what is true then.

    .venv/bin/python -m drills.restore

First one database alone, of events, while the others go on; then all of them. The bus keeps what
was told, so it is looked at as well: what is told twice, what is heard again, and what was told and
is no longer true. The result is written to docs/restore.md.
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import nats
from nats.js.api import ConsumerConfig, DeliverPolicy

from cli.config import Settings
from cli.consent.service import ConsentService
from cli.demo.consents import agree_to_news
from cli.demo.events import CONCERT
from cli.demo.people import CUSTOMERS, EVENT_STAFF, PASSWORD
from cli.demo.staff_codes import StaffCodes
from cli.events.service import EventsService
from cli.gateway import Gateway
from cli.local.plan import SERVICES, Plan
from cli.local.temporary import planned, start_neighbours
from cli.operations.doctor import examine
from cli.operations.service import OperationsService
from cli.services import Services
from cli.session import Sessions
from drills.replicas import PORTS, START_SECONDS, Replica, load_with_events, one_of_each
from kit.bus import STREAM
from kit.envelope import Envelope
from kit.local.postgres import LocalPostgres
from kit.local.processes import wait_until
from kundeapp.consent.v1.consents_pb2 import LedgerAnchor

RESULT = Path(__file__).parents[1] / "docs" / "restore.md"
_MARK = "<!-- The last result; `make rehearse-restore` writes all below. -->\n"
_PATIENCE_SECONDS = 30.0
_LATE_COMER = "100099"
_MARGIN = timedelta(minutes=5)
_MIB = 2**20


@dataclass
class Drill:
    """What runs, and what was found so far.

    Attributes:
        plan: The databases, the bus and the certificates.
        settings: Where the CLI finds the suite.
        codes: What staff log in with.
        processes: The services and the gateway.
        found: What was looked at, and how it was.
    """

    plan: Plan
    settings: Settings
    codes: StaffCodes
    processes: dict[str, Replica]
    found: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def gateway(self) -> Gateway:
        """The gateway of the suite."""
        return Gateway(self.settings.gateway, language="en")

    def require(self, what: str, how: str, *, holds: bool) -> None:
        """Notes something that must be so, and ends the drill if it is not."""
        print(f"{'ok' if holds else 'NOT SO'}: {what}: {how}")
        if not holds:
            sys.exit("The rehearsal has failed.")
        self.found.append((what, how))

    def restart(self, names: Sequence[str], **environment: str) -> None:
        """Starts stopped processes, with further settings for this time."""
        for name in names:
            was = self.plan.child(name)
            child = replace(was, environment={**was.environment, **environment})
            self.processes[name] = replace(self.processes[name], child=child)
            child.start()
        for name in names:
            process = self.processes[name]
            process.child.wait_until_ready(process.ready, START_SECONDS)

    def stop(self, names: Sequence[str]) -> None:
        """Stops processes."""
        for name in names:
            self.processes[name].stop()

    def stop_all(self) -> None:
        """Stops all that runs."""
        self.stop([*self.processes][::-1])

    def operations(self, service: str) -> OperationsService:
        """Returns what operators ask of a service."""
        token = Sessions.of(self.settings).internal_token
        return OperationsService.of(self.settings, service, token)

    def until_nothing_waits(self) -> None:
        """Waits until all is published, and all that is published is heard."""

        def nothing_waits() -> bool:
            states = [self.operations(service).state() for service in SERVICES]
            return not any(
                state.outbox.waiting or any(each.waiting for each in state.bus.consumers)
                for state in states
            )

        if not wait_until(nothing_waits, _PATIENCE_SECONDS):
            sys.exit("Events still wait.")

    def log_in(self, email: str, code: str = "") -> str:
        """Returns an access token."""
        login = {"email": email, "password": PASSWORD, "secondFactor": code}
        return str(self.gateway.post("/v1/sessions", login)["accessToken"])

    def audits(self) -> Sequence[bool]:
        """Says of each event whether its counters are those of its rows."""
        sessions = Sessions(self.gateway, self.plan.data / f"{uuid4()}.json")
        self.codes.log_in(
            EVENT_STAFF.email, lambda code: sessions.log_in(EVENT_STAFF.email, PASSWORD, code)
        )
        events = EventsService.of(self.settings, sessions.internal_token)
        return [events.audit(event.id).consistent for event in events.list_events(past=True)]

    def ledger_problems(self, anchors: Sequence[LedgerAnchor] = ()) -> int:
        """Returns how many rows of the ledger are not as they were written."""
        consent = ConsentService.of(self.settings, Sessions.of(self.settings).internal_token)
        return len(consent.verify_ledger(anchors).problems)

    def anchor(self) -> LedgerAnchor:
        """Returns what the ledger is, to be kept elsewhere."""
        consent = ConsentService.of(self.settings, Sessions.of(self.settings).internal_token)
        return consent.verify_ledger(()).anchor


@dataclass(frozen=True)
class Written:
    """What was written on both sides of the moment.

    Attributes:
        moment: The moment.
        kept: The reservation before it, told after it.
        lost: The reservation after it.
        anchor: What the ledger was at the last.
    """

    moment: datetime
    kept: str
    lost: str
    anchor: LedgerAnchor


def start(plan: Plan, up: contextlib.ExitStack) -> Drill:
    """Starts a suite whose databases archive their log, with the demonstration in it."""
    archive = archive_of(plan.data)
    archive.mkdir(mode=0o777)
    archive.chmod(0o777)
    plan.postgres.settings = {
        "archive_mode": "on",
        # Whole or not at all, as whoever waits for it expects.
        "archive_command": (
            f'test ! -f "{archive}/%f" && cp "%p" "{archive}/%f.new"'
            f' && mv "{archive}/%f.new" "{archive}/%f"'
        ),
    }
    start_neighbours(plan, up)
    where = Settings.model_validate({**plan.cli_settings(), "session": plan.data / "session.json"})
    drill = Drill(plan, where, StaffCodes({}, print), one_of_each(plan))
    up.callback(drill.stop_all)
    drill.restart([*drill.processes])
    drill.codes = load_with_events(plan, where)
    return drill


def archive_of(data: Path) -> Path:
    """Returns the folder that the log is archived in."""
    return data / "archive"


def write(drill: Drill) -> Written:
    """Writes on both sides of a moment; what is written before it is told after it."""
    gateway, plan = drill.gateway, drill.plan
    _, odd_arne, mari = (drill.log_in(customer.email) for customer in CUSTOMERS)
    events = gateway.get("/v1/events", mari)["events"]
    [concert] = [event["id"] for event in events if event["title"] == CONCERT.title]
    drill.until_nothing_waits()
    plan.nats.stop()
    path = f"/v1/events/{concert}/reservations"
    kept = gateway.post(path, {"quantity": 1}, odd_arne)["id"]
    moment = datetime.fromisoformat(plan.postgres.run_sql("SELECT clock_timestamp()"))
    plan.nats.start()
    drill.until_nothing_waits()
    lost = gateway.post(path, {"quantity": 3}, mari)["id"]
    agree_to_news(gateway, mari)
    file = plan.data / "late.csv"
    file.write_text(
        f"customer_number,name,email,mobile,pin\n{_LATE_COMER},Sein Gjest,sein@example.com,,\n"
    )
    Services.of(drill.settings, Sessions.of(drill.settings).internal_token).import_customers(
        file, lambda _: None
    )
    drill.until_nothing_waits()
    return Written(moment, kept, lost, drill.anchor())


def restore_events(drill: Drill, restored: LocalPostgres, written: Written) -> None:
    """Puts the database of events back, while the others go on."""
    url = restored.url("events")
    handled = _number(drill.plan.postgres, "consent", "SELECT count(*) FROM inbox")
    untold = _number(restored, "events", "SELECT count(*) FROM outbox WHERE sent_at IS NULL")
    newest = restored.run_sql("SELECT max(occurred_at) FROM outbox", "events")
    drill.require(
        "events knows the reservation before the moment",
        f"{written.moment:%H:%M:%S.%f} UTC; its last event is of {newest}",
        holds=_is_there(restored, written.kept),
    )
    drill.require(
        "what was told after the moment is to be told again", f"{untold} events", holds=untold > 0
    )
    drill.require(
        "events does not know the reservation after it",
        "nor the customer of whom it heard later",
        holds=not _is_there(restored, written.lost) and not _knows_late_comer(restored),
    )
    drill.restart(["events"], KUNDEAPP_EVENTS_DATABASE_URL=url)
    drill.until_nothing_waits()
    drill.require(
        "left to itself events goes on where it was on the bus",
        "and never hears again of the customer",
        holds=not _knows_late_comer(restored),
    )
    drill.stop(["events"])
    since = (written.moment - _MARGIN).isoformat()
    drill.restart(["events"], KUNDEAPP_EVENTS_DATABASE_URL=url, KUNDEAPP_EVENTS_CONSUME_FROM=since)
    drill.until_nothing_waits()
    drill.require(
        "told to begin anew at the moment, it hears again of the customer",
        "KUNDEAPP_EVENTS_CONSUME_FROM, five minutes before",
        holds=_knows_late_comer(restored),
    )
    again = _number(drill.plan.postgres, "consent", "SELECT count(*) FROM inbox") - handled
    drill.require(
        "what events told again has no second effect",
        f"consent has handled {again} more",
        holds=again == 0,
    )
    audits = drill.audits()
    drill.require(
        "the counters of every event are those of its rows",
        f"{len(audits)} events",
        holds=bool(audits) and all(audits),
    )
    forgotten = asyncio.run(_told_and_not_known(drill, restored, written.moment))
    drill.require(
        "the bus knows what was told after the moment and is no longer true",
        ", ".join(sorted({event.type.rpartition(".")[2] for event in forgotten})),
        holds=written.lost in str([event.payload for event in forgotten]),
    )


def restore_all(drill: Drill, restored: LocalPostgres, written: Written) -> None:
    """Puts every database back to the same moment, and empties the bus of what came later."""
    drill.stop_all()
    asyncio.run(_empty_bus(drill))
    for service in SERVICES:
        name = f"KUNDEAPP_{service}_DATABASE_URL".upper()
        drill.restart([service], **{name: restored.url(service)})
    drill.restart(["gateway"])
    told = sum(
        drill.operations(service).republish(written.moment - timedelta(hours=1))
        for service in SERVICES
    )
    drill.until_nothing_waits()
    drill.require("all is published again", f"{told} events", holds=told > 0)
    drill.require(
        "nobody knows what came after the moment",
        "neither the reservation nor the customer",
        holds=not _is_there(restored, written.lost)
        and not _knows_late_comer(restored)
        and _is_there(restored, written.kept),
    )
    audits = drill.audits()
    drill.require(
        "the counters of every event are those of its rows",
        f"{len(audits)} events",
        holds=bool(audits) and all(audits),
    )
    drill.require("the ledger is whole", "as it was written", holds=not drill.ledger_problems())
    cut = drill.ledger_problems([written.anchor])
    drill.require(
        "an anchor from after the moment, kept elsewhere, shows what the ledger has lost",
        f"{cut} found",
        holds=cut > 0,
    )
    faults = [fault.where for fault in examine(drill.settings).faults]
    drill.require("the doctor finds nothing to mend", f"{len(faults)} faults", holds=not faults)


def _is_there(postgres: LocalPostgres, reservation: str) -> bool:
    statement = f"SELECT count(*) FROM reservation WHERE id = '{reservation}'"  # noqa: S608 - ours
    return _number(postgres, "events", statement) == 1


def _knows_late_comer(postgres: LocalPostgres) -> bool:
    statement = f"SELECT count(*) FROM customer WHERE number = '{_LATE_COMER}'"  # noqa: S608 - ours
    return _number(postgres, "events", statement) == 1


def _number(postgres: LocalPostgres, database: str, statement: str) -> int:
    return int(postgres.run_sql(statement, database))


async def _told_and_not_known(
    drill: Drill, restored: LocalPostgres, since: datetime
) -> Sequence[Envelope]:
    """Returns what events has published since a moment and its database does not know of."""
    known = set(restored.run_sql("SELECT id FROM outbox", "events").split())
    identity = drill.plan.pki.identity("cli")
    client = await nats.connect(drill.plan.nats.url, tls=identity.client_context())
    found = list[Envelope]()
    try:
        config = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
        subscription = await client.jetstream().pull_subscribe(
            "kundeapp.events.>", stream=STREAM, config=config
        )
        with contextlib.suppress(TimeoutError):
            while True:
                for message in await subscription.fetch(100, timeout=2):
                    found.append(
                        Envelope.received(message.subject, message.data, message.headers or {})
                    )
                    await message.ack()
    finally:
        await client.close()
    return [event for event in found if str(event.id) not in known]


async def _empty_bus(drill: Drill) -> None:
    identity = drill.plan.pki.identity("cli")
    client = await nats.connect(drill.plan.nats.url, tls=identity.client_context())
    try:
        await client.jsm().delete_stream(STREAM)
    finally:
        await client.close()


def _archived(drill: Drill) -> None:
    """Waits until the log is archived up to now."""
    postgres = drill.plan.postgres
    segment = postgres.run_sql("SELECT pg_walfile_name(pg_switch_wal())")

    def is_archived() -> bool:
        return (archive_of(drill.plan.data) / segment).exists()

    if not wait_until(is_archived, _PATIENCE_SECONDS):
        sys.exit(f"Segment {segment} is not archived.")


def _timed(act: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / _MIB


def report(figures: Mapping[str, str], found: Sequence[tuple[str, str]]) -> str:
    """Returns the result as Markdown."""
    rows = "\n".join(f"| {what} | {figure} |" for what, figure in figures.items())
    checks = "\n".join(f"- {what}: {how}" for what, how in found)
    return (
        f"{_MARK}\n{datetime.now(UTC):%Y-%m-%d}, with the demonstration's data:\n\n"
        f"| | |\n| --- | ---: |\n{rows}\n\nIt was made sure that\n\n{checks}\n"
    )


def main() -> None:
    """Runs the drill."""
    with planned(ports=PORTS) as (plan, up):
        data, drill = plan.data, start(plan, up)
        backups = data / "backup-of-one", data / "backup-of-all"
        copying = [_timed(partial(drill.plan.postgres.base_backup, each)) for each in backups]
        size = _size(backups[0])
        written = write(drill)
        _archived(drill)
        drill.stop(["events"])
        restoring = list[float]()
        for backup, look in zip(backups, (restore_events, restore_all), strict=True):
            restored = LocalPostgres.restored(backup, archive_of(data), written.moment)
            up.callback(restored.stop)
            restoring.append(_timed(restored.start))
            look(drill, restored, written)
        figures = {
            "base backup of all databases": f"{min(copying):.1f} s, {size:.0f} MiB",
            "archived log": f"{_size(archive_of(data)):.0f} MiB",
            "from the start of the new server until it takes writes": f"{max(restoring):.1f} s",
        }
    said = RESULT.read_text() if RESULT.exists() else ""
    RESULT.write_text(said.partition(_MARK)[0] + report(figures, drill.found))


if __name__ == "__main__":
    main()
