"""The route table: which RPC a method and a path call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from urllib.parse import unquote

from gateway.transcoder.templates import ONE, REST, Template

ANY_METHOD = "*"


class Endpoint(Protocol):
    """What a route table tells apart: a method and a path template."""

    @property
    def http_method(self) -> str:
        """An HTTP method, or `*` for all."""
        ...

    @property
    def template(self) -> Template:
        """The paths that it answers."""
        ...


E = TypeVar("E", bound=Endpoint)


class AmbiguousRoutes(ValueError):  # noqa: N818 - names what it found
    """Two routes answer the same request, and neither is more specific."""


@dataclass(frozen=True, slots=True)
class Match(Generic[E]):
    """A route, and the segments of the path that it was found for, still percent-encoded."""

    endpoint: E
    segments: Sequence[str]


@dataclass(slots=True)
class _Node(Generic[E]):
    """What may follow a part of a path; endpoints by verb and then by HTTP method."""

    literals: "dict[str, _Node[E]]" = field(default_factory=dict[str, "_Node[E]"])
    one: "_Node[E] | None" = None
    rest: "_Node[E] | None" = None
    endpoints: dict[str, dict[str, E]] = field(default_factory=dict[str, dict[str, E]])


class RouteTable(Generic[E]):
    """Finds the endpoint of a request; a more specific template wins, segment by segment."""

    def __init__(self, endpoints: Iterable[E]) -> None:
        """Builds the table.

        Raises:
            AmbiguousRoutes: If two endpoints answer the same request and neither is more specific.
        """
        self.endpoints = tuple(endpoints)
        _refuse_ambiguity(self.endpoints)
        self._root = _Node[E]()
        for endpoint in self.endpoints:
            self._add(endpoint)

    def match(self, method: str, path: str) -> Match[E] | None:
        """Returns what answers a request, None if nothing does; HEAD is answered as GET is.

        Args:
            method: The HTTP method.
            path: The path, percent-encoded as it came, with its leading slash.
        """
        for endpoints, segments in self._candidates(path):
            endpoint = endpoints.get(method) or endpoints.get(ANY_METHOD)
            if endpoint is None and method == "HEAD":
                endpoint = endpoints.get("GET")
            if endpoint is not None:
                return Match(endpoint, segments)
        return None

    def methods(self, path: str) -> frozenset[str]:
        """Returns the methods that a path answers, none if there is no such path."""
        return frozenset(method for endpoints, _ in self._candidates(path) for method in endpoints)

    def _add(self, endpoint: E) -> None:
        node = self._root
        for segment in endpoint.template.segments:
            if segment == ONE:
                node.one = node.one or _Node[E]()
                node = node.one
            elif segment == REST:
                node.rest = node.rest or _Node[E]()
                node = node.rest
            else:
                node = node.literals.setdefault(segment, _Node[E]())
        methods = node.endpoints.setdefault(endpoint.template.verb, {})
        methods[endpoint.http_method] = endpoint

    def _candidates(self, path: str) -> Iterator[tuple[dict[str, E], Sequence[str]]]:
        segments = path[1:].split("/")
        last, colon, verb = segments[-1].rpartition(":")
        if colon:
            stripped = [*segments[:-1], last]
            for node in _walk(self._root, stripped, 0):
                if verb in node.endpoints:
                    yield node.endpoints[verb], stripped
        for node in _walk(self._root, segments, 0):
            if "" in node.endpoints:
                yield node.endpoints[""], segments


def _walk(node: _Node[E], segments: Sequence[str], at: int) -> Iterator[_Node[E]]:
    """Yields the nodes where a path may end, the most specific first."""
    if at == len(segments):
        yield node
    else:
        segment = segments[at]
        literal = node.literals.get(unquote(segment) if "%" in segment else segment)
        if literal is not None:
            yield from _walk(literal, segments, at + 1)
        if node.one is not None and segment:
            yield from _walk(node.one, segments, at + 1)
    if node.rest is not None:
        yield node.rest


def _refuse_ambiguity(endpoints: Sequence[Endpoint]) -> None:
    for index, one in enumerate(endpoints):
        for another in endpoints[:index]:
            if ANY_METHOD not in (one.http_method, another.http_method) and (
                one.http_method != another.http_method
            ):
                continue
            a, b = one.template, another.template
            if a.meets(b) and a.covers(b) == b.covers(a):
                raise AmbiguousRoutes(
                    f"{one.http_method} {a.text} and {another.http_method} {b.text} answer the "
                    "same path, and neither is more specific."
                )
