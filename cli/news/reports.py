"""What the commands about news say when they are done."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from cli.moments import show
from cli.outcome import CommandError, Exit, JsonObject, Report
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import mailings_pb2 as pb


def mailings_report(mailings: Sequence[pb.Mailing]) -> Report:
    """Lists mailings."""
    return Report(
        title=f"{len(mailings)} {'mailing' if len(mailings) == 1 else 'mailings'}",
        columns=("Mailing", "Title", "State", "Starts", "Sent", "Waiting", "Left out"),
        rows=[
            (
                each.id,
                each.title,
                _word(pb.Mailing.State.Name(each.state)),
                _when(each.starts_at) if each.HasField("starts_at") else "",
                str(each.progress.sent),
                str(each.progress.waiting),
                str(sum(dropped.customers for dropped in each.progress.dropped)),
            )
            for each in mailings
        ],
        data={"mailings": [_json(each) for each in mailings]},
    )


def mailing_report(mailing: pb.Mailing) -> Report:
    """Shows a mailing."""
    rows = [
        ("mailing", mailing.id),
        ("state", _word(pb.Mailing.State.Name(mailing.state))),
        ("purpose", mailing.purpose),
    ]
    if mailing.HasField("starts_at"):
        rows.append(("starts", _starts(mailing)))
    rows += [
        ("sent", str(mailing.progress.sent)),
        ("waiting", str(mailing.progress.waiting)),
        *(
            (f"not sent: {_word(each.reason)}", str(each.customers))
            for each in mailing.progress.dropped
        ),
    ]
    return Report(mailing.title, rows, _json(mailing))


def preview_report(preview: pb.PreviewMailingResponse, html: Path | None) -> Report:
    """Shows what a mailing says and who would get it, and writes the mail to a file.

    Raises:
        CommandError: The file cannot be written.
    """
    rows = [
        *(
            (f"by {_word(consents_pb2.Channel.Name(each.channel))}", str(each.customers))
            for each in preview.by_channel
        ),
        *((f"not: {_word(each.reason)}", str(each.customers)) for each in preview.left_out),
        ("short", preview.short),
    ]
    if html is not None:
        try:
            html.write_text(preview.html, encoding="utf-8")
        except OSError as error:
            message = f"{html} cannot be written: {error.strerror}"
            raise CommandError(Exit.USAGE, "FILE_NOT_WRITABLE", message) from error
        rows.append(("mail", str(html)))
    return Report(preview.subject, rows, _json(preview), picture=preview.text)


def test_report(mailing_id: str) -> Report:
    """Says that a test is on its way."""
    return Report("The test is on its way to you.", (), {"mailing": mailing_id})


def deletion_report(mailing_id: str) -> Report:
    """Says that a mailing is deleted."""
    return Report("The mailing is deleted.", (), {"mailing": mailing_id})


def _starts(mailing: pb.Mailing) -> str:
    starts = _when(mailing.starts_at)
    if mailing.starts_at == mailing.send_at:
        return starts
    return f"{starts}, after the quiet hours"


def _word(name: str) -> str:
    return name.lower().replace("_", " ")


def _when(moment: Timestamp) -> str:
    return show(moment.ToDatetime(UTC))


def _json(message: Message) -> JsonObject:
    """Returns a message as the HTTP API shows it."""
    return MessageToDict(message, always_print_fields_with_no_presence=True)
