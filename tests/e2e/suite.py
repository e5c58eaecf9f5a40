"""The whole suite, started as a person starts it, on ports and in a folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from cli.demo.codes import code_for, newest
from cli.demo.staff_codes import StaffCodes
from cli.gateway import Gateway
from cli.outcome import CommandError, Exit
from kit.local.processes import wait_until

_Result = TypeVar("_Result")

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Done:
    """How a command of the CLI ended, and the JSON object that it printed."""

    status: int
    printed: Mapping[str, Any]


@dataclass
class Suite:
    """`kundeapp run`, and what a customer and an operator do with it.

    Attributes:
        data: Where it keeps everything.
        port: The gateway's port.
        told: What its processes are told beside that, as environment variables.
    """

    data: Path
    port: int
    told: Mapping[str, str] = field(default_factory=dict[str, str])
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def demo(self) -> Mapping[str, Any]:
        demo: Mapping[str, Any] = json.loads((self.data / "demo.json").read_text())
        return demo

    @property
    def mailbox(self) -> Path:
        return self.data / "mailbox"

    @contextlib.contextmanager
    def running(self) -> Generator[Self]:
        """Starts it, and stops it at the end unless it has ended."""
        try:
            self.start()
            yield self
        finally:
            if self.process is not None:
                self.stop()

    def start(self) -> None:
        """Starts it and waits until the demonstration is there too."""
        with (self.data / "console.log").open("ab") as console:
            self.process = subprocess.Popen(  # the command is ours
                (sys.executable, "-m", "cli", "run"),
                env=self._environment,
                stdout=console,
                stderr=console,
            )
        assert wait_until(self.is_ready, START_SECONDS), self.console()
        assert wait_until((self.data / "run" / "control.json").exists, START_SECONDS), (
            self.console()
        )

    def stop(self) -> int:
        """Stops it as Ctrl-C does; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(STOP_SECONDS)
        self.process = None
        return status

    def kill(self) -> None:
        """Kills the runner, which then can stop nothing."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def console(self) -> str:
        return (self.data / "console.log").read_text()

    def pid_of(self, name: str) -> int:
        """The process id of one of the processes that it runs."""
        servers = {name: self.data / name / "process.json" for name in ("postgres", "nats")}
        record = servers.get(name, self.data / "run" / f"{name}.json")
        pid: int = json.loads(record.read_text())["pid"]
        return pid

    def cli(self, *arguments: str, session: str = "session", typed: str = "") -> Done:
        """Runs a command of the CLI with `--json`.

        Args:
            arguments: The command.
            session: Whose login; that of the demonstration's operator unless another is named.
            typed: What is given to its standard input.
        """
        with self.cli_process(*arguments, "--json", session=session) as process:
            printed, said = process.communicate(typed.encode(), timeout=START_SECONDS)
        assert said == b"", said
        return Done(process.returncode, json.loads(printed))

    def cli_process(self, *arguments: str, session: str = "session") -> "subprocess.Popen[bytes]":
        """Starts a command of the CLI."""
        file = {"KUNDEAPP_CLI_SESSION": str(self.data / "cli" / f"{session}.json")}
        return subprocess.Popen(  # noqa: S603  # the command is ours
            (sys.executable, "-m", "cli", *arguments),
            env={**self._environment, **file},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def log_in_at_the_cli(self, role: str, session: str) -> None:
        """Logs a member of staff in, unless the session is there: each code is taken once."""
        if (self.data / "cli" / f"{session}.json").exists():
            return
        member = next(each for each in self.demo["staff"] if role in each["roles"])

        def log_in(code: str) -> None:
            login = ("login", member["email"], "--password-stdin", "--otp", code)
            done = self.cli(*login, session=session, typed=f"{member['password']}\n")
            if done.status:
                error = done.printed["error"]
                raise CommandError(Exit(done.status), error["code"], error["message"])

        self._with_a_code(member, log_in)

    def _with_a_code(self, member: Mapping[str, Any], act: Callable[[str], _Result]) -> _Result:
        codes = StaffCodes({member["email"]: member["totpSecret"]}, print)
        return codes.log_in(member["email"], act)

    def staff(self, member: Mapping[str, Any]) -> "Customer":
        """Returns a member of staff who is logged in, as a customer would be."""

        def log_in(code: str) -> str:
            login = {key: member[key] for key in ("email", "password")}
            session = Gateway(self.url).post("/v1/sessions", {**login, "secondFactor": code})
            return str(session["accessToken"])

        return Customer(self.url, self._with_a_code(member, log_in))

    def register(self, number: str, pin: str, email: str, password: str) -> "Customer":
        """Opens an account with the code that comes by mail, and logs in to it."""
        account = {"customerNumber": number, "pin": pin, "email": email, "password": password}
        before = newest(self.mailbox)
        asked = httpx.post(f"{self.url}/v1/accounts:register", json=account).raise_for_status()
        code = code_for(self.mailbox, email, after=before)
        confirmation = {"verificationId": asked.json()["id"], "code": code}
        httpx.post(f"{self.url}/v1/accounts:confirm", json=confirmation).raise_for_status()
        return self.log_in(email, password)

    def log_in(self, email: str, password: str) -> "Customer":
        session = httpx.post(
            f"{self.url}/v1/sessions", json={"email": email, "password": password}
        ).raise_for_status()
        return Customer(self.url, session.json()["accessToken"])

    @property
    def _environment(self) -> dict[str, str]:
        ours = {"KUNDEAPP_DATA": str(self.data), "KUNDEAPP_PORT": str(self.port)}
        return {**os.environ, **ours, **self.told}


@dataclass(frozen=True)
class Customer:
    """Somebody who is logged in."""

    url: str
    token: str

    def get(self, path: str, **query: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(self.url + path, params=query, headers=headers, timeout=30)

    def lines(self, path: str) -> Iterator[str]:
        """Reads a stream line by line, for as long as there is something to hear."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.stream("GET", self.url + path, headers=headers, timeout=30) as answer:
            yield from answer.iter_lines()

    def post(
        self, path: str, body: Mapping[str, object], *, key: str | None = None
    ) -> httpx.Response:
        """Sends a change; `key` is its Idempotency-Key."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return httpx.post(self.url + path, json=body, headers=headers, timeout=30)

    def patch(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        """Changes something."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        return httpx.patch(self.url + path, json=body, headers=headers, timeout=30)

    def usage(
        self, gsrn: str, resolution: str, first: str, end: str, direction: str = "CONSUMPTION"
    ) -> Mapping[str, Any]:
        """The answer, its numbers with every digit."""
        query = {"resolution": resolution, "from": first, "to": end, "direction": direction}
        response = self.get(f"/v1/meteringPoints/{gsrn}/usage", **query).raise_for_status()
        usage: Mapping[str, Any] = json.loads(response.text, parse_float=Decimal)
        return usage
