"""What is said of who may be written to."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from cli import moments
from cli.outcome import CommandError, Exit, Report
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb

_HEADING = "customer_id\n"
_LEFT_OUT = {
    pb.NOT_A_CUSTOMER: "moved, deceased or erased",
    pb.WITHDRAWN: "have said no",
    pb.EXPIRED: "have let it end",
    pb.NOTICE_SUPERSEDED: "must be asked anew: the notice has changed",
    pb.NO_ADDRESS: "have no address for it",
    pb.NOT_CONFIRMED: "have not confirmed the address",
    pb.SUPPRESSED: "are blocked",
}


def audience_report(purpose: str, counted: pb.CountAudienceResponse) -> Report:
    """Says how many may be written to, and why others may not."""
    rows = [
        (
            _channel(each.channel),
            f"{each.allowed}",
            f"{each.consented}",
            ", ".join(f"{left.customers} {_why(left.reason)}" for left in each.left_out)
            or "nobody",
        )
        for each in counted.channels
    ]
    data = {
        "purpose": purpose,
        "ledgerPosition": counted.ledger_position,
        "channels": [
            {
                "channel": consents_pb2.Channel.Name(each.channel),
                "consented": each.consented,
                "allowed": each.allowed,
                "leftOut": {
                    pb.Permission.Name(left.reason): left.customers for left in each.left_out
                },
            }
            for each in counted.channels
        ],
    }
    title = f"Who may be written to about {purpose}, as of row {counted.ledger_position}"
    return Report(title, rows, data, columns=("Channel", "May be", "Have agreed", "Left out"))


def audience_file(
    file: Path, messages: Iterator[pb.ExportAudienceResponse], *, overwrite: bool
) -> Report:
    """Writes who may be written to to a file, as it comes; a file that is not whole is removed.

    Raises:
        CommandError: It is there already and may not be replaced, or cannot be written; or the
            suite refused, or did not answer.
    """
    if file.exists() and not overwrite:
        message = f"{file} exists already. Name another file, or replace it with --overwrite."
        raise CommandError(Exit.USAGE, "FILE_EXISTS", message)
    unfinished = file.with_name(f"{file.name}.new")
    position = customers = 0
    try:
        with unfinished.open("w", encoding="ascii", newline="\n") as opened:
            opened.write(_HEADING)
            for message in messages:
                position = position or message.ledger_position
                customers += len(message.customer_ids)
                opened.writelines(f"{customer_id}\n" for customer_id in message.customer_ids)
        unfinished.replace(file)
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise CommandError(Exit.USAGE, "FILE_NOT_WRITABLE", message) from error
    finally:
        unfinished.unlink(missing_ok=True)
    rows = (("customers", f"{customers}"), ("as of row", f"{position}"))
    data = {"file": str(file), "customers": customers, "ledgerPosition": position}
    return Report(f"The audience is in {file}.", rows, data)


def suppressed_report(asked: int, added: int) -> Report:
    """Says for how many addresses it is new that nothing is sent to them."""
    rows = (("new", f"{added}"), ("blocked before", f"{asked - added}"))
    return Report("No news is sent there any longer.", rows, {"addresses": asked, "added": added})


def suppressions_report(found: pb.CheckSuppressionResponse) -> Report:
    """Says why nothing is sent to an address."""
    rows = [
        (_reason(each.reason), moments.show(each.since.ToDatetime(UTC)), each.note)
        for each in found.suppressions
    ]
    data = {
        "suppressions": [
            {
                "medium": pb.Suppression.Medium.Name(each.medium),
                "reason": pb.Suppression.Reason.Name(each.reason),
                "since": each.since.ToJsonString(),
                "note": each.note,
            }
            for each in found.suppressions
        ]
    }
    if not rows:
        return Report("The address is not blocked.", (), data)
    return Report("The address is blocked.", rows, data, columns=("Why", "Since", "Note"))


def counts_report(found: pb.CountSuppressionsResponse) -> Report:
    """Says how many addresses nothing is sent to."""
    rows = [
        (_word(pb.Suppression.Medium.Name(each.medium)), _reason(each.reason), f"{each.addresses}")
        for each in found.counts
    ]
    data = {
        "counts": [
            {
                "medium": pb.Suppression.Medium.Name(each.medium),
                "reason": pb.Suppression.Reason.Name(each.reason),
                "addresses": each.addresses,
            }
            for each in found.counts
        ]
    }
    if not rows:
        return Report("No address is blocked.", (), data)
    return Report("Blocked addresses", rows, data, columns=("Kind", "Why", "Addresses"))


def _channel(channel: consents_pb2.Channel.ValueType) -> str:
    return _word(consents_pb2.Channel.Name(channel))


def _why(permission: pb.Permission.ValueType) -> str:
    return _LEFT_OUT.get(permission) or _word(pb.Permission.Name(permission))


def _reason(reason: pb.Suppression.Reason.ValueType) -> str:
    return _word(pb.Suppression.Reason.Name(reason))


def _word(name: str) -> str:
    return name.lower().replace("_", "-")
