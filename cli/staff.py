"""What is said of the accounts of staff."""

import io
import json
import time
from collections.abc import Sequence
from pathlib import Path

import segno
from pyotp.totp import TOTP

from cli.outcome import CommandError, Exit, Report
from kundeapp.identity.v1 import identity_service_pb2 as identity


def staff_report(
    put: identity.PutStaffAccountResponse, duties: Sequence[str], roles: Sequence[str]
) -> Report:
    """Says what the account of a member of staff is, and how to set up a new authenticator app.

    Args:
        put: The account.
        duties: The roles, for a person.
        roles: The same for a program.
    """
    account = put.account
    rows = [("e-mail", account.email), ("roles", ", ".join(duties))]
    data: dict[str, object] = {"id": account.id, "email": account.email, "roles": list(roles)}
    if not put.totp_uri:
        return Report("Staff account", rows, data)
    rows += [
        ("", ""),
        ("authenticator", "Scan this with an authenticator app. It is shown this once."),
        ("or open", put.totp_uri),
        ("or type", _in_groups(put.totp_secret)),
    ]
    data |= {"totpSecret": put.totp_secret, "totpUri": put.totp_uri}
    return Report("Staff account", rows, data, picture=_qr_code(put.totp_uri))


def demo_code_report(demo: Path, email: str) -> Report:
    """Says which code a member of the demonstration's staff logs in with now.

    Raises:
        CommandError: There is no demonstration, or no such member of staff.
    """
    try:
        staff = json.loads(demo.read_text())["staff"]
    except FileNotFoundError as error:
        message = f"Nothing was run in {demo.parent.resolve()}: start it with `kundeapp run`."
        raise CommandError(Exit.USAGE, "NOT_CONFIGURED", message) from error
    secrets = {member["email"]: member["totpSecret"] for member in staff}
    if email not in secrets:
        known = ", ".join(secrets)
        raise CommandError(Exit.USAGE, "NOT_FOUND", f"The demonstration's staff are {known}.")
    app = TOTP(secrets[email])
    code, seconds = app.now(), int(app.interval - time.time() % app.interval)
    rows = (("code", code), ("next one in", f"{seconds} s"))
    return Report(email, rows, {"email": email, "code": code, "nextInSeconds": seconds})


def _qr_code(text: str) -> str:
    drawn = io.StringIO()
    segno.make(text, error="m").terminal(drawn, compact=True)
    return drawn.getvalue()


def _in_groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
