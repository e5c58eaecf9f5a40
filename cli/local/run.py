"""Starts the suite, fills it with the demonstration once, and keeps it running until Ctrl-C."""

import contextlib
import json
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.config import Settings, addresses_file
from cli.local import mailbox
from cli.local.control import listening
from cli.local.plan import SERVICES, Plan, RunSettings
from cli.local.readiness import Ready, grpc_ready, http_ready
from cli.local.supervisor import Say, Supervisor, Watched
from cli.moments import OSLO
from cli.outcome import CommandError, Exit, Output
from kit.local.errors import LocalError, NotStartedError, PortBusyError
from kit.local.processes import Child, locked, require_port

if TYPE_CHECKING:
    from cli.demo.load import Demo

_START_SECONDS = 120.0
_MIGRATION_SECONDS = 300.0


@dataclass
class PythonProcess:
    """A service, or the gateway."""

    child: Child
    ready: Ready

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        self.child.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Waits until it says that it is ready."""
        try:
            self.child.wait_until_ready(self.ready, _START_SECONDS)
        except NotStartedError:
            self.child.stop()
            raise

    def stop(self) -> None:
        """Stops it."""
        self.child.stop()


def run_everything(output: Output) -> None:
    """Runs the suite until SIGINT, SIGTERM or SIGHUP.

    Raises:
        CommandError: It does not start; everything that did is stopped again.
    """
    # SIGINT too: a shell that starts a command in the background has it ignored.
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupt)
    try:
        with contextlib.ExitStack() as cleanup:
            try:
                _run(Plan(_settings()), output.out, cleanup)
            finally:
                # A second Ctrl-C does not interrupt the stopping.
                _ignore_interrupts()
    except KeyboardInterrupt:
        output.out.print("Stopped.")
    except PortBusyError as error:
        setting = "KUNDEAPP_PORT" if error.name == "gateway" else _port_setting(error.name)
        message = f"{str(error).capitalize()}. Choose another one with {setting}."
        raise CommandError(Exit.REFUSED, "PORT_BUSY", message) from error
    except LocalError as error:
        raise CommandError(Exit.REFUSED, "NOT_STARTED", str(error)) from error


def _run(plan: Plan, console: Console, cleanup: contextlib.ExitStack) -> NoReturn:
    cleanup.enter_context(locked(plan.data))
    began = time.monotonic()

    def say(message: str) -> None:
        now = datetime.now().astimezone()
        console.print(f"[dim]{now:%H:%M:%S}[/] {escape(message)}", highlight=False)

    _prepare(plan)
    # At once: every connection that the others make may be given this port until somebody has it.
    cleanup.enter_context(mailbox.serving(plan.mailbox, plan.settings.port_of("mailbox")))
    services: list[PythonProcess] = []
    gateway = PythonProcess(plan.child("gateway"), http_ready(plan.settings.port_of("gateway")))
    # Stopped in the other order, whatever was started by then: the gateway first.
    for stop in (plan.postgres.stop, plan.nats.stop, lambda: _stop_together(services)):
        cleanup.callback(stop)
    cleanup.callback(gateway.stop)
    # It waits for the services by itself, and may as well do so while the databases are made.
    gateway.child.start()
    for server in (plan.postgres, plan.nats):
        server.start()
        say(f"{server.child.name} is up.")
    _migrate(plan, cleanup)
    say("The databases are up to date.")
    services.extend(_services(plan))
    for service in services:
        service.child.start()
    processes = (*services, gateway)
    for process in processes:
        process.wait_until_ready()
    say(f"Everything answers after {time.monotonic() - began:.1f} s.")
    demo = _load_demo(plan, say)
    datastores = (Watched(server, stays_down=True) for server in (plan.postgres, plan.nats))
    ours = (Watched(process, stays_down=False) for process in processes)
    supervisor = Supervisor((*datastores, *ours), say)
    cleanup.enter_context(listening(plan.data, supervisor.ask))
    console.print("\nKundeapp runs here. Ctrl-C stops it.\n", _summary(plan, demo), "")
    supervisor.supervise()


def _settings() -> RunSettings:
    try:
        return RunSettings()
    except ValidationError as error:
        faults = "; ".join(
            f"KUNDEAPP_{fault['loc'][0]}".upper() + f": {fault['msg']}" for fault in error.errors()
        )
        raise CommandError(Exit.USAGE, "WRONG_SETTING", faults) from error


def _prepare(plan: Plan) -> None:
    """Makes the folders and the keys, and makes sure that nobody has taken a port."""
    for folder in (plan.logs, plan.mailbox, plan.data / "run", plan.data / "cli"):
        folder.mkdir(exist_ok=True)
    for name in ("gateway", *SERVICES):
        # What an earlier run left behind when it was killed may hold our ports still.
        plan.end_leftover(name)
        require_port(name, plan.settings.port_of(name))
        require_port(f"{name}_admin", plan.settings.port_of(f"{name}_admin"))
    require_port("mailbox", plan.settings.port_of("mailbox"))
    plan.pki.prepare()
    addresses_file(plan.data).write_text(json.dumps(plan.cli_settings(), indent=2))


def _migrate(plan: Plan, cleanup: contextlib.ExitStack) -> None:
    """Brings every database up to date, all at the same time."""
    migrations = [plan.migration(name) for name in SERVICES]
    for name, migration in zip(SERVICES, migrations, strict=True):
        plan.postgres.create_database(name)
        cleanup.callback(migration.stop)
        migration.start()
    for migration in migrations:
        migration.finish(_MIGRATION_SECONDS)


def _services(plan: Plan) -> list[PythonProcess]:
    """Returns the services, not started."""
    tls = plan.pki.identity("cli")
    return [
        PythonProcess(plan.child(name), grpc_ready(plan.settings.port_of(name), tls))
        for name in SERVICES
    ]


def _stop_together(processes: list[PythonProcess]) -> None:
    for process in processes:
        process.child.ask_to_end()
    for process in processes:
        process.stop()


def _load_demo(plan: Plan, say: Say) -> "Demo":
    """Loads the demonstration unless an earlier start did, and logs the CLI in as its operator."""
    # The rest of the start should not wait for numpy and an HTTP client.
    from cli.demo.events import load_events  # noqa: PLC0415
    from cli.demo.load import Demo, load_demo, log_in_operator  # noqa: PLC0415
    from cli.demo.staff_codes import StaffCodes  # noqa: PLC0415
    from cli.gateway import Gateway  # noqa: PLC0415
    from cli.services import Services  # noqa: PLC0415
    from cli.session import Sessions  # noqa: PLC0415

    session = {"session": plan.data / "cli" / "session.json"}
    settings = Settings.model_validate({**plan.cli_settings(), **session})
    services = Services.of(settings, Sessions.of(settings).internal_token)
    codes = StaffCodes.prepared(services, plan.data / "demo" / "staff-secrets.json", say)
    demo = Demo.of(plan.settings.url, plan.mailbox, codes)
    loaded = plan.data / "demo" / "loaded"
    if not loaded.exists():
        began = time.monotonic()
        now = datetime.now(OSLO)
        load_demo(settings, codes, plan.data / "demo", plan.mailbox, now)
        load_events(Gateway(settings.gateway, language="nn"), codes, now.date())
        loaded.touch()
        say(f"The demonstration is loaded after {time.monotonic() - began:.1f} s.")
    # Written at each start, since the ports may be others.
    demo.write(plan.data / "demo.json")
    log_in_operator(settings, codes)
    return demo


def _summary(plan: Plan, demo: "Demo") -> Table:
    url = plan.settings.url
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_row("Di side", url)
    table.add_row("API", f"{url}/docs")
    table.add_row("Ready?", f"{url}/readyz")
    for customer in demo.customers:
        table.add_row("Customer", f"{customer.email}  {customer.password}")
    for member in demo.staff:
        roles = ", ".join(member.roles)
        table.add_row("Staff", f"{member.email}  {member.password}  ({roles})")
    table.add_row("", f"and a code of six digits: kundeapp demo-code {demo.staff[0].email}")
    table.add_row("CLI", "kundeapp --help (logged in as the operator)")
    table.add_row("Logs", str(plan.logs))
    table.add_row("Mailbox", f"http://localhost:{plan.settings.port_of('mailbox')}")
    table.add_row("", str(plan.mailbox))
    table.add_row("All of this", str(plan.data / "demo.json"))
    return table


def _port_setting(name: str) -> str:
    return f"KUNDEAPP_{name}_PORT".upper()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
