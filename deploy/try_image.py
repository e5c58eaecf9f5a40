"""Runs every process of the image as Kubernetes would, and says how large and how quick it is.

As the image's user, on a read-only root, without capabilities, with the address of its database in
a file, and otherwise with the settings of `make run`, on a PostgreSQL and a NATS of this checkout:
`make image`. Needs Podman and runc.
"""

import http.client
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from cli.local.plan import SERVICES, Plan, RunSettings
from cli.local.readiness import grpc_ready, http_ready
from kit.local.processes import LOOPBACK, free_port, wait_until
from kit.settings import SECRETS

_USER = 65532
_START_SECONDS = 60.0
_STOP_SECONDS = 60
_PODMAN = ("podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc")
_AS_IN_KUBERNETES = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--network=host",
    "--pull=never",
    "--ulimit=nofile=4096:4096",
    "--ulimit=nproc=4096:4096",
)
_FIRST_OF_OURS = "ARG VERSION"
"""The step of the Containerfile that all of what we add comes after."""
_SERVED = {
    "/": "<!doctype html>",
    "/docs": "<!doctype html>",
    "/openapi.json": '"openapi":"3.1.0"',
    "/asyncapi.json": '"asyncapi":',
}
"""What a gateway answers with, which shows that it found what was built and generated."""


@dataclass(frozen=True)
class Tried:
    """How a process did.

    Attributes:
        name: Which one.
        started: Seconds until it was ready, or, if it ends by itself, until it had ended.
        memory: What it then held in memory, in bytes; None if it ends by itself.
        stopped: Seconds from SIGTERM to its end; None if it ends by itself.
    """

    name: str
    started: float
    memory: int | None = None
    stopped: float | None = None

    def __str__(self) -> str:
        """A row of a table."""
        memory = "" if self.memory is None else f"{self.memory >> 20} MiB"
        stopped = "" if self.stopped is None else f"{self.stopped:.1f} s"
        return f"| {self.name} | {self.started:.1f} s | {memory} | {stopped} |"


def main(image: str) -> None:
    """Tries an image, and prints a table."""
    folder = Path(tempfile.mkdtemp(prefix="kundeapp-image-"))
    try:
        print("| process | ready, or done, after | memory | stopped after |")
        print("| --- | --- | --- | --- |")
        for tried in _try_all(image, folder):
            print(tried, flush=True)
    finally:
        shutil.rmtree(folder)
    size = _podman("image", "inspect", "--format={{.Size}}", image)
    layers = json.loads(_podman("history", "--format=json", image))
    on_top = itertools.takewhile(lambda layer: _FIRST_OF_OURS not in layer["CreatedBy"], layers)
    ours = sum(layer["size"] for layer in on_top)
    print(
        f"\nThe image has {int(size) / 1e6:.0f} MB, of which {ours / 1e6:.0f} MB are not its base."
    )


def _try_all(image: str, folder: Path) -> Generator[Tried]:
    with ExitStack() as cleanup:
        plan = Plan(RunSettings(data=folder, port=_free_ports()))
        for each in (plan.logs, plan.mailbox):
            each.mkdir()
        plan.pki.prepare()
        for server in (plan.postgres, plan.nats):
            server.start()
            cleanup.callback(server.stop)
        _give_to_the_user(folder)
        for name in SERVICES:
            plan.postgres.create_database(name)
            yield _migrate(image, plan, name)
        tls = plan.pki.identity("cli")
        processes: list[_Process] = []
        for name in SERVICES:
            process = _Process(image, plan, name, grpc_ready(plan.settings.port_of(name), tls))
            processes.append(cleanup.enter_context(process.running()))
        port = plan.settings.port_of("gateway")
        gateway = _Process(image, plan, "gateway", http_ready(port))
        with gateway.running():
            _require_pages(port)
            yield gateway.stop()
        for process in processes:
            yield process.stop()


class _Process:
    def __init__(self, image: str, plan: Plan, name: str, ready: Callable[[], bool]) -> None:
        self.name = name
        self._container = f"kundeapp-try-{os.getpid()}-{name}"
        self._ready = ready
        module = "gateway" if name == "gateway" else f"services.{name}"
        self._command = _command(image, plan, name, module, "--detach", f"--name={self._container}")
        self._started = 0.0

    @contextmanager
    def running(self) -> "Generator[_Process]":
        began = time.monotonic()
        _run(self._command)
        try:
            if not wait_until(self._ready, _START_SECONDS):
                sys.exit(f"{self.name} is not ready:\n{_podman('logs', self._container)}")
            self._started = time.monotonic() - began
            yield self
        finally:
            _podman("rm", "--force", self._container)

    def stop(self) -> Tried:
        pid = int(_podman("inspect", "--format={{.State.Pid}}", self._container))
        memory = _memory(pid)
        began = time.monotonic()
        _podman("stop", f"--time={_STOP_SECONDS}", self._container)
        seconds = time.monotonic() - began
        code = int(_podman("inspect", "--format={{.State.ExitCode}}", self._container))
        if code:
            sys.exit(f"{self.name} ended with {code}:\n{_podman('logs', self._container)}")
        return Tried(self.name, self._started, memory, seconds)


def _migrate(image: str, plan: Plan, name: str) -> Tried:
    began = time.monotonic()
    _run(_command(image, plan, name, f"services.{name}.migrations", "--rm"))
    return Tried(f"migrations of {name}", time.monotonic() - began)


def _command(image: str, plan: Plan, name: str, module: str, *options: str) -> Sequence[str]:
    settings = {
        key: value
        for key, value in plan.child(name).environment.items()
        if key.startswith(f"KUNDEAPP_{name.upper()}_") and not key.endswith("_WEB")
    }
    in_file = f"KUNDEAPP_{name.upper()}_DATABASE_URL"
    secrets = plan.data / "secrets" / name
    secrets.mkdir(parents=True, exist_ok=True)
    (secrets / in_file.lower()).write_text(settings.pop(in_file, ""))
    environment = (f"--env={key}={value}" for key, value in settings.items())
    folders = (f"--volume={plan.data}:{plan.data}", f"--volume={secrets}:{SECRETS}:ro")
    return (*_PODMAN, "run", *_AS_IN_KUBERNETES, *options, *environment, *folders, image, module)


def _require_pages(port: int) -> None:
    for path, expected in _SERVED.items():
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status != HTTPStatus.OK or expected not in body:
            sys.exit(f"the gateway answers {path} with {answer.status}: {body[:200]}")


def _give_to_the_user(folder: Path) -> None:
    """Lets the image's user read the certificates and keys, and write messages."""
    folder.chmod(0o755)
    for part in ("pki", "mailbox"):
        for path in (folder / part, *(folder / part).rglob("*")):
            os.chown(path, _USER, _USER)


def _memory(pid: int) -> int:
    """Returns what a process holds in memory for itself, in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    raise LookupError(pid)


def _free_ports() -> int:
    """Returns where a row of ports begins that nobody listens on just now."""
    return free_port() - 20


def _podman(*arguments: str) -> str:
    return _run((*_PODMAN, *arguments))


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        sys.exit(f"{' '.join(command[:6])} … failed: {done.stderr}")
    return (done.stdout + done.stderr).strip()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost/kundeapp:try")
