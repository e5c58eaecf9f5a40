"""Fields that a browser keeps as cookies, as `kundeapp.web.v1` marks them; found once, at start."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from kundeapp.web.v1 import web_pb2

_WEB: Final = "WEB"
_NAME: Final = re.compile(r"[a-z]+")
_TIMESTAMP: Final = "google.protobuf.Timestamp"
_DAY_SECONDS: Final = 86_400


class InvalidCookie(ValueError):  # noqa: N818 - names what it found
    """A field cannot be the cookie that it is marked as."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a browser is to keep.

    Attributes:
        name: The name of the cookie, without prefix.
        value: The secret.
        seconds: For how long.
    """

    name: str
    value: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class _Marked:
    """A field that is a cookie.

    Attributes:
        field: The name of the field.
        name: The name of the cookie.
        expires: The name of the field that says when it ends; empty if `days` does.
        days: How long it lasts.
    """

    field: str
    name: str
    expires: str
    days: int

    def kept(self, answer: Message, now: datetime) -> Kept:
        seconds = self.days * _DAY_SECONDS
        if self.expires:
            seconds = max(0, getattr(answer, self.expires).seconds - int(now.timestamp()))
        return Kept(self.name, getattr(answer, self.field), seconds)


def cookie_of(field: FieldDescriptor) -> str:
    """Returns the name of the cookie that a field is, empty if it is none."""
    return field.GetOptions().Extensions[web_pb2.cookie].name


class RouteCookies:
    """What a route has to do with cookies.

    Attributes:
        taken: The names of those that fill fields of its request.
        given: The names of those that its answer sets.
        forgotten: The names of those that a call which succeeds removes.
    """

    def __init__(
        self, rpc: MethodDescriptor, body_fields: Collection[FieldDescriptor], *, whole_answer: bool
    ) -> None:
        """Finds the marked fields.

        Args:
            rpc: The RPC.
            body_fields: The fields of the request that its body may hold.
            whole_answer: Whether the body of the answer is all of it.

        Raises:
            InvalidCookie: If a field cannot be the cookie that it is marked as.
        """
        self._takes = tuple(_marked(rpc.input_type))
        self._gives = tuple(_marked(rpc.output_type))
        self.taken = _names(cookie.name for cookie in self._takes)
        self.given = _names(cookie.name for cookie in self._gives)
        self.forgotten = _names(rpc.GetOptions().Extensions[web_pb2.forget].cookies)
        in_body = {each.name for each in body_fields}
        for cookie in self._takes:
            if cookie.field not in in_body:
                raise InvalidCookie(f"{rpc.full_name}: {cookie.field} is no field of the body.")
        self._client, self._web = "", 0
        if self._gives:
            if not whole_answer:
                raise InvalidCookie(f"{rpc.full_name}: an answer with cookies is a whole message.")
            self._refuse_endless(rpc.output_type)
            self._client, self._web = _client(rpc.output_type)

    def fill(self, request: Message, take: Callable[[str], str | None]) -> None:
        """Fills the fields that are empty from the cookies that came.

        Args:
            request: The message to fill.
            take: Returns the value of a cookie, None without it.
        """
        for cookie in self._takes:
            if not getattr(request, cookie.field):
                value = take(cookie.name)
                if value is not None:
                    setattr(request, cookie.field, value)

    def take_out(self, answer: Message, now: datetime) -> Sequence[Kept]:
        """Takes the cookies out of an answer for the web, whose fields are empty from then on."""
        if not self._gives or getattr(answer, self._client) != self._web:
            return ()
        kept = [cookie.kept(answer, now) for cookie in self._gives if getattr(answer, cookie.field)]
        for cookie in self._gives:
            answer.ClearField(cookie.field)
        return kept

    def _refuse_endless(self, descriptor: Descriptor) -> None:
        for cookie in self._gives:
            ends = descriptor.fields_by_name.get(cookie.expires)
            is_moment = (
                ends is not None
                and not ends.is_repeated
                and ends.message_type is not None
                and ends.message_type.full_name == _TIMESTAMP
            )
            if bool(cookie.days) == bool(cookie.expires) or (cookie.expires and not is_moment):
                raise InvalidCookie(
                    f"{descriptor.full_name}.{cookie.field} says neither in days nor by a "
                    "Timestamp beside it when it ends, or both."
                )


def _marked(descriptor: Descriptor) -> Iterator[_Marked]:
    """Yields the cookies of a message, and refuses those of the messages in it."""
    for below in _below(descriptor, set()):
        for inner in below.fields:
            if cookie_of(inner):
                raise InvalidCookie(f"{inner.full_name} stands below {descriptor.full_name}.")
    for marked in descriptor.fields:
        if marked.GetOptions().HasExtension(web_pb2.cookie):
            if marked.type != FieldDescriptor.TYPE_STRING or marked.is_repeated:
                raise InvalidCookie(f"{marked.full_name} is no string.")
            cookie = marked.GetOptions().Extensions[web_pb2.cookie]
            yield _Marked(marked.name, cookie.name, cookie.expires, cookie.days)


def _below(descriptor: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    for inner in descriptor.fields:
        below = inner.message_type
        if below is not None and below.full_name not in seen:
            seen.add(below.full_name)
            yield below
            yield from _below(below, seen)


def _client(descriptor: Descriptor) -> tuple[str, int]:
    """Returns the field that says which client an answer is for, and its value for a browser."""
    found = [each for each in descriptor.fields if each.GetOptions().Extensions[web_pb2.is_client]]
    if len(found) == 1 and found[0].enum_type is not None and not found[0].is_repeated:
        web = found[0].enum_type.values_by_name.get(_WEB)
        if web is not None:
            return found[0].name, web.number
    raise InvalidCookie(
        f"{descriptor.full_name} has cookies, and so needs one is_client: an enum with {_WEB}."
    )


def _names(names: Iterable[str]) -> Sequence[str]:
    distinct = list(names)
    for name in distinct:
        if not _NAME.fullmatch(name) or distinct.count(name) > 1:
            raise InvalidCookie(f"{name!r} is no name of a cookie, or stands twice.")
    return distinct
