"""A mail server that keeps all that it takes, in the order in which it came."""

import contextlib
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from kit.local.processes import LOOPBACK, free_port, wait_until

_CODE = re.compile(r"\b\d{6}\b")
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Mail:
    """A mail as it was handed over.

    Attributes:
        at: When.
        id: The id that its Message-ID is made of: the same however often it is handed over.
        to: Whom it is for.
        subject: Its subject.
        text: What it says.
        is_marketing: Whether it says how to unsubscribe, as what needs permission does (RFC 8058).
    """

    at: datetime
    id: str
    to: str
    subject: str
    text: str
    is_marketing: bool


@dataclass
class MailServer:
    """The server.

    Attributes:
        port: Where it listens.
        mails: What it has taken.
    """

    port: int = field(default_factory=free_port)
    mails: list[Mail] = field(default_factory=list[Mail])

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> "Generator[MailServer]":
        """Runs one, in a thread of its own."""
        server = cls()
        controller = Controller(server, hostname=LOOPBACK, port=server.port)
        controller.start()
        try:
            yield server
        finally:
            controller.stop()

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds it by this name
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        """Takes a mail."""
        content = cast("bytes", envelope.original_content)
        mail = message_from_bytes(content, policy=policy.default)
        body = mail.get_body(("plain",))
        self.mails.append(
            Mail(
                at=datetime.now(UTC),
                id=str(mail["Message-ID"]).strip("<>").partition("@")[0],
                to=str(mail["To"]),
                subject=str(mail["Subject"]),
                text="" if body is None else str(body.get_content()),
                is_marketing=mail["List-Unsubscribe"] is not None,
            )
        )
        return "250 OK"

    def to(self, recipient: str) -> Sequence[Mail]:
        """Returns the mails for somebody, each once however often it was handed over."""
        return list({mail.id: mail for mail in self.mails if mail.to == recipient}.values())

    def code_for(self, recipient: str, *, after: int) -> str:
        """Returns the code in a mail to somebody, once it has come.

        Args:
            recipient: Whom it is for.
            after: How many mails there were before it.

        Raises:
            LookupError: If it does not come.
        """
        found: list[str] = []

        def has_come() -> bool:
            for mail in self.mails[after:]:
                if mail.to == recipient:
                    found.extend(_CODE.findall(mail.text))
            return bool(found)

        if not wait_until(has_come, _PATIENCE_SECONDS):
            raise LookupError(f"no code for {recipient} has come")
        return found[-1]
