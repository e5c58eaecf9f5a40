"""What a client of NATS does, read from the wire: events published, delivered and acknowledged."""

import re
from collections.abc import Iterator

from kit.testing.wires.moments import AFTER, BEFORE, Moment, Passage

_EVENTS = b"kundeapp."
_ACK = b"$JS.ACK."
_TYPE = re.compile(rb"^ce-type: *(?:[a-z0-9_]+\.)*(\w+)\r$", re.MULTILINE)
_ACKS = {b"": "acknowledges", b"+ACK": "acknowledges", b"-NAK": "gives back", b"+TERM": "ends"}
_LINE = b"\r\n"
_SHORT_FORM = 9


class NatsTap:
    """Finds what a connection does with events."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._client, self._server = b"", b""
        self._published: dict[bytes, str] = {}
        self._delivered: dict[bytes, str] = {}

    def from_client(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the server."""
        self._client += data
        while (size := _operation(self._client, (b"PUB", b"HPUB"))) is not None:
            frame, self._client = self._client[:size], self._client[size:]
            yield self._sent(frame)

    def from_server(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the client."""
        self._server += data
        while (size := _operation(self._server, (b"MSG", b"HMSG"))) is not None:
            frame, self._server = self._server[:size], self._server[size:]
            yield self._received(frame)

    def _sent(self, frame: bytes) -> Passage:
        head, _, content = frame.partition(_LINE)
        parts = head.split()
        if parts[0].upper() == b"HPUB" and parts[1].startswith(_EVENTS):
            what = f"publishes {_type_of(content)}"
            if len(parts) == 5:  # noqa: PLR2004 - with somewhere to answer to
                self._published[parts[2]] = what
            return Passage(frame, Moment(self._who, what, BEFORE))
        if parts[0].upper() == b"PUB" and parts[1].startswith(_ACK):
            answer = content.removesuffix(_LINE).partition(b" ")[0]
            if answer in _ACKS and parts[1] in self._delivered:
                what = f"{_ACKS[answer]} {self._delivered.pop(parts[1])}"
                return Passage(
                    frame, Moment(self._who, what, BEFORE), Moment(self._who, what, AFTER)
                )
        return Passage(frame)

    def _received(self, frame: bytes) -> Passage:
        head, _, content = frame.partition(_LINE)
        parts = head.split()
        if parts[0].upper() not in {b"MSG", b"HMSG"}:
            return Passage(frame)
        what = self._published.pop(parts[1], "")
        if what:
            return Passage(frame, Moment(self._who, what, AFTER))
        reply = parts[3] if len(parts) > 3 else b""  # noqa: PLR2004 - with somewhere to answer to
        if reply.startswith(_ACK) and parts[1].startswith(_EVENTS):
            self._delivered[reply] = f"{_type_of(content)} for {_consumer_of(reply)}"
            return Passage(frame, Moment(self._who, f"takes {self._delivered[reply]}", BEFORE))
        return Passage(frame)


def _consumer_of(reply: bytes) -> str:
    """Returns the consumer that an acknowledgement is for (ADR-15 of NATS: two forms)."""
    parts = reply.split(b".")
    return parts[3 if len(parts) == _SHORT_FORM else 5].decode()


def _type_of(content: bytes) -> str:
    found = _TYPE.search(content)
    return found[1].decode() if found else "something"


def _operation(data: bytes, with_content: tuple[bytes, ...]) -> int | None:
    """Returns how long the first operation is, None if not all of it is there."""
    end = data.find(_LINE)
    if end < 0:
        return None
    parts = data[:end].split()
    size = end + len(_LINE)
    if parts and parts[0].upper() in with_content:
        size += int(parts[-1]) + len(_LINE)
    return size if len(data) >= size else None
