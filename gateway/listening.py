"""The server of HTTP, and what strangers may hold of it."""

import resource
import socket
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.net import SocketHolder  # pyright: ignore[reportPrivateImportUsage]
from granian.server.embed import Server

from gateway.config import Settings

_WAITING = 1024
"""How many connections wait to be taken in."""
_OTHER_FILES = 256
"""What a process has open beside the connections of its clients."""
_KEPT_ALIVE_SECONDS = 30
_SMALLEST_BUFFER = 64 * 2**10


def server_of(application: Callable[..., Any], settings: Settings) -> Server:
    """Returns the server of an application, which listens from now on and serves when it is told.

    Raises:
        OSError: If the address cannot be listened on.
    """
    largest_head = max(2 * settings.max_header_bytes, _SMALLEST_BUFFER)
    server = _Server(
        application,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto if settings.http2 else HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=int(settings.body_timeout * 1000), max_buffer_size=largest_head
        ),
        http2_settings=HTTP2Settings(
            max_headers_size=largest_head, keep_alive_interval=_KEPT_ALIVE_SECONDS * 1000
        ),
        backlog=_WAITING,
        backpressure=_allowed_connections(settings.max_connections),
        websockets=False,
        log_enabled=False,
    )
    server.socket = _listening(settings)
    return server


def _allowed_connections(wanted: int) -> int:
    """Lets the process open as many files as connections need; returns how many there can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft < needed:
        soft = min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - _OTHER_FILES))


def _listening(settings: Settings) -> socket.socket:
    host, _, port = settings.listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, int(port)), family=family, backlog=_WAITING)
    # Both are handed down to every connection.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(settings.reading_timeout * 1000)
    )
    return listening


class _Server(Server):
    """Granian on a socket of ours: its own shares a port with whoever listens there already."""

    socket: socket.socket

    def _init_shared_socket(self) -> None:
        # Its stub has no constructor.
        holder: Any = SocketHolder
        self._shd = holder(self.socket.detach(), uds=False, backlog=_WAITING)
