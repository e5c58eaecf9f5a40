"""The suite with two replicas of every process, behind a balancer, with the demonstration in it."""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cli.config import Settings
from cli.demo.events import load_events
from cli.demo.staff_codes import StaffCodes
from cli.gateway import Gateway
from cli.local.plan import SERVICES, Plan
from cli.local.readiness import Ready, grpc_ready, http_ready
from cli.local.temporary import load, planned, start_neighbours
from cli.moments import OSLO
from drills.balancer import balancing
from kit.local.processes import LOOPBACK, Child
from kit.settings import ProcessSettings

START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_APART = 20
"""How far the ports of the second replicas are from those of the first."""
_BALANCER = 2 * _APART
PORTS = _BALANCER + 1


@dataclass(frozen=True)
class Replica:
    """One of the two processes of a service, or of the gateway.

    Attributes:
        name: Its name: `events, second`.
        child: The process.
        ready: Whether it is ready.
        admin_port: Where its metrics are.
    """

    name: str
    child: Child
    ready: Ready
    admin_port: int

    def start(self) -> None:
        """Starts it, and waits until it is ready."""
        self.child.start()
        self.child.wait_until_ready(self.ready, START_SECONDS)

    def stop(self) -> None:
        """Asks it to end, and waits for that."""
        self.child.stop(_STOP_SECONDS)

    def kill(self) -> None:
        """Ends it at once."""
        if self.child.process is not None:
            self.child.process.kill()
        self.child.stop()


@dataclass(frozen=True)
class Suite:
    """What runs.

    Attributes:
        url: The balancer.
        plan: The databases, the bus and the certificates.
        codes: What staff log in with.
        settings: Where the CLI finds all of it.
        replicas: The processes, the gateway's last.
    """

    url: str
    plan: Plan
    codes: StaffCodes
    settings: Settings
    replicas: Sequence[Replica]


@contextlib.contextmanager
def running(**settings: str) -> Generator[Suite]:
    """Starts everything, loads the demonstration, and stops it all at the end.

    Args:
        settings: Further settings of the processes, by the name of an environment variable.
    """
    with planned(ports=PORTS) as (plan, up):
        start_neighbours(plan, up)
        replicas = [
            replica_of(plan, process, second=second, settings=settings)
            for process in (*SERVICES, "gateway")
            for second in (False, True)
        ]
        for replica in replicas:
            up.callback(replica.stop)
            replica.child.start()
        for replica in replicas:
            replica.child.wait_until_ready(replica.ready, START_SECONDS)
        port = plan.settings.port
        up.enter_context(balancing(plan.data, port + _BALANCER, (port, port + _APART)))
        url = f"http://{LOOPBACK}:{port + _BALANCER}"
        where = Settings.model_validate(
            {**plan.cli_settings(), "gateway": url, "session": plan.data / "session.json"}
        )
        yield Suite(url, plan, load_with_events(plan, where), where, replicas)


def one_of_each(plan: Plan, **settings: str) -> dict[str, Replica]:
    """Returns every process once, by its name, not started; the gateway's is the last.

    Args:
        plan: What they are.
        settings: Further settings of the processes, by the name of an environment variable.
    """
    tls = plan.pki.identity("cli")

    def replica(name: str) -> Replica:
        child = plan.child(name)
        port = plan.settings.port_of(name)
        return Replica(
            name,
            replace(child, environment={**child.environment, **settings}),
            http_ready(port) if name == "gateway" else grpc_ready(port, tls),
            plan.settings.port_of(f"{name}_admin"),
        )

    return {name: replica(name) for name in (*SERVICES, "gateway")}


def load_with_events(plan: Plan, settings: Settings) -> StaffCodes:
    """Loads the demonstration as of now; returns what its staff log in with."""
    now = datetime.now(OSLO)
    codes = load(plan, settings, now)
    load_events(Gateway(settings.gateway), codes, now.date())
    return codes


def replica_of(plan: Plan, process: str, *, second: bool, settings: Mapping[str, str]) -> Replica:
    """Returns one of the two processes of a service, or of the gateway.

    Args:
        plan: The databases, the bus and the certificates.
        process: The service, or the gateway.
        second: Which of the two.
        settings: Its further settings, by the name of an environment variable.
    """
    child = plan.child(process)
    name = f"{process}, {'second' if second else 'first'}"
    apart = _APART if second else 0
    port = plan.settings.port_of(process) + apart
    admin_port = plan.settings.port_of(f"{process}_admin") + apart
    ours = {
        "listen": f"{LOOPBACK}:{port}",
        "admin_port": f"{admin_port}",
        "log_format": "json",
        "drain_seconds": f"{ProcessSettings.model_fields['drain_seconds'].default}",
    }
    others = {
        other: _address_of_both(plan, other)
        for other in SERVICES
        if f"KUNDEAPP_{process}_{other}".upper() in child.environment
    }
    environment = {
        **child.environment,
        **{f"KUNDEAPP_{process}_{key}".upper(): value for key, value in {**ours, **others}.items()},
        **settings,
    }
    files = name.replace(", ", "-")
    return Replica(
        name,
        replace(
            child,
            name=name,
            environment=environment,
            log=plan.logs / f"{files}.log",
            record=plan.data / "run" / f"{files}.json",
        ),
        http_ready(port) if process == "gateway" else grpc_ready(port, plan.pki.identity("cli")),
        admin_port,
    )


def _address_of_both(plan: Plan, service: str) -> str:
    port = plan.settings.port_of(service)
    return f"ipv4:{LOOPBACK}:{port},{LOOPBACK}:{port + _APART}"
