"""What a customer allows, and what then comes by mail, and what does not."""

import email
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

PURPOSE = "kraftklubben"
PATIENCE_SECONDS = 30.0


def _mails(suite: Suite, to: str) -> list[EmailMessage]:
    """Returns the mails to somebody, the newest last."""
    found: list[EmailMessage] = []
    for file in sorted(suite.mailbox.glob("*.eml")):
        mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        if mail["To"] == to:
            found.append(mail)
    return found


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def _mail_about(suite: Suite, to: str, text: str) -> EmailMessage:
    """Waits for a mail to somebody that says something, and returns it."""

    def found() -> list[EmailMessage]:
        return [mail for mail in _mails(suite, to) if text in mail["Subject"] + _text(mail)]

    assert wait_until(lambda: bool(found()), PATIENCE_SECONDS), suite.console()
    return found()[-1]


@pytest.fixture
def person(suite: Suite) -> Mapping[str, Any]:
    return suite.demo["customers"][2]


@pytest.fixture
def customer(suite: Suite, person: Mapping[str, Any]) -> Customer:
    return suite.log_in(person["email"], person["password"])


def _purpose(consents: Mapping[str, Any], purpose: str = PURPOSE) -> Mapping[str, Any]:
    return next(each for each in consents["purposes"] if each["id"] == purpose)
