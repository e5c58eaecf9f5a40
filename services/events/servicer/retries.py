"""Requests that are answered together, some of which may be retries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from kit.idempotency import Key, KeyReused, known_answers
from kit.postgres import Connection

_Ask = TypeVar("_Ask")
_Answer = TypeVar("_Answer")
_Message = TypeVar("_Message", bound=Message)


@dataclass(frozen=True, slots=True)
class Request(Generic[_Ask]):
    """A request that is answered together with others.

    Attributes:
        ask: What is asked for.
        key: Its Idempotency-Key, if it has one.
    """

    ask: _Ask
    key: Key | None


async def known_to(
    connection: Connection, requests: Sequence[Request[_Ask]], answer_type: type[_Message]
) -> Mapping[Key, _Message | KeyReused]:
    """Returns the answers to requests that were answered before, by their keys."""
    keys = [request.key for request in requests if request.key]
    return await known_answers(connection, keys, answer_type) if keys else {}


def first_of_each(
    requests: Sequence[Request[_Ask]], known: Mapping[Key, object]
) -> Sequence[Request[_Ask]]:
    """Returns the requests that are neither answered before nor retries of another of them."""
    taken = {key.name for key in known}
    first: list[Request[_Ask]] = []
    for request in requests:
        if request.key is not None:
            if request.key.name in taken:
                continue
            taken.add(request.key.name)
        first.append(request)
    return first


def in_order(
    requests: Sequence[Request[_Ask]],
    known: Mapping[Key, _Answer | KeyReused],
    others: Sequence[Request[_Ask]],
    answers: Sequence[_Answer],
) -> Sequence[_Answer | KeyReused]:
    """Returns the answer to each request: its own, or that of the first with its key.

    Args:
        requests: All requests.
        known: The answers that were given before.
        others: The first of each of the others.
        answers: The answers to these.
    """
    if len(others) == len(requests):
        return answers
    given = {id(request): answer for request, answer in zip(others, answers, strict=True)}
    first = {request.key.name: request for request in others if request.key}

    def answer(request: Request[_Ask]) -> _Answer | KeyReused:
        if id(request) in given or request.key is None:
            return given[id(request)]
        if request.key in known:
            return known[request.key]
        same = first[request.key.name]
        return given[id(same)] if same.key == request.key else KeyReused()

    return [answer(request) for request in requests]
