"""The commands of those who run the suite."""

from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, is_meant, moment_option, sessions, settings

if TYPE_CHECKING:
    from cli.operations.service import OperationsService
    from cli.outcome import Output, Report

dead_letters = typer.Typer(
    help="Looks at events that a service could not handle, and settles them.",
    no_args_is_help=True,
)
outbox = typer.Typer(help="Looks at events that wait to be published.", no_args_is_help=True)


class Service(Enum):
    """A service of the suite."""

    IDENTITY = "identity"
    METERING = "metering"
    CONSENT = "consent"
    EVENTS = "events"


Of = Annotated[Service, typer.Argument(help="The service.")]
Consumer = Annotated[str, typer.Argument(help="The consumer, as the list shows it.")]
Event = Annotated[str, typer.Argument(help="The event, as the list shows it.")]
Reason = Annotated[str, typer.Option(help="Why; it is written down. No personal data.")]


def doctor(as_json: AsJson = False) -> None:
    """Looks at everything the suite stands on, and says what is wrong and what to do.

    Ends with 0 if nothing must be mended, else with 1. Needs the certificate of the CLI and no
    login, so that it works while nobody can log in, and by the clock.

    Example: kundeapp doctor --json
    """

    def look(_: "Output") -> "Report":
        from cli.operations.doctor import examine

        return examine(settings())

    finish(look, as_json=as_json)


def seed(
    customers: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many, each with a metering point.")
    ] = 10_000,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days of hours for each.")] = 30,
    folder: Annotated[
        Path, typer.Option(file_okay=False, help="Where the files with the PINs go.")
    ] = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you mean it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fills a suite for a test under load; never one that customers use. Safe to repeat.

    Customers get a PIN each, with which a load test can register accounts, as many as identity's
    limits on tries from one network allow. Customers and contracts are the same in each run. An
    event to reserve is made by event staff (`kundeapp events create`).

    Example: kundeapp seed --customers 10000 --days 30
    """

    def fill(_: "Output") -> "Report":
        from datetime import datetime

        from cli import seed as seeds
        from cli.command import services
        from cli.moments import OSLO
        from cli.outcome import CommandError, Exit

        where = settings()
        question = f"Fill {where.gateway} with {customers} customers whose PINs anyone can know?"
        if not (yes or is_meant(question)):
            raise CommandError(Exit.USAGE, "NOT_CONFIRMED", "Nothing was made.")
        wanted = seeds.Seed(customers, days, datetime.now(OSLO).date())
        folder.mkdir(parents=True, exist_ok=True)
        return seeds.sow(wanted, services(), folder)

    finish(fill, as_json=as_json)


@dead_letters.command("list")
def list_dead_letters(
    service: Annotated[Service | None, typer.Argument(help="The service; all if left out.")] = None,
    settled: Annotated[bool, typer.Option("--settled", help="Those that are settled too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lists the events that could not be handled, the oldest first.

    Example: kundeapp dead-letters list events
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import letters_report

        asked = [service] if service else list(Service)
        return letters_report(
            [
                (each.value, letter)
                for each in asked
                for letter in _service(each).dead_letters(settled=settled)
            ]
        )

    finish(ask, as_json=as_json)


@dead_letters.command("show")
def show_dead_letter(
    service: Of, consumer: Consumer, event: Event, as_json: AsJson = False
) -> None:
    """Shows an event that could not be handled: what it says, and what it failed with.

    Example: kundeapp dead-letters show events events-customers
    0195e0c0-0000-7000-8000-000000000001
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import letter_report

        return letter_report("Dead letter", _service(service).dead_letter(consumer, event))

    finish(ask, as_json=as_json)


@dead_letters.command("replay")
def replay_dead_letter(
    service: Of, consumer: Consumer, event: Event, reason: Reason, as_json: AsJson = False
) -> None:
    """Handles an event once more, once what it failed with is mended. Safe to repeat.

    It takes effect now, after events that came later: see first that it says nothing which those
    have changed since.

    Example: kundeapp dead-letters replay events events-customers
    0195e0c0-0000-7000-8000-000000000001 --reason "Mended in 2.4.1"
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import letter_report

        return letter_report("Replayed", _service(service).replay(consumer, event, reason))

    finish(ask, as_json=as_json)


@dead_letters.command("discard")
def discard_dead_letter(
    service: Of, consumer: Consumer, event: Event, reason: Reason, as_json: AsJson = False
) -> None:
    """Settles an event that shall never take effect.

    Example: kundeapp dead-letters discard events events-customers
    0195e0c0-0000-7000-8000-000000000001 --reason "The customer is erased"
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import letter_report

        return letter_report("Discarded", _service(service).discard(consumer, event, reason))

    finish(ask, as_json=as_json)


@outbox.command("show")
def show_outboxes(as_json: AsJson = False) -> None:
    """Shows for each service how many events wait to be published, and since when.

    Needs the certificate of the CLI and no login.

    Example: kundeapp outbox show
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import outbox_report

        return outbox_report([_service(each).state() for each in Service])

    finish(ask, as_json=as_json)


@outbox.command("republish")
def republish_events(
    service: Of,
    since: Annotated[
        datetime,
        moment_option("Since when they were published, a time as in `2026-12-05 19:00`."),
    ],
    as_json: AsJson = False,
) -> None:
    """Publishes events again that were published since a moment, for a bus that has lost them.

    Sent events are kept for a week. Whoever has handled one passes over it.

    Example: kundeapp outbox republish identity --since "2026-12-05 12:00"
    """

    def ask(_: "Output") -> "Report":
        from cli.operations.reports import republished_report

        events = _service(service).republish(since)
        return republished_report(service.value, since, events)

    finish(ask, as_json=as_json)


def _service(of: Service) -> "OperationsService":
    from cli.operations.service import OperationsService

    where = settings()
    return OperationsService.of(where, of.value, sessions(where).internal_token)
