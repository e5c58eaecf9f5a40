"""Calls every operation of the OpenAPI document, and holds the answers against it.

An operation is called as it should be, then with one thing odd, then with all of it made up, within
what the document allows and beyond it.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias, cast

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import CheckContext, GenerationMode, Response, checks
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as documented

from tests.security.known import UNKNOWN, Caller

# An APIOperation and a Case, whose own types are open at the ends.
Operation: TypeAlias = Any
Request: TypeAlias = Any

STREAM: Final = "Stream"
# What else is called needs the session that these end.
_LAST: Final = ("EndAllSessions", "DeleteMyAccount", "EndCurrentSession")
_ONCE: Final = (STREAM, *_LAST)
_SECONDS: Final = 20


def status_is_named(_context: CheckContext, response: Response, case: Request) -> None:
    """Refuses a status that the document has nothing for but the `default`, which fits any."""
    named = _definition(case.operation)["responses"]
    assert str(response.status_code) in named, f"{response.status_code} is none of {list(named)}"


_ANY: Final[Any] = checks
_DOCUMENTED: Final[Any] = documented
_CHECKS: Final = [
    _ANY.not_a_server_error,
    status_is_named,
    _DOCUMENTED.content_type_conformance,
    _DOCUMENTED.response_headers_conformance,
    _DOCUMENTED.response_schema_conformance,
]


@dataclass
class Probe:
    """What came of the calls of one caller.

    Attributes:
        url: Where the gateway is.
        caller: Who calls.
        operations: What is called, by name, in this order.
        statuses: How often an operation was answered with which status.
        wrong: What is not as the document says, each kind once, and how to get it.
    """

    url: str
    caller: Caller
    operations: dict[str, Operation] = field(init=False)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: dict[tuple[str, int, str], str] = field(default_factory=dict[tuple[str, int, str], str])

    def __post_init__(self) -> None:
        found = operations_of(self.url)
        last = {name: found.pop(name) for name in _LAST}
        self.operations = {**found, **last}
        self._networks = itertools.count(1)
        self._session = requests.Session()
        self._session.trust_env = False

    def call_all(self, *, examples: int, number: int) -> None:
        """Calls every operation.

        Args:
            examples: How many requests there are of an operation, beside the good one.
            number: What they are made from: the same number makes the same requests.
        """
        for name, operation in self.operations.items():
            good = good_request(operation, self.caller)
            self._call(good)
            if name not in _ONCE and any(_places(good)):
                self._call_oddly(operation, good, examples, number)

    def has_succeeded(self, name: str) -> bool:
        """Tells whether an operation was answered as it is meant to be, once at least."""
        return 200 in self.statuses[name]

    def _call_oddly(self, operation: Operation, good: Request, examples: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=[*cast("Iterable[HealthCheck]", HealthCheck)],
        )
        @given(case=_odd(operation, good))
        def call(case: Request) -> None:
            self._call(case)

        call()

    def _call(self, case: Request) -> None:
        name = _name(case.operation)
        # From another network each time, or there would soon be no answer but 429.
        headers = {"X-Forwarded-For": _network(next(self._networks))}
        token = self.caller.token(name)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = (
            _beginning(self.url + case.formatted_path, headers)
            if name == STREAM
            else case.call(self.url, self._session, headers, timeout=_SECONDS)
        )
        self.statuses[name][answer.status_code] += 1
        try:
            case.validate_response(answer, checks=_CHECKS, headers=headers)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                self._keep(case, answer, f"{failure}")

    def _keep(self, case: Request, answer: Response | httpx.Response, what: str) -> None:
        kind = (_name(case.operation), answer.status_code, what.partition("\n")[0])
        told = (what, answer.text[:500], case.as_curl_command()[:2000])
        self.wrong.setdefault(kind, "\n".join(told) + "\n")


def operations_of(url: str) -> dict[str, Operation]:
    """Returns every operation that a gateway documents, by its name."""
    document = httpx.get(f"{url}/openapi.json", timeout=_SECONDS).json()
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    return {_name(operation): operation for operation in operations}


def good_request(operation: Operation, caller: Caller) -> Request:
    """Returns a request in which everything is right, as far as that is known."""
    definition, name = _definition(operation), _name(operation)
    known, optional = caller.known(name), caller.optional(name)
    parameters: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for parameter in definition["parameters"]:
        if parameter["required"] or parameter["name"] in optional:
            value = known.get(parameter["name"], UNKNOWN)
            parameters[parameter["in"]][parameter["name"]] = value
    content: Mapping[str, Any] = definition.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), None)
    body: Any = NOT_SET
    if media_type is not None:
        schema = content[media_type]["schema"]
        named = dict.fromkeys([*schema.get("required", ()), *optional])
        body = {each: known.get(each, UNKNOWN) for each in named if each in schema["properties"]}
    return operation.Case(
        path_parameters=parameters["path"],
        query=parameters["query"],
        body=body,
        media_type=media_type,
    )


@st.composite
def _odd(draw: st.DrawFn, operation: Operation, good: Request) -> Request:
    """Makes a request up, or takes the good one and makes one thing of it up."""
    has_types = any(part != "path" for part, _ in _places(good))
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if has_types else [])]
    made_up: Request = draw(st.sampled_from(modes).flatmap(operation.as_strategy))
    place = draw(st.sampled_from([None, *_places(made_up)]))
    if place is None:
        return made_up
    whole = {"path": good.path_parameters, "query": good.query, "body": _body(good)}
    parts = {"path": made_up.path_parameters, "query": made_up.query, "body": _body(made_up)}
    part, name = place
    whole[part] = {**whole[part], name: parts[part][name]}
    return operation.Case(
        path_parameters=whole["path"],
        query=whole["query"],
        body=good.body if good.media_type is None else whole["body"],
        media_type=good.media_type,
    )


def _places(case: Request) -> Iterator[tuple[str, str]]:
    """Yields what there is in a request: a part of it, and a name."""
    for part, values in (
        ("path", case.path_parameters),
        ("query", case.query),
        ("body", _body(case)),
    ):
        yield from ((part, name) for name in values)


def _body(case: Request) -> dict[str, Any]:
    body: object = case.body
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _definition(operation: Operation) -> Mapping[str, Any]:
    return operation.definition.raw


def _name(operation: Operation) -> str:
    return _definition(operation)["operationId"]


def _network(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _beginning(url: str, headers: Mapping[str, str]) -> httpx.Response:
    """Returns an answer that has no end with what comes first of it."""
    with httpx.stream("GET", url, headers=headers, timeout=_SECONDS) as answer:
        first = next(answer.iter_raw(), b"")
        beginning = httpx.Response(
            answer.status_code, headers=answer.headers, content=first, request=answer.request
        )
        beginning.elapsed = timedelta()
        return beginning
