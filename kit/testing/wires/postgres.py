"""What a client of PostgreSQL does, read from the wire (protocol 3.0, without TLS)."""

import re
import struct
from collections.abc import Iterator

from kit.testing.wires.moments import AFTER, BEFORE, Moment, Passage

_SSL_REQUEST, _CANCEL_REQUEST = 80877103, 80877102
_WRITTEN = re.compile(
    r"\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE
)
_NO_UPDATES = re.compile(r"\b(?:FOR|NO\s+KEY|DO|SHARE)\s+UPDATE\b", re.IGNORECASE)


class PostgresTap:
    """Finds the commits of one connection, by what they write.

    A transaction is named by the tables that it has written; one that has written nothing is none.
    A statement outside of a transaction that may write is a commit of its own.
    """

    def __init__(self, who: str) -> None:
        self._who = who
        self._client, self._server = b"", b""
        self._has_started = False
        self._bytes_without_type = 0
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, str] = {}
        self._in_transaction = False
        self._writing: set[str] = set()
        self._written: set[str] = set()
        self._committing = ""

    def from_client(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the server."""
        self._client += data
        while self._client:
            size = self._client_frame()
            if size is None:
                return
            frame, self._client = self._client[:size], self._client[size:]
            if not self._has_started:
                self._start(frame)
                yield Passage(frame)
                continue
            what = self._commits(frame)
            if what:
                self._committing = what
                yield Passage(frame, Moment(self._who, what, BEFORE))
            else:
                yield Passage(frame)

    def from_server(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the client."""
        self._server += data
        while self._server:
            if self._bytes_without_type:
                # The answer to whether there is TLS: one byte.
                self._bytes_without_type = 0
                frame, self._server = self._server[:1], self._server[1:]
                yield Passage(frame)
                continue
            size = _frame(self._server)
            if size is None:
                return
            frame, self._server = self._server[:size], self._server[size:]
            kind = frame[:1]
            if kind == b"C":
                self._complete(frame)
            elif kind == b"E":
                self._committing = ""
            elif kind == b"Z" and self._committing:
                what, self._committing = self._committing, ""
                yield Passage(frame, Moment(self._who, what, AFTER))
                continue
            yield Passage(frame)

    def _client_frame(self) -> int | None:
        if self._has_started:
            return _frame(self._client)
        if len(self._client) < 8:  # noqa: PLR2004 - a length and a code
            return None
        size: int = struct.unpack_from("!i", self._client)[0]
        return size if len(self._client) >= size else None

    def _start(self, frame: bytes) -> None:
        code = struct.unpack_from("!i", frame, 4)[0]
        if code == _SSL_REQUEST:
            self._bytes_without_type = 1
        elif code != _CANCEL_REQUEST:
            self._has_started = True

    def _commits(self, frame: bytes) -> str:
        """Returns what a frame of the client commits, empty if nothing."""
        kind, body = frame[:1], frame[5:]
        if kind == b"P":
            name, _, rest = body.partition(b"\0")
            self._statements[name] = rest.partition(b"\0")[0].decode()
        elif kind == b"B":
            portal, _, rest = body.partition(b"\0")
            self._portals[portal] = self._statements.get(rest.partition(b"\0")[0], "")
        elif kind == b"E":
            return self._executes(self._portals.get(body.partition(b"\0")[0], ""))
        elif kind == b"Q":
            return self._executes(body.rstrip(b"\0").decode())
        return ""

    def _executes(self, statement: str) -> str:
        command = statement.split(None, 1)[0].rstrip(";").upper() if statement.strip() else ""
        if command in {"BEGIN", "START"}:
            self._in_transaction, self._written = True, set()
            return ""
        if command in {"COMMIT", "END", "ROLLBACK"} and " TO " not in statement.upper():
            self._in_transaction, written = False, self._written
            return _named(written) if command != "ROLLBACK" else ""
        written = set(map(str.lower, _WRITTEN.findall(_NO_UPDATES.sub("", statement))))
        if self._in_transaction:
            self._writing = written
            return ""
        return _named(written)

    def _complete(self, frame: bytes) -> None:
        """Notes what the last statement has written, which may be nothing."""
        rows = frame[5:].rstrip(b"\0").rpartition(b" ")[2]
        if rows != b"0":
            self._written |= self._writing
        self._writing = set()


def _named(written: set[str]) -> str:
    return f"commits {', '.join(sorted(written))}" if written else ""


def _frame(data: bytes) -> int | None:
    """Returns how long the first frame is, None if not all of it is there."""
    if len(data) < 5:  # noqa: PLR2004 - a type and a length
        return None
    size: int = 1 + struct.unpack_from("!i", data, 1)[0]
    return size if len(data) >= size else None
