"""Messages as mails (RFC 5322)."""

from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from uuid import UUID

from kit.courier.message import Message

_LONGEST_LINE = 998


class _Policy(EmailPolicy):
    """Folds headers so that they are read as they were written.

    The library would encode a long URL, which no client then finds in `List-Unsubscribe`; and
    until Python 3.12 it loses spaces where it breaks a long subject.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        line = f"{name}: {value}"
        if line.isascii() and len(line) <= _LONGEST_LINE:
            return f"{line}{self.linesep}".encode()
        if name == "Subject":
            encoded = Header(value, "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {encoded}{self.linesep}".encode()
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def address_of(mailbox: str) -> Address:
    """Returns the address of a mailbox such as `Kraftklubben <post@example.com>`.

    Raises:
        ValueError: If it has none.
    """
    name, address = parseaddr(mailbox)
    return Address(display_name=name, addr_spec=address)


def written(message: Message, message_id: UUID, sender: Address, date: datetime) -> bytes:
    """Returns a message as it goes over the wire.

    Args:
        message: The message.
        message_id: Its id, from which its Message-ID is made.
        sender: Whom it is from.
        date: When it is sent.
    """
    mail = EmailMessage(_POLICY.clone(utf8=not message.recipient.isascii()))
    mail["From"] = sender
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = f"<{message_id}@{sender.domain}>"
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    for each in message.attachments:
        kind, _, subtype = each.media_type.partition("/")
        mail.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    return bytes(mail)
