"""How a command runs and ends. What it needs is imported when it runs: help is instant."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from cli import moments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.config import Settings
    from cli.outcome import Output, Report
    from cli.services import Progress as Sent
    from cli.services import Services
    from cli.session import Sessions

_Result = TypeVar("_Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def moment_option(what: str) -> Any:
    """Returns an option that takes a moment as staff write it."""
    return typer.Option(help=what, parser=_moment, metavar="TIME")


def _moment(text: str) -> datetime:
    try:
        return moments.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def finish(act: "Callable[[Output], Report | None]", *, as_json: bool) -> NoReturn:
    """Does what a command is there for, prints the outcome and ends with its status."""
    from cli.outcome import CommandError, Exit, Output

    output = Output(as_json=as_json)
    try:
        report = act(output)
    except CommandError as error:
        output.error(error)
        raise typer.Exit(error.status) from error
    if report is not None:
        output.report(report)
        if report.faults:
            raise typer.Exit(Exit.REFUSED)
    raise typer.Exit(Exit.OK)


def settings() -> "Settings":
    """Reads where the suite is.

    Raises:
        CommandError: Nobody has said.
    """
    from pydantic import ValidationError

    from cli.config import DataSettings, Settings
    from cli.outcome import CommandError, Exit

    try:
        # The environment and the data folder fill in what a checker sees missing here.
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        names = ", ".join(f"KUNDEAPP_CLI_{fault['loc'][0]}".upper() for fault in error.errors())
        message = (
            f"Where is the suite? Nothing was run in {DataSettings().data.resolve()}: "
            f"start it with `kundeapp run`, name its folder in KUNDEAPP_DATA, or set {names}."
        )
        raise CommandError(Exit.USAGE, "NOT_CONFIGURED", message) from error


def sessions(of: "Settings") -> "Sessions":
    """Returns the login that is kept for the suite."""
    from cli.session import Sessions

    return Sessions.of(of)


def services() -> "Services":
    """Returns the staff side of identity and metering, for whoever is logged in."""
    from cli.services import Services

    where = settings()
    return Services.of(where, sessions(where).internal_token)


def is_meant(question: str) -> bool:
    """Asks whether somebody means it; where nobody is there to answer, nobody does."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        return False


def with_bar(output: "Output", file: "Path", send: "Callable[[Sent], _Result]") -> _Result:
    """Sends a file; on a terminal, a bar shows how much of it is on its way."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    size = file.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    # Elsewhere it would leave an empty line behind.
    nowhere = not output.err.is_terminal
    with Progress(*columns, console=output.err, transient=True, disable=nowhere) as bar:
        task = bar.add_task(file.name, total=size)

        def sent(size_sent: int) -> None:
            done = size_sent >= size
            bar.update(
                task,
                completed=size_sent,
                description=f"{file.name}: storing" if done else file.name,
            )

        return send(sent)
