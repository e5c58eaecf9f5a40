"""The commands about who may be written to."""

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, sessions, settings

if TYPE_CHECKING:
    from cli.consent.recipients_service import RecipientsService
    from cli.outcome import Output, Report

recipients = typer.Typer()

Address = Annotated[str, typer.Argument(help="An e-mail address or a phone number.")]


class Channel(Enum):
    """A way to reach a customer."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    PUSH = "push"
    POST = "post"


class Reason(Enum):
    """Why nothing is sent to an address."""

    HARD_BOUNCE = "hard-bounce"
    COMPLAINT = "complaint"
    RESERVATION_REGISTER = "reservation-register"
    MANUAL = "manual"


@recipients.command("audience")
def audience(
    purpose: Annotated[str, typer.Argument(help="The purpose: kraftklubben.")],
    *,
    channel: Annotated[
        Channel | None, typer.Option(help="The channel; each of them if left out.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write their ids to a file.")
    ] = None,
    as_of: Annotated[
        int | None, typer.Option(min=1, help="A row of the ledger: only decisions up to it count.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Counts who may be written to, and who is left out and why; or writes who may be to a file.

    The file has no addresses, only ids, one a line. Some of them may say no before you send.

    Example: kundeapp consent audience kraftklubben --channel email --csv audience.csv
    """
    if csv is None and as_of is not None:
        raise typer.BadParameter("--as-of goes with --csv.")
    if csv is not None and channel is None:
        raise typer.BadParameter("--csv needs a --channel.")

    def ask(_: "Output") -> "Report":
        from cli.consent.recipients_reports import audience_file, audience_report

        service = _service()
        if csv is None or channel is None:
            counted = service.count_audience(purpose, channel.name if channel else "")
            return audience_report(purpose, counted)
        messages = service.export_audience(purpose, channel.name, as_of or 0)
        return audience_file(csv, messages, overwrite=overwrite)

    finish(ask, as_json=as_json)


@recipients.command("suppress")
def suppress(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            help="E-mail addresses and phone numbers; read from the standard input, one a line, if "
            "left out."
        ),
    ] = None,
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    note: Annotated[
        str, typer.Option(help="Where they come from. Write no personal data there.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Has no news sent to addresses any longer, whoever has them. Safe to repeat.

    Nothing at all is sent to one with hard-bounce. The suite keeps hashes, no addresses.

    Example: kundeapp consent suppress --reason reservation-register < numbers.txt
    """

    def add(_: "Output") -> "Report":
        from cli.consent.recipients_reports import suppressed_report

        lines = addresses or [line.strip() for line in sys.stdin if line.strip()]
        added = _service().suppress(lines, reason.name, note)
        return suppressed_report(len(lines), added)

    finish(add, as_json=as_json)


@recipients.command("unsuppress")
def unsuppress(
    address: Address,
    *,
    reason: Annotated[Reason, typer.Option(help="The reason that no longer counts.")],
    why: Annotated[str, typer.Option(help="Why, without personal data. It is kept for ever.")],
    as_json: AsJson = False,
) -> None:
    """Has an address written to again, as far as a reason goes. Who did so and why is kept.

    Example: kundeapp consent unsuppress kari@example.no --reason manual --why "Has called"
    """

    def remove(_: "Output") -> "Report":
        from cli.outcome import Report

        _service().unsuppress(address, reason.name, why)
        return Report(f"No longer blocked as {reason.value}.", (), {"reason": reason.name})

    finish(remove, as_json=as_json)


@recipients.command("suppressions")
def suppressions(
    address: Annotated[
        str, typer.Argument(help="An e-mail address or a phone number; all if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Says why nothing is sent to an address, or how many addresses that is so for.

    Example: kundeapp consent suppressions kari@example.no
    """

    def ask(_: "Output") -> "Report":
        from cli.consent.recipients_reports import counts_report, suppressions_report

        if address:
            return suppressions_report(_service().suppressions_of(address))
        return counts_report(_service().count_suppressions())

    finish(ask, as_json=as_json)


def _service() -> "RecipientsService":
    from cli.consent.recipients_service import RecipientsService

    where = settings()
    return RecipientsService.of(where, sessions(where).internal_token)
