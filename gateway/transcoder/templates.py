"""Path templates, as `google/api/http.proto` defines them.

    Template  = "/" Segments [ ":" LITERAL ]
    Segments  = Segment { "/" Segment }
    Segment   = "*" | "**" | LITERAL | Variable
    Variable  = "{" FieldPath [ "=" Segments ] "}"
    FieldPath = IDENT { "." IDENT }

`*` stands for one segment that is not empty; `**` for any number of segments, and only at the end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

ONE = "*"
REST = "**"

_IDENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LITERAL = re.compile(r"[A-Za-z0-9\-._~!$&'()+,;@%]+")

# RFC 6570, 3.2.3: what a value of several segments must keep encoded, or it would read as another.
_RESERVED_ESCAPE = re.compile(r"(%(?:2[1346789ABCF]|3[ABDF]|40|5[BD]))", re.IGNORECASE)


class InvalidTemplate(ValueError):  # noqa: N818 - names what it found
    """A path template does not follow the grammar."""


@dataclass(frozen=True)
class Variable:
    """A part of the path that a field takes its value from.

    Attributes:
        field_path: Proto names, from the request downwards.
        start: The first of its segments.
        end: The segment that it ends before, None where it takes the rest.
    """

    field_path: tuple[str, ...]
    start: int
    end: int | None

    def value(self, segments: Sequence[str]) -> str:
        """Returns the value in the segments of a path, which are still percent-encoded.

        Raises:
            UnicodeDecodeError: If the path is no UTF-8.
        """
        if self.end == self.start + 1:
            return _decode(segments[self.start])
        return "/".join(_decode_unreserved(part) for part in segments[self.start : self.end])


@dataclass(frozen=True)
class Template:
    """A parsed path template.

    Attributes:
        text: What it was parsed from.
        segments: Literals, `*` and `**`.
        variables: The parts that fields are bound to.
        verb: What stands behind the colon, empty without one.
    """

    text: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str

    def covers(self, other: "Template") -> bool:
        """Tells whether it matches every path that the other one matches."""
        if self.verb != other.verb:
            return False
        mine, theirs = self.segments, other.segments
        if mine[-1] == REST:
            shared = len(mine) - 1
            return len(theirs) >= shared and all(map(_segment_covers, mine[:shared], theirs))
        return len(mine) == len(theirs) and all(map(_segment_covers, mine, theirs))

    def meets(self, other: "Template") -> bool:
        """Tells whether some path is matched by both."""
        if self.verb != other.verb:
            return False
        mine, theirs = self.segments, other.segments
        for one, another in zip(mine, theirs, strict=False):
            if REST in (one, another):
                return True
            if one != another and ONE not in (one, another):
                return False
        longer = mine if len(mine) > len(theirs) else theirs
        return len(mine) == len(theirs) or longer[min(len(mine), len(theirs))] == REST


def _segment_covers(mine: str, theirs: str) -> bool:
    return mine == theirs or (mine == ONE and theirs != REST)


def _decode(segment: str) -> str:
    return unquote(segment, errors="strict") if "%" in segment else segment


def _decode_unreserved(segment: str) -> str:
    if "%" not in segment:
        return segment
    parts = _RESERVED_ESCAPE.split(segment)
    return "".join(part if index % 2 else _decode(part) for index, part in enumerate(parts))


def parse(text: str) -> Template:
    """Returns the parsed template.

    Raises:
        InvalidTemplate: If the text does not follow the grammar.
    """
    return _Parser(text).parse()


class _Parser:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._segments: list[str] = []
        self._variables: list[Variable] = []

    def parse(self) -> Template:
        if not self._took("/"):
            self._fail("does not begin with /")
        self._parse_segments(in_variable=False)
        verb = self._take(_LITERAL) if self._took(":") else ""
        if self._at != len(self._text):
            self._fail(f"has something unexpected at {self._text[self._at :]!r}")
        if REST in self._segments[:-1]:
            self._fail("goes on behind **")
        return Template(self._text, tuple(self._segments), tuple(self._variables), verb)

    def _parse_segments(self, *, in_variable: bool) -> None:
        self._parse_segment(in_variable=in_variable)
        while self._took("/"):
            self._parse_segment(in_variable=in_variable)

    def _parse_segment(self, *, in_variable: bool) -> None:
        if not in_variable and self._took("{"):
            self._parse_variable()
        elif self._took(REST):
            self._segments.append(REST)
        elif self._took(ONE):
            self._segments.append(ONE)
        else:
            self._segments.append(unquote(self._take(_LITERAL)))

    def _parse_variable(self) -> None:
        path = [self._take(_IDENT)]
        while self._took("."):
            path.append(self._take(_IDENT))
        start = len(self._segments)
        if self._took("="):
            self._parse_segments(in_variable=True)
        else:
            self._segments.append(ONE)
        if not self._took("}"):
            self._fail("has a variable without an end")
        end = None if self._segments[-1] == REST else len(self._segments)
        self._variables.append(Variable(tuple(path), start, end))

    def _took(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            self._fail(f"lacks a name at {self._text[self._at :]!r}")
        self._at = match.end()
        return match.group()

    def _fail(self, why: str) -> NoReturn:
        raise InvalidTemplate(f"The path template {self._text!r} {why}.")
