"""The local mailbox page over HTTP: for this machine only."""

import socket
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from cli.local import mailbox
from kit.local.errors import PortBusyError
from kit.local.processes import LOOPBACK, free_port

NAME = "20260302T120000.000000Z-00000000-0000-0000-0000-000000000001"
MAIL = """\
From: Kraftklubben <post@example.com>
To: kari@example.com
Subject: =?utf-8?q?Gjestelista_p=C3=A5_=C3=98rsta?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Hei
--x
Content-Type: text/html
Content-Disposition: attachment; filename="liste.html"

<script>alert(1)</script>
--x--
"""


@pytest.fixture
def page(tmp_path: Path) -> Generator[httpx.Client]:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    (folder / f"{NAME}.eml").write_text(MAIL)
    (tmp_path / f"{NAME}.txt").write_text("Channel: SMS\nTo: +4790000000\n\nOutside\n")
    port = free_port()
    with mailbox.serving(folder, port), httpx.Client(base_url=f"http://{LOOPBACK}:{port}") as page:
        yield page


@pytest.mark.parametrize("path", ["/", f"/{NAME}.eml"])
def test_a_page_shows_messages_and_runs_no_script(page: httpx.Client, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 200
    assert "Gjestelista på Ørsta" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_is_saved_and_never_shown(page: httpx.Client) -> None:
    answer = page.get(f"/{NAME}.eml/0")
    assert answer.content.strip() == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="liste.html"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        f"/{NAME}.txt",
        f"/../{NAME}.txt",
        f"/%2e%2e%2f{NAME}.txt",
        f"/{NAME}.eml/1",
        f"/{NAME}.eml/-1",
        f"/{NAME}.eml/0/0",
    ],
)
def test_what_is_not_in_the_mailbox_is_not_found(page: httpx.Client, path: str) -> None:
    # As written, not as a client would tidy it up.
    request = page.build_request("GET", "/", extensions={"target": path.encode()})
    answer = page.send(request)
    assert answer.status_code == 404
    assert "Outside" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil"])
def test_a_page_elsewhere_that_takes_our_address_reads_nothing(
    page: httpx.Client, host: str
) -> None:
    answer = page.get("/", headers={"Host": host})
    assert answer.status_code == 403
    assert "kari" not in answer.text
    assert page.get("/", headers={"Host": "localhost:8087"}).status_code == 200


def test_nothing_is_served_to_other_machines(tmp_path: Path) -> None:
    port = free_port()
    elsewhere = "127.0.0.2"  # this machine by an address that is not the one it listens on
    with mailbox.serving(tmp_path, port), pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{elsewhere}:{port}")


def test_a_port_that_a_connection_has_taken_is_said_to_be_busy(tmp_path: Path) -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as server,
        socket.create_connection(server.getsockname()) as connection,
    ):
        port: int = connection.getsockname()[1]
        with (
            pytest.raises(PortBusyError, match=str(port)),
            mailbox.serving(tmp_path, port),
        ):
            pass
