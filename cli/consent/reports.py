"""What is said of consents and their ledger."""

from pathlib import Path

from cli.consent.files import Texts
from cli.consent.service import Check, ConsentService
from cli.outcome import CommandError, Exit, Fault, Report
from kundeapp.consent.v1 import consents_pb2 as pb

_NOTICES = {
    pb.PublishNoticeResponse.UNCHANGED: "as before",
    pb.PublishNoticeResponse.NEW_VERSION: "new version",
    pb.PublishNoticeResponse.LANGUAGE_ADDED: "language added",
}
_PURPOSES = {
    pb.PutPurposeResponse.UNCHANGED: "as before",
    pb.PutPurposeResponse.CREATED: "new",
    pb.PutPurposeResponse.CHANGED: "changed",
}
_WRONG = {
    pb.VerifyLedgerResponse.Problem.CHANGED: "was changed after it was written",
    pb.VerifyLedgerResponse.Problem.MISSING: "removed",
    pb.VerifyLedgerResponse.Problem.CHAIN_BROKEN: "does not follow the customer's row before it",
    pb.VerifyLedgerResponse.Problem.VIEW_DIFFERS: "is not what holds of the customer",
    pb.VerifyLedgerResponse.Problem.CUT: "cut off, as an anchor shows",
    pb.VerifyLedgerResponse.Problem.REWRITTEN: "rewritten in part, as an anchor shows",
}


def publish(service: ConsentService, texts: Texts, name: str) -> Report:
    """Publishes texts, and says what became of each.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    rows, data = list[tuple[str, str, str, str]](), list[dict[str, object]]()
    for request in texts.notices:
        answer = service.publish_notice(request)
        outcome, version = answer.outcome, answer.notice.version
        rows.append(("notice", request.notice, f"version {version}", _NOTICES[outcome]))
        said = pb.PublishNoticeResponse.Outcome.Name(outcome)
        data.append({"notice": request.notice, "version": version, "outcome": said})
    for purpose in texts.purposes:
        done = service.put_purpose(purpose).outcome
        channels = f"{len(purpose.channels)} channels" if purpose.channels else "no channels"
        rows.append(("purpose", purpose.id, channels, _PURPOSES[done]))
        outcome_name = pb.PutPurposeResponse.Outcome.Name(done)
        data.append({"purpose": purpose.id, "outcome": outcome_name})
    return Report(
        f"Published from {name}", rows, {"published": data}, columns=("What", "Name", "", "Now")
    )


def import_report(file: Path, report: pb.ImportConsentsReport) -> Report:
    """Says what an import did."""
    return Report(
        f"Consents from {file.name}",
        (
            ("rows in the file", f"{report.rows}"),
            ("written down", f"{report.recorded}"),
            ("changed nothing", f"{report.unchanged}"),
        ),
        {"rows": report.rows, "recorded": report.recorded, "unchanged": report.unchanged},
    )


def check_report(check: Check, anchors: int) -> Report:
    """Says that the ledger is as it was written.

    Args:
        check: What was seen.
        anchors: How many anchors it was held against.

    Raises:
        CommandError: It is not.
    """
    if check.problems:
        message = f"The ledger is not as it was written: {len(check.problems)} found."
        faults = tuple(_fault(problem) for problem in check.problems)
        raise CommandError(Exit.REFUSED, "LEDGER_BROKEN", message, faults)
    position, digest = check.anchor.position, check.anchor.digest
    rows = (
        ("rows", f"{check.rows}"),
        ("anchors", f"{anchors}"),
        ("position", f"{position}"),
        ("digest", digest),
    )
    data = {"rows": check.rows, "anchors": anchors, "position": position, "digest": digest}
    return Report("The ledger is as it was written.", rows, data)


def _fault(problem: pb.VerifyLedgerResponse.Problem) -> Fault:
    where = f"position {problem.position}"
    if problem.last_position > problem.position:
        where = f"positions {problem.position} to {problem.last_position}"
    what = _WRONG[problem.kind]
    if problem.customer_id:
        about = " ".join(filter(None, (problem.purpose, problem.channel)))
        what = f"{what}: {about} of customer {problem.customer_id}"
    kind = pb.VerifyLedgerResponse.Problem.Kind.Name(problem.kind)
    return Fault(where, kind, what)
