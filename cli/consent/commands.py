"""The commands about consents."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import AsJson, finish, sessions, settings, with_bar
from cli.consent.recipients import recipients

if TYPE_CHECKING:
    from cli.consent.service import ConsentService
    from cli.outcome import Output, Report

consent = typer.Typer(
    help="Publishes what customers are asked for, and looks after the ledger of what they answer.",
    no_args_is_help=True,
)
consent.add_typer(recipients)


@consent.command("publish")
def publish_texts(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="Notices and purposes, TOML."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Publishes notices and purposes. Safe to repeat: what is as before is left alone.

    Other texts than before are a new version of a notice. Where the file says is_material, those
    who agreed to an earlier version are asked again.

    Example: kundeapp consent publish services/consent/notices.toml
    """

    def publish(_: "Output") -> "Report":
        from cli.consent import reports
        from cli.consent.files import read_texts

        texts = read_texts(file)
        return reports.publish(_service(), texts, file.name)

    finish(publish, as_json=as_json)


@consent.command("import")
def import_consents(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The CSV file.")
    ],
    as_json: AsJson = False,
) -> None:
    """Takes in what was decided elsewhere: all of a file, or nothing of it. Safe to repeat.

    The columns are customer_number,purpose,channel,decision,happened_at,source,evidence,
    notice_version. The decision is GIVEN or WITHDRAWN, the source a word such as paper-form. The
    evidence says where it can be looked up; write no personal data there. What was decided later
    stays.

    Example: kundeapp consent import consents.csv
    """

    def import_file(output: "Output") -> "Report":
        from cli.consent.reports import import_report

        to = _service()
        report = with_bar(output, file, lambda bar: to.import_consents(file, bar))
        return import_report(file, report)

    finish(import_file, as_json=as_json)


@consent.command("verify")
def verify_ledger(
    anchors: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="A file that keeps what the ledger was; it grows by a line with each check.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Checks that the ledger is as it was written, and ends with 1 if it is not.

    Keep the file of anchors away from the database, and check daily: then also a ledger whose end
    was cut off, or that was written anew, is found.

    Needs the certificate of the CLI and no login, so that it can be done by the clock.

    Example: kundeapp consent verify --anchors /backup/anchors.jsonl
    """

    def verify(_: "Output") -> "Report":
        from datetime import UTC, datetime

        from cli.consent.files import AnchorFile
        from cli.consent.reports import check_report

        if anchors is None:
            return check_report(_service().verify_ledger(()), 0)
        file = AnchorFile(anchors)
        known = file.read()
        check = _service().verify_ledger(known)
        report = check_report(check, len(known))
        if check.anchor.position > max((each.position for each in known), default=0):
            file.add(check.anchor, datetime.now(UTC))
        return report

    finish(verify, as_json=as_json)


def _service() -> "ConsentService":
    from cli.consent.service import ConsentService

    where = settings()
    return ConsentService.of(where, sessions(where).internal_token)
