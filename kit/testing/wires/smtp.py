"""What a client of SMTP does, read from the wire: mails handed over (RFC 5321)."""

from collections.abc import Iterator

from kit.testing.wires.moments import AFTER, BEFORE, Moment, Passage

_END = b"\r\n.\r\n"
_WHAT = "hands over a mail"


class SmtpTap:
    """Finds the ends of mails: before the server has one whole, and after it has said so."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._is_content = False
        self._waits = False
        self._tail = b""

    def from_client(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the server."""
        if data.upper().endswith(b"DATA\r\n") and not self._is_content:
            self._is_content, self._tail = True, b""
            yield Passage(data)
            return
        self._tail = (self._tail + data)[-len(_END) :]
        if self._is_content and self._tail == _END:
            self._is_content, self._waits = False, True
            yield Passage(data, Moment(self._who, _WHAT, BEFORE))
            return
        yield Passage(data)

    def from_server(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the client."""
        if self._waits:
            self._waits = False
            yield Passage(data, Moment(self._who, _WHAT, AFTER))
            return
        yield Passage(data)
