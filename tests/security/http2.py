"""HTTP/2 frame by frame (RFC 9113), as no client library would send it."""

import socket
import ssl
import struct
from collections.abc import Iterable
from typing import Final

from kit.tls import Identity

DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RESET: Final = 3
SETTINGS: Final = 4
PING: Final = 6
WINDOW: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 1
END_HEADERS: Final = 4

CANCEL: Final = struct.pack(">I", 8)
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SECONDS: Final = 5


def frame(kind: int, payload: bytes = b"", *, stream: int = 0, flags: int = 0) -> bytes:
    """Returns a frame."""
    length = struct.pack(">I", len(payload))[1:]
    return length + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def fields(*pairs: tuple[bytes, bytes]) -> bytes:
    """Returns header fields, each as a literal that enters no table (RFC 7541, 6.2.2)."""
    return b"".join(
        b"\x00" + integer(len(name)) + name + integer(len(value)) + value for name, value in pairs
    )


def integer(value: int, bits: int = 7, first: int = 0) -> bytes:
    """Returns a number as HPACK writes it (RFC 7541, 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    written, value = bytearray((first | most,)), value - most
    while value >= 128:
        written.append(value % 128 + 128)
        value //= 128
    written.append(value)
    return bytes(written)


def connected(port: int, identity: Identity | None = None) -> socket.socket:
    """Opens a connection, with a workload's certificate if the server asks for one."""
    opened = socket.create_connection(("127.0.0.1", port))
    opened.settimeout(_SECONDS)
    if identity is not None:
        context = identity.client_context()
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        opened = context.wrap_socket(opened, server_hostname="localhost")
    opened.sendall(_PREFACE + frame(SETTINGS))
    return opened


def flooded(connection: socket.socket, frames: Iterable[bytes]) -> bool:
    """Sends frames for as long as the server takes them; returns whether it took them all."""
    try:
        for each in frames:
            connection.sendall(each)
    except (OSError, ssl.SSLError):
        return False
    return True
