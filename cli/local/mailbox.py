"""The local mailbox as a page: what the services would have sent, the newest first.

Only this machine sees it, and it runs no script: neither its own nor one of a message.
"""

import contextlib
import re
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import cast

import cli.local
from cli.moments import OSLO
from kit.local.errors import PortBusyError
from kit.local.processes import LOOPBACK

SHOWN = 200

_PREVIEW = 200
_KILOBYTE = 1000
_LABELS = {"EMAIL": "Mail", "SMS": "SMS", "PUSH": "Push"}

_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6})Z-[0-9a-f-]{36}\.(?:eml|txt)")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_OUR_HOSTS = re.compile(r"(localhost|127\.0\.0\.1)(:\d+)?")
_HTML = "text/html; charset=utf-8"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Generator[None]:
    """Serves the page on loopback, in a thread of its own.

    Raises:
        PortBusyError: Somebody has the port.
    """

    class Handler(_Handler):
        mailbox = folder

    try:
        opened = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError:
        raise PortBusyError("mailbox", port) from None
    with opened as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class File:
    """A file of a mail.

    Attributes:
        name: What it is called.
        content: Its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """A message that lies in the mailbox.

    Attributes:
        name: The name of its file.
        at: When it was put there.
        channel: EMAIL, SMS or PUSH.
        sender: Whom it is from; only mails say so.
        recipient: Whom it is for.
        subject: Of a mail.
        text: What it says.
        html: The same, of a mail that has it.
        files: What goes with a mail.
    """

    name: str
    at: datetime
    channel: str
    recipient: str
    text: str
    sender: str = ""
    subject: str = ""
    html: str = ""
    files: Sequence[File] = ()


def letters(folder: Path) -> Sequence[Letter]:
    """Returns the newest messages, the newest first."""
    names = sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    found = (letter(folder, name) for name in reversed(names[-SHOWN:]))
    return [each for each in found if each is not None]


def letter(folder: Path, name: str) -> Letter | None:
    """Returns a message by the name of its file; None if there is none."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        return None
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    at = datetime.strptime(parts[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    if name.endswith(".eml"):
        return _mail(name, at, message_from_bytes(content, policy=policy.default))
    head, _, text = content.decode(errors="replace").partition("\n\n")
    fields = {name: value for name, _, value in (line.partition(": ") for line in head.split("\n"))}
    return Letter(name, at, fields["Channel"], fields["To"], text.rstrip("\n"))


def _mail(name: str, at: datetime, mail: EmailMessage) -> Letter:
    return Letter(
        name=name,
        at=at,
        channel="EMAIL",
        sender=str(mail["From"]),
        recipient=str(mail["To"]),
        subject=str(mail["Subject"]),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        files=[
            File(part.get_filename() or "unnamed", cast("bytes", part.get_payload(decode=True)))
            for part in mail.iter_attachments()
        ],
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return "" if part is None else str(part.get_content()).strip()


class _Handler(BaseHTTPRequestHandler):
    """Answers with the list, with a message, or with a file of one."""

    mailbox: Path

    def do_GET(self) -> None:
        """Answers a request; the base class finds it by this name."""
        # A page elsewhere that calls itself by our address must not read this one.
        if not _OUR_HOSTS.fullmatch(self.headers.get("Host", "")):
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"Only localhost is served.\n")
            return
        name, _, number = self.path.removeprefix("/").partition("/")
        found = letter(self.mailbox, name)
        if not name:
            self._send(HTTPStatus.OK, _HTML, list_page(letters(self.mailbox)))
        elif found is None:
            self._send(HTTPStatus.NOT_FOUND, _HTML, not_found_page())
        elif not number:
            self._send(HTTPStatus.OK, _HTML, letter_page(found))
        elif number.isdecimal() and int(number) < len(found.files):
            self._send_file(found.files[int(number)])
        else:
            self._send(HTTPStatus.NOT_FOUND, _HTML, not_found_page())

    def _send_file(self, file: File) -> None:
        name = re.sub(r"[^A-Za-z0-9._-]", "_", file.name)
        disposition = f'attachment; filename="{name}"'
        self._send(HTTPStatus.OK, "application/octet-stream", file.content, disposition)

    def _send(
        self, status: HTTPStatus, media_type: str, content: bytes, disposition: str = "inline"
    ) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Disposition", disposition)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing: the terminal is the supervisor's."""


def list_page(found: Sequence[Letter]) -> bytes:
    """Returns the page with all messages, which looks for new ones by itself."""
    rows = "".join(_row(each) for each in found)
    if rows:
        content = f"<ol class=list>{rows}</ol>"
    else:
        content = (
            "<div class=empty><p><strong>No messages yet</strong></p>"
            "<p>Mail, SMS and push messages of this copy arrive here instead of being sent. "
            "The page looks for new ones by itself.</p></div>"
        )
    count = f"<span class=count>{len(found)}</span>" if found else ""
    heading = f"<header><h1>Mailbox {count}</h1></header>"
    return _page("Mailbox", heading + content, refresh=True)


def letter_page(found: Letter) -> bytes:
    """Returns the page with one message."""
    sent = f"{_when(found):%-d %B %Y, %H:%M:%S}"
    sent = f"{_when(found):%-d %B %Y, %H:%M:%S}"
    fields = [
        ("From", escape(found.sender)),
        ("To", escape(found.recipient)),
        ("Sent", sent),
        *(("File", _file_link(found, number)) for number in range(len(found.files))),
    ]
    details = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in fields if value)
    title = found.subject or f"{_LABELS[found.channel]} message"
    if found.html:
        # Without scripts and forms, and without a way to reach this page; links open beside it.
        body = (
            "<iframe title='HTML part' sandbox='allow-popups allow-popups-to-escape-sandbox' "
            f'srcdoc="{escape("<base target=_blank>" + found.html)}"></iframe>'
            f"<details><summary>As plain text</summary>{_text(found)}</details>"
        )
    else:
        body = _text(found)
    return _page(
        title,
        "<nav><a href='/'>← Mailbox</a></nav>"
        f"<article><h1>{escape(title)}</h1><dl>{details}</dl>{body}</article>",
    )


def not_found_page() -> bytes:
    """Returns the page for what is not there."""
    content = (
        "<div class=empty><p><strong>There is no such message</strong></p>"
        "<p><a href='/'>Back to the mailbox</a></p></div>"
    )
    return _page("Not found", content)


def _row(found: Letter) -> str:
    at = _when(found)
    said = " ".join(found.text.split())[:_PREVIEW]
    title, preview = (found.subject, said) if found.subject else (said, "")
    return (
        f"<li><a href='/{found.name}'>{_badge(found)}"
        f"<span class=to>{escape(found.recipient)}</span>"
        f"<time datetime='{at.isoformat()}'>{at:%-d %b %H:%M:%S}</time>"
        f"<span class=title>{escape(title)}</span>"
        f"<span class=preview>{escape(preview)}</span></a></li>"
    )


def _text(found: Letter) -> str:
    linked: list[str] = []
    end = 0
    for link in _LINK.finditer(found.text):
        url = escape(link[0])
        linked += [escape(found.text[end : link.start()]), f"<a href='{url}'>{url}</a>"]
        end = link.end()
    return f"<div class=text>{''.join(linked)}{escape(found.text[end:])}</div>"


def _badge(found: Letter) -> str:
    label = _LABELS[found.channel]
    return f"<span class='badge {label.lower()}'>{label}</span>"


def _file_link(found: Letter, number: int) -> str:
    file = found.files[number]
    size = len(file.content)
    shown = f"{size / 1000:,.0f} kB" if size >= _KILOBYTE else f"{size} bytes"
    link = f"<a href='/{found.name}/{number}'>{escape(file.name)}</a>"
    return f"{link} <small>{shown}</small>"


def _when(found: Letter) -> datetime:
    return found.at.astimezone(OSLO)


def _page(title: str, content: str, *, refresh: bool = False) -> bytes:
    style = resources.files(cli.local).joinpath("mailbox.css").read_text("utf-8")
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"{'<meta http-equiv=refresh content=3>' if refresh else ''}"
        f"<title>{escape(title)} · Kundeapp</title><style>{style}</style></head>"
        f"<body><main>{content}</main></body></html>"
    ).encode()
