"""Reads JSON as it comes, event by event, and refuses what would fill the memory."""

import re
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Final, Protocol

import ijson  # pyright: ignore[reportMissingTypeStubs]

from services.metering.domain.files.lines import Blocks, FileSize
from services.metering.domain.problems import BadFile, Refused

DEEPEST: Final = 20
"""Levels of nesting; several times what such a file has."""

LONGEST_TOKEN: Final = 4096
"""In bytes, roughly: no text or number of such a file comes near it."""

LONGEST_NUMBER: Final = 100
"""In digits. ijson in C does not survive a whole number that Python refuses to make, from 4,300
digits on, so that no such number may reach it."""

_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % (LONGEST_NUMBER + 1))

Scalar = str | int | Decimal | bool | None

_INVALID = (
    ijson.JSONError,
    ValueError,  # bytes that are no UTF-8
    ArithmeticError,  # an exponent that no decimal has
    StopIteration,  # something after the end
)


class JsonHandler(Protocol):
    """What takes the parts of a document."""

    def start(self, *, is_object: bool) -> None:
        """Takes the beginning of an object or an array."""
        ...

    def end(self, *, is_object: bool) -> None:
        """Takes the end of an object or an array."""
        ...

    def key(self, name: str) -> None:
        """Takes the name of the member that follows."""
        ...

    def scalar(self, value: Scalar) -> None:
        """Takes a value; a number is whole or a decimal, never a float."""
        ...


class JsonStream:
    """A document that is being read: feed it with the bytes as they come."""

    def __init__(self, handler: JsonHandler) -> None:
        self._handler = handler
        self._size = FileSize()
        self._blocks = Blocks(LONGEST_TOKEN)
        self._events = 0
        self._depth = 0
        self._since_event = 0
        self._tail = b""
        self._take = _started(self._dispatch)
        parser: Generator[None, bytes, None] = ijson.basic_parse_coro(self._take)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        self._parser = parser

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If they are no JSON, nested too deep, or a text or number has no end.
        """
        self._size.add(len(data))
        for block in self._blocks.feed(data):
            self._read(block)

    def end(self) -> None:
        """Reads the rest, once all bytes are fed.

        Raises:
            BadFile: As `feed`, or if the document is not complete.
        """
        self._read(self._blocks.end())
        try:
            self._parser.close()
        except _INVALID:
            raise self._refused("JSON_INVALID") from None

    def _read(self, block: bytes) -> None:
        self._check_numbers(block)
        events = self._events
        self._send(block)
        self._since_event = 0 if self._events > events else self._since_event + len(block)
        if self._since_event > LONGEST_TOKEN:
            raise self._refused("FILE_TOO_INTRICATE")

    def _check_numbers(self, data: bytes) -> None:
        window = self._tail + data
        if _LONG_NUMBER.search(window) is not None:
            raise self._refused("FILE_TOO_INTRICATE")
        self._tail = window[-LONGEST_NUMBER:]

    def _send(self, data: bytes) -> None:
        try:
            self._parser.send(data)
        except _INVALID:
            raise self._refused("JSON_INVALID") from None

    def _dispatch(self, event: str, value: Scalar) -> None:
        self._events += 1
        if event == "map_key":
            self._handler.key(str(value))
        elif event in ("start_map", "start_array"):
            self._depth += 1
            if self._depth > DEEPEST:
                raise self._refused("FILE_TOO_INTRICATE")
            self._handler.start(is_object=event == "start_map")
        elif event in ("end_map", "end_array"):
            self._depth -= 1
            self._handler.end(is_object=event == "end_map")
        else:
            self._handler.scalar(value)

    def _refused(self, reason: str) -> BadFile:
        return BadFile.of(Refused(reason).at("file"))


def _started(
    take: Callable[[str, Scalar], None],
) -> Generator[None, tuple[str, Scalar], None]:
    """Returns a coroutine that hands on each event, as ijson wants it."""

    def loop() -> Generator[None, tuple[str, Scalar], None]:
        while True:
            event, value = yield
            take(event, value)

    coroutine = loop()
    next(coroutine)
    return coroutine
