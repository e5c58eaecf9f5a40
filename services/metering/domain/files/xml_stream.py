"""Reads XML as it comes, element by element, and refuses what XML can be misused for.

Nothing is fetched, no document type is read and no entity is declared; depth, texts, attributes
and the elements between two values are limited.
"""

from collections.abc import Mapping
from typing import Final, Protocol
from xml.parsers import expat

from services.metering.domain.files.lines import Blocks, FileSize
from services.metering.domain.problems import BadFile, Refused

DEEPEST: Final = 32
"""Levels of nesting."""

LONGEST_TEXT: Final = 1000
"""In characters: the text of an element."""

MOST_ATTRIBUTES: Final = 32
"""Of an element."""

LONGEST_TOKEN: Final = 64 * 1024
"""In bytes, roughly: a tag or a comment."""

MOST_ELEMENTS_WITHOUT_VALUE: Final = 10_000
"""A message says some fifty things before its first value."""

Attributes = Mapping[str, str]


class XmlHandler(Protocol):
    """What takes the elements of a document, by their names without namespaces."""

    def start(self, name: str, attributes: Attributes, /) -> None:
        """Takes the beginning of an element."""
        ...

    def end(self, name: str, text: str, parent: str, /) -> bool:
        """Takes the end of an element.

        Args:
            name: Its name.
            text: The text after its last child, stripped.
            parent: The name of the element around it; empty at the root.

        Returns:
            Whether a value has ended with it.
        """
        ...


class XmlStream:
    """A document that is being read: feed it with the bytes as they come."""

    def __init__(self, handler: XmlHandler) -> None:
        self._handler = handler
        self._size = FileSize()
        self._blocks = Blocks(LONGEST_TOKEN)
        self._path: list[str] = []
        self._text: list[str] = []
        self._text_length = 0
        self._quiet_elements = 0
        self._quiet_bytes = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.EntityDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If they are no XML, or XML that no such file has.
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
        self._parse(b"", is_final=True)

    def _read(self, block: bytes) -> None:
        self._quiet_bytes += len(block)
        self._parse(block, is_final=False)
        if self._quiet_bytes > 2 * LONGEST_TOKEN:
            raise self._refused("FILE_TOO_INTRICATE")

    def _parse(self, data: bytes, *, is_final: bool) -> None:
        try:
            self._parser.Parse(data, is_final)
        except (expat.ExpatError, LookupError, ValueError):
            # The last two stand for an encoding that there is not, or none for XML.
            raise self._refused("XML_INVALID") from None

    def _start(self, full_name: str, attributes: Attributes) -> None:
        self._quiet_elements += 1
        if (
            len(self._path) == DEEPEST
            or len(attributes) > MOST_ATTRIBUTES
            or self._quiet_elements > MOST_ELEMENTS_WITHOUT_VALUE
        ):
            raise self._refused("FILE_TOO_INTRICATE")
        name = _local(full_name)
        self._path.append(name)
        self._forget_text()
        self._handler.start(name, {_local(each): text for each, text in attributes.items()})

    def _end(self, _full_name: str) -> None:
        name = self._path.pop()
        text = "".join(self._text).strip()
        self._forget_text()
        if self._handler.end(name, text, self._path[-1] if self._path else ""):
            self._quiet_elements = 0

    def _characters(self, text: str) -> None:
        self._quiet_bytes = 0
        self._text_length += len(text)
        if self._text_length > LONGEST_TEXT:
            raise self._refused("FILE_TOO_INTRICATE")
        self._text.append(text)

    def _forget_text(self) -> None:
        self._quiet_bytes = 0
        self._text_length = 0
        self._text.clear()

    def _refuse_doctype(self, *_: object) -> None:
        raise self._refused("XML_DOCTYPE")

    def _refused(self, reason: str) -> BadFile:
        return BadFile.of(Refused(reason).at_line(self._parser.CurrentLineNumber))


def _local(name: str) -> str:
    """Returns a name without its namespace."""
    return name.rpartition(" ")[2]
