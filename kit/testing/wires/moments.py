"""Moments on a wire at which something can be made to happen, and what finds them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

BEFORE = "before"
AFTER = "after"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A moment at which a process may be killed.

    Attributes:
        who: Whose moment it is: the process at the client's end, whichever replica.
        what: What it does there: `commits inbox, reservation`.
        when: BEFORE the other end hears of it, or AFTER the other end has done it and before this
            one knows.
    """

    who: str
    what: str
    when: str

    def __str__(self) -> str:
        """Reads like a sentence."""
        return f"{self.when} {self.who} {self.what}"


@dataclass(frozen=True, slots=True)
class Passage:
    """Bytes that pass in one piece, and the moments just before and after they do."""

    data: bytes
    before: Moment | None = None
    after: Moment | None = None


class Tap(Protocol):
    """Reads both directions of one connection; it passes on all that it is given, in order."""

    def from_client(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the server."""
        ...

    def from_server(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the client."""
        ...


class Blind:
    """A tap on a connection that nobody can read, such as one with TLS: it sees calls and answers.

    Attributes:
        who: The process at the client's end.
        server: The process at the other.
    """

    LEAST_BYTES = 100
    """A call and its answer have more, what HTTP/2 sends on its own has less."""
    _APPLICATION_DATA = 0x17

    def __init__(self, who: str, server: str) -> None:
        self._what = f"asks {server}"
        self._who = who
        self._waits = False

    def from_client(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the server."""
        before = None
        if self._is_message(data) and not self._waits:
            self._waits = True
            before = Moment(self._who, self._what, BEFORE)
        yield Passage(data, before)

    def from_server(self, data: bytes) -> Iterator[Passage]:
        """Takes bytes on their way to the client."""
        after = None
        if self._is_message(data) and self._waits:
            self._waits = False
            after = Moment(self._who, self._what, AFTER)
        yield Passage(data, after)

    def _is_message(self, data: bytes) -> bool:
        return len(data) >= self.LEAST_BYTES and data[0] == self._APPLICATION_DATA
