"""What an operator has to know of what was seen: whether it is sound, and if not what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from kundeapp.operations.v1 import operations_service_pb2 as pb

CERTIFICATE_WARNING = timedelta(days=30)
CERTIFICATE_FAULT = timedelta(days=7)
SKEW_WARNING = timedelta(seconds=1)
SKEW_FAULT = timedelta(seconds=5)
"""Internal tokens live for 60 seconds, and clients' clocks are not ours to set."""
LAG_WARNING_SECONDS = 10
LAG_FAULT_SECONDS = 60
OUTBOX_WARNING = timedelta(seconds=10)
OUTBOX_FAULT = timedelta(minutes=1)
DISK_WARNING = 0.20
DISK_FAULT = 0.10
WAITING_WARNING = 1000
OLDEST_VERSION = 15
_GIB = 2**30


class Verdict(Enum):
    """How it is with something."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """How it is with one thing.

    Attributes:
        what: What was looked at: `events: outbox`.
        verdict: How it is.
        found: What was seen.
        remedy: What to do; empty if nothing.
    """

    what: str
    verdict: Verdict
    found: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """What was seen, and what to do."""
        return f"{self.found}. {self.remedy}" if self.remedy else self.found


def judged(
    what: str, found: str, *, fault: bool = False, warning: bool = False, remedy: str
) -> Finding:
    """Returns a finding that says what to do only where something is wrong."""
    if fault:
        return Finding(what, Verdict.FAULT, found, remedy)
    if warning:
        return Finding(what, Verdict.WARNING, found, remedy)
    return Finding(what, Verdict.OK, found)


def of_state(state: pb.ServiceState, now: datetime) -> Sequence[Finding]:
    """Judges what a service stands on.

    Args:
        state: What it says.
        now: The clock here, at about the moment at which it said so.
    """
    return [
        of_skew(f"{state.service}: clock", state.now.ToDatetime(UTC), now),
        *_of_database(state),
        *_of_bus(state),
        *(_of_transport(state.service, each) for each in state.transports),
    ]


def of_skew(what: str, theirs: datetime, ours: datetime) -> Finding:
    """Judges a clock by the one here."""
    skew = abs(theirs - ours)
    return judged(
        what,
        f"differs by {skew.total_seconds():.1f} s",
        fault=skew > SKEW_FAULT,
        warning=skew > SKEW_WARNING,
        remedy="Have both machines set their clocks by NTP: tokens live for a minute only.",
    )


def of_certificate(what: str, ends_at: datetime, now: datetime) -> Finding:
    """Judges a certificate by how long it is valid yet."""
    left = ends_at - now
    return judged(
        what,
        f"is valid until {ends_at:%Y-%m-%d %H:%M} UTC",
        fault=left < CERTIFICATE_FAULT,
        warning=left < CERTIFICATE_WARNING,
        remedy="Renew it, and restart the process: certificates are read at the start.",
    )


def of_disk(what: str, free: int, total: int) -> Finding:
    """Judges the room that is left, in bytes."""
    share = free / total
    return judged(
        what,
        f"{free / _GIB:.1f} of {total / _GIB:.1f} GiB are free",
        fault=share < DISK_FAULT,
        warning=share < DISK_WARNING,
        remedy="Make room, or enlarge the volume, before PostgreSQL stops writing.",
    )


def _of_database(state: pb.ServiceState) -> Iterator[Finding]:
    name, database = state.service, state.database
    what = f"{name}: database"
    if database.problem:
        remedy = "Start it, or correct the service's database URL; requests get 503 meanwhile."
        yield Finding(what, Verdict.FAULT, f"is out of reach: {database.problem}", remedy)
        return
    version = database.version.partition(".")[0]
    yield judged(
        what,
        f"PostgreSQL {database.version}, {database.size_bytes / 2**20:.0f} MiB",
        fault=not version.isdigit() or int(version) < OLDEST_VERSION,
        remedy=f"Upgrade it to PostgreSQL {OLDEST_VERSION} or newer.",
    )
    yield _of_migrations(name, database)
    yield of_skew(
        f"{name}: database clock", database.now.ToDatetime(UTC), state.now.ToDatetime(UTC)
    )
    for standby in database.standbys:
        yield _of_standby(name, standby)
    if database.archiving_fails_at:
        yield Finding(
            f"{name}: archive",
            Verdict.FAULT,
            f"segment {database.archiving_fails_at} could not be archived",
            "Mend archive_command: until then nothing newer can be restored, and the disk fills.",
        )
    yield _of_outbox(state)
    yield judged(
        f"{name}: dead letters",
        f"{state.dead_letters} open",
        fault=state.dead_letters > 0,
        remedy=f"Look at them: kundeapp dead-letters list {name}",
    )


def _of_migrations(name: str, database: pb.ServiceState.Database) -> Finding:
    here, newest = database.revision, database.newest_revision
    what = f"{name}: migrations"
    if here > newest:
        found = f"the database is at {here}, this replica knows {newest}"
        remedy = "An upgrade is under way; finish it, or roll forward: never migrate back."
        return Finding(what, Verdict.WARNING, found, remedy)
    return judged(
        what,
        f"at {here}" if here == newest else f"at {here}, the newest is {newest}",
        fault=here != newest,
        remedy=f"Run: python -m services.{name}.migrations",
    )


def _of_standby(name: str, standby: pb.ServiceState.Standby) -> Finding:
    return judged(
        f"{name}: standby {standby.name}",
        f"{standby.state or 'hidden from this role'}, {standby.lag_seconds:.1f} s behind",
        fault=standby.lag_seconds > LAG_FAULT_SECONDS,
        warning=standby.lag_seconds > LAG_WARNING_SECONDS or standby.state != "streaming",
        remedy=(
            "See its log and its network; grant pg_monitor to the service's role if it is hidden."
        ),
    )


def _of_outbox(state: pb.ServiceState) -> Finding:
    outbox = state.outbox
    what = f"{state.service}: outbox"
    if not outbox.waiting:
        return Finding(what, Verdict.OK, "nothing waits")
    age = state.now.ToDatetime(UTC) - outbox.oldest.ToDatetime(UTC)
    return judged(
        what,
        f"{outbox.waiting} wait, the oldest for {age.total_seconds():.0f} s",
        fault=age > OUTBOX_FAULT,
        warning=age > OUTBOX_WARNING,
        remedy="See whether NATS answers, and the service's log for `outbox relay interrupted`.",
    )


def _of_bus(state: pb.ServiceState) -> Iterator[Finding]:
    name, bus = state.service, state.bus
    what = f"{name}: bus"
    if bus.problem:
        remedy = "Start NATS, or correct the service's NATS URL; events wait in the outbox."
        yield Finding(what, Verdict.FAULT, f"is out of reach: {bus.problem}", remedy)
        return
    if not bus.has_stream:
        remedy = (
            f"Restart {name}, which makes it, and publish again what it held: "
            "kundeapp outbox republish"
        )
        yield Finding(what, Verdict.FAULT, "the stream of events is not there", remedy)
        return
    yield judged(
        what,
        f"events on {bus.current_replicas} of {bus.wanted_replicas} servers",
        fault=bus.current_replicas * 2 <= bus.wanted_replicas,
        warning=min(bus.replicas, bus.current_replicas) < bus.wanted_replicas,
        remedy=(
            f"Bring the servers of the cluster back; if all are there, restart {name}, "
            "which sets the number of replicas."
        ),
    )
    if bus.most_bytes:
        free = bus.most_bytes - bus.stored_bytes
        yield of_disk(f"{name}: bus storage", free, bus.most_bytes)
    for consumer in bus.consumers:
        yield _of_consumer(name, consumer)


def _of_consumer(name: str, consumer: pb.ServiceState.Consumer) -> Finding:
    what = f"{name}: consumer {consumer.name}"
    if not consumer.exists:
        remedy = f"Restart {name}, which makes it; see its log for `consumer interrupted`."
        return Finding(what, Verdict.FAULT, "is not on the bus", remedy)
    return judged(
        what,
        f"{consumer.waiting} wait, {consumer.redelivered} under way were handed out again",
        warning=consumer.redelivered > 0 or consumer.waiting > WAITING_WARNING,
        remedy=f"If they do not get fewer, see {name}'s log for `event failed`.",
    )


def _of_transport(name: str, transport: pb.ServiceState.Transport) -> Finding:
    what = f"{name}: {transport.channel.lower()}"
    if transport.problem:
        remedy = "See that it runs, and its address, login and certificate; messages wait."
        return Finding(what, Verdict.FAULT, f"is out of reach: {transport.problem}", remedy)
    return Finding(what, Verdict.OK, "answers")
