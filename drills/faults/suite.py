"""The suite with two replicas of every process, in which everything can fail.

Between any two processes lies a wire, which can be slow, cut or silent; every process can be killed
at any moment of its wires; PostgreSQL and NATS have disks of their own, where there can be such.
"""

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_SERVER, SSLContext
from typing import TypeVar

import httpx

from cli.config import Settings
from cli.consent.files import SHIPPED, read_texts
from cli.consent.reports import publish
from cli.consent.service import ConsentService
from cli.demo.load import log_in_operator
from cli.demo.staff_codes import StaffCodes
from cli.local.plan import SERVICES, Plan, RunSettings
from cli.local.temporary import start_neighbours
from cli.services import Services
from cli.session import Sessions
from drills.faults import disks
from drills.faults.disks import Disk
from drills.faults.mail import MailServer
from drills.faults.process import MovedClock
from drills.replicas import PORTS, START_SECONDS, Replica, replica_of
from kit.local.errors import LocalError
from kit.local.nats import LocalNats
from kit.local.postgres import LocalPostgres
from kit.local.processes import LOOPBACK, Child, first_of_free_ports, wait_until
from kit.testing.wires import (
    CLIENT,
    SERVER,
    Blind,
    Moment,
    NatsTap,
    PostgresTap,
    SmtpTap,
    Tap,
    Wire,
    Wires,
)

POSTGRES, NATS, MAIL = "postgres", "nats", "mail"
PROCESSES = (*SERVICES, "gateway")
CALLS: Mapping[str, Sequence[str]] = {
    "gateway": SERVICES,
    "consent": ("identity", "events"),
    "events": ("identity",),
}
"""Who asks whom over gRPC."""

_POSTGRES_MIB, _NATS_MIB = 768, 128
_TICK_SECONDS = 0.02
_DEATH_SECONDS = 10.0
_TIMEOUT_SECONDS = 10.0
_Result = TypeVar("_Result")
_SETTINGS = {
    # Many customers behind one address, who get many letters: neither is what is looked at here.
    "KUNDEAPP_GATEWAY_TRUSTED_HOPS": "1",
    "KUNDEAPP_IDENTITY_MESSAGES_PER_HOUR": "1000000",
    "KUNDEAPP_CONSENT_MESSAGES_PER_HOUR": "1000000",
    "KUNDEAPP_CONSENT_DIGEST_MINUTES": "0.02",
    "KUNDEAPP_IDENTITY_ACCESS_TOKEN_LIFETIME": "P1D",
}


@dataclass
class Trap:
    """What kills a process at a moment.

    Attributes:
        moment: The first such moment.
        victim: What dies: the process at the CLIENT's or at the SERVER's end of the wire, or
            another one by its name.
        sprung: Set once it has.
    """

    moment: Moment
    victim: str
    sprung: threading.Event = field(default_factory=threading.Event)


@dataclass
class Suite:
    """What runs, and what is done to it.

    Attributes:
        plan: The databases, the bus and the certificates.
        wires: What lies between the processes.
        mail: Where mails go.
        replicas: The processes, by name: `events, first`.
        clocks: Their clocks.
        disks: Those of POSTGRES and NATS, where there are any.
        settings: Where the CLI finds all of it.
        codes: What staff log in with.
        client: What people ask with.
        moments: What has passed on the wires, in order.
    """

    plan: Plan
    wires: Wires
    mail: MailServer
    replicas: Mapping[str, Replica]
    clocks: Mapping[str, MovedClock]
    disks: Mapping[str, Disk]
    settings: Settings
    codes: StaffCodes
    client: httpx.Client
    moments: list[Moment] = field(default_factory=list[Moment])
    _trap: Trap | None = None

    @property
    def gateways(self) -> Sequence[str]:
        """The URLs of the gateways."""
        port = self.plan.settings.port
        apart = self.replicas["gateway, second"].admin_port - self.replicas[_FIRST].admin_port
        return [f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{port + apart}"]

    @property
    def servers(self) -> Mapping[str, LocalPostgres | LocalNats]:
        """PostgreSQL and NATS."""
        return {POSTGRES: self.plan.postgres, NATS: self.plan.nats}

    # Killing.

    def set_trap(self, trap: Trap) -> None:
        """Has a process killed at a moment."""
        self._trap = trap

    def watch(self, moment: Moment, wire: Wire) -> bool:
        """Is told of each moment on a wire; see `Wires.watch`."""
        self.moments.append(moment)
        trap = self._trap
        if trap is None or trap.moment != moment:
            return False
        self._trap = None
        ends = {CLIENT: wire.client, SERVER: wire.server}
        self.kill(ends.get(trap.victim, trap.victim))
        trap.sprung.set()
        return trap.victim in ends

    def kill(self, victim: str) -> None:
        """Kills PostgreSQL, NATS, a replica, or both replicas of a process, with signal 9."""
        if victim in self.servers:
            _kill_with_children(self.servers[victim].child.pid)
        for name, replica in self.replicas.items():
            if name.startswith(victim) and replica.child.process is not None:
                replica.child.process.kill()
                replica.child.process.wait()  # until then it seems to run

    # Mending.

    def tend(self) -> bool:
        """Starts again what has ended, in this thread, with which it will end.

        Returns:
            Whether anything had.
        """
        servers = [server for server in self.servers.values() if not server.child.running]
        for server in servers:
            server.stop()
            with contextlib.suppress(LocalError):  # its disk may be full, still
                server.start()
        dead = [replica for replica in self.replicas.values() if not replica.child.running]
        for replica in dead:
            replica.child.stop()
            replica.child.start()
        return bool(servers or dead)

    def tend_while(self, work: Callable[[], _Result]) -> _Result:
        """Does something in another thread, and meanwhile starts again what ends."""
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(work)
            while not doing.done():
                self.tend()
                time.sleep(_TICK_SECONDS)
            return doing.result()

    def mend(self) -> None:
        """Mends all but what has happened to data."""
        self._trap = None
        self.wires.mend()
        for disk in self.disks.values():
            disk.empty()
        for clock in self.clocks.values():
            clock.ahead = timedelta(0)
        self.tend()

    def wait_until_ready(self) -> None:
        """Waits until every process says that it is."""
        for replica in self.replicas.values():
            replica.child.wait_until_ready(replica.ready, START_SECONDS)


_FIRST = "gateway, first"


@contextlib.contextmanager
def running(*, seed: int = 0) -> Generator[Suite]:
    """Starts everything, makes staff and notices, and stops it all at the end.

    Args:
        seed: Decides which bytes are lost on wires that lose some.
    """
    with (
        tempfile.TemporaryDirectory(prefix="kundeapp-faults-") as name,
        contextlib.ExitStack() as up,
    ):
        data = Path(name)
        data.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        mounted = _disks(data, up)
        plan = _plan(data)
        start_neighbours(plan, up)
        mail = up.enter_context(MailServer.running())
        wires = up.enter_context(Wires.held(seed))
        clocks = {name: MovedClock(data / "run" / f"{name}.clock") for name in _names()}
        replicas = {name: _replica(plan, wires, mail, name) for name in _names()}
        for replica in replicas.values():
            up.callback(replica.kill)
            replica.child.start()
        for replica in replicas.values():
            replica.child.wait_until_ready(replica.ready, START_SECONDS)
        settings = Settings.model_validate(
            {**plan.cli_settings(), "session": data / "sessions" / "operator.json"}
        )
        sessions = Sessions.of(settings)
        services = Services.of(settings, sessions.internal_token)
        codes = StaffCodes.prepared(services, data / "staff-secrets.json", print)
        log_in_operator(settings, codes)
        publish(
            ConsentService.of(settings, sessions.internal_token), read_texts(SHIPPED), SHIPPED.name
        )
        client = up.enter_context(httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False))
        suite = Suite(plan, wires, mail, replicas, clocks, mounted, settings, codes, client)
        wires.watch = suite.watch
        yield suite


def _names() -> Sequence[str]:
    return [f"{process}, {which}" for process in PROCESSES for which in ("first", "second")]


def _disks(data: Path, up: contextlib.ExitStack) -> Mapping[str, Disk]:
    if disks.why_not():
        return {}
    return {
        POSTGRES: up.enter_context(disks.mounted(data / POSTGRES, _POSTGRES_MIB)),
        NATS: up.enter_context(disks.mounted(data / NATS, _NATS_MIB)),
    }


def _plan(data: Path) -> Plan:
    plan = Plan(RunSettings(data=data, port=first_of_free_ports(PORTS)))
    port = plan.settings.port_of
    plan.postgres = LocalPostgres(
        plan.data / POSTGRES,
        port(POSTGRES),
        # A log that stays smaller than the disk.
        settings={"max_wal_size": "128MB", "min_wal_size": "32MB"},
        log=plan.logs / "postgres.log",
    )
    # In the clear behind the wires, which have to read what passes, and speak TLS with the others.
    plan.nats = LocalNats(plan.data / NATS, port(NATS), log=plan.logs / "nats.log")
    return plan


def _replica(plan: Plan, wires: Wires, mail: MailServer, name: str) -> Replica:
    """Returns a replica that reaches all others by wires."""
    process, _, which = name.partition(", ")
    settings = {
        key: value for key, value in _SETTINGS.items() if key.startswith(_prefix_of(process))
    }
    settings[f"{_prefix_of(process)}DRAIN_SECONDS"] = "0"

    def tell(key: str, value: object) -> None:
        settings[f"{_prefix_of(process)}{key}".upper()] = str(value)

    def stretch(
        server: str, port: int, tap: Callable[[], Tap], tls: SSLContext | None = None
    ) -> str:
        wire = wires.stretch(name, server, port, tap, nats_tls=tls)
        return f"{LOOPBACK}:{wire.port}"

    nats = stretch(NATS, plan.settings.port_of(NATS), partial(NatsTap, process), _nats_tls(plan))
    tell("nats_url", f"tls://{nats}")
    if process != "gateway":
        port = plan.settings.port_of(POSTGRES)
        there = stretch(POSTGRES, port, partial(PostgresTap, process))
        tell("database_url", plan.postgres.url(process).replace(f"{LOOPBACK}:{port}", there))
    for other in CALLS.get(process, ()):
        tell(other, "ipv4:" + ",".join(_both(plan, stretch, process, other)))
    if process in {"identity", "consent"}:
        there = stretch(MAIL, mail.port, partial(SmtpTap, process))
        host, _, port_of_wire = there.partition(":")
        tell("smtp_host", host)
        tell("smtp_port", port_of_wire)
        tell("smtp_tls", "none")
    replica = replica_of(plan, process, second=which == "second", settings=settings)
    return replace(replica, child=_with_a_clock(plan, replica, name))


def _both(
    plan: Plan,
    stretch: Callable[[str, int, Callable[[], Tap]], str],
    process: str,
    other: str,
) -> Generator[str]:
    for second in (False, True):
        target = replica_of(plan, other, second=second, settings={})
        listen = target.child.environment[f"{_prefix_of(other)}LISTEN"]
        port = int(listen.rpartition(":")[2])
        yield stretch(target.name, port, partial(Blind, process, other))


def _with_a_clock(plan: Plan, replica: Replica, name: str) -> Child:
    child = replica.child
    module = child.command[-1]
    hidden = {f"{_prefix_of(name.partition(',')[0])}MAILBOX"}
    return replace(
        child,
        command=(
            child.command[0],
            *("-m", "drills.faults.process", module, str(plan.data / "run" / f"{name}.clock")),
        ),
        environment={key: value for key, value in child.environment.items() if key not in hidden},
    )


def _prefix_of(process: str) -> str:
    return f"KUNDEAPP_{process}_".upper()


def _nats_tls(plan: Plan) -> SSLContext:
    """Returns what NATS shows to the suite, and asks of it: a certificate of the same authority."""
    identity = plan.pki.identity("nats")
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.load_verify_locations(identity.authority)
    context.verify_mode = CERT_REQUIRED
    return context


def _kill_with_children(pid: int) -> None:
    """Kills a process and what it has started, which for PostgreSQL are its sessions.

    The process itself dies last, so that nobody starts it again while one of the others lives.
    """
    if not pid:
        return
    os.kill(pid, signal.SIGSTOP)  # it starts no more
    children = _children_of(pid)
    for each in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    wait_until(lambda: not any(map(_lives, children)), _DEATH_SECONDS)
    os.kill(pid, signal.SIGKILL)


def _children_of(pid: int) -> Sequence[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _lives(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
