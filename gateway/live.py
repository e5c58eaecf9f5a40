"""The live stream: what happens is told to those whom it concerns, while they watch.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Nothing is
replayed: `ready` says that from now on all is told, and a client then fetches what it shows. It is
the first event of a stream, and comes again whenever something may have been missed.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
import prometheus_client
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from gateway.app import NO_STORE, SECURITY, Headers, Receive, Request, Response, Send
from gateway.session import Sessions
from gateway.transcoder.encoding import Encoders, ToJson
from kit import errors
from kit.access import Caller
from kit.clock import Clock
from kit.envelope import Envelope
from kundeapp.event.v1 import event_pb2
from kundeapp.events.v1 import events_events_pb2 as pb

PATH: Final = "/v1/me/stream"
SUBJECT: Final = "kundeapp.events.>"
MEDIA_TYPE: Final = "text/event-stream"
MOST_STREAMS: Final = 10
"""How many streams an account may have open in this process."""

HEARTBEAT_SECONDS = 15.0
WINDOW_SECONDS = 0.5
_MOST_WAITING = 256
_RETRY_SECONDS = 30
_FAREWELL_SECONDS = 1.0

_READY = b"event: ready\ndata: {}\n\n"
_HEARTBEAT = b":\n\n"
_HEADERS: Headers = (
    (b"content-type", MEDIA_TYPE.encode()),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until its buffer is full
    NO_STORE,
    *SECURITY,
)

# What has a customer is told to that customer, and to the staff who look after the guests. Of the
# rest only this is told, and to everyone.
_FOR_EVERYONE = frozenset(
    kind.DESCRIPTOR.full_name
    for kind in (
        pb.AvailabilityChanged,
        pb.BallotDrawn,
        pb.EventCancelled,
        pb.EventChanged,
        pb.EventPublished,
    )
)

_STAFF = frozenset({"EVENT_STAFF", "CUSTOMER_SERVICE"})

_streams = prometheus_client.Gauge("kundeapp_streams", "Open live streams.")


def told() -> Mapping[str, Descriptor]:
    """Returns the messages that are told, by the names of their events: `offer.made`."""
    messages = pb.DESCRIPTOR.message_types_by_name.values()
    subjects = [
        (message, message.GetOptions().Extensions[event_pb2.subject]) for message in messages
    ]
    return {
        f"{subject.aggregate}.{subject.what}": message
        for message, subject in subjects
        if subject.what and (message.full_name in _FOR_EVERYONE or _is_personal(message))
    }


def _is_personal(message: Descriptor) -> bool:
    return "customer_id" in message.fields_by_name


@dataclass(frozen=True)
class _Kind:
    """A kind of event, ready to be told.

    Attributes:
        name: What clients know it by.
        message: The class of its message.
        to_json: Turns the message into what orjson writes.
    """

    name: str
    message: type[Message]
    to_json: ToJson

    def frame(self, event_id: UUID, message: Message) -> bytes:
        """Returns an event as it is sent."""
        data = orjson.dumps(self.to_json(message))
        return f"id: {event_id}\nevent: {self.name}\ndata: ".encode() + data + b"\n\n"


class Stream:
    """A stream that is open, and what is yet to be sent on it.

    Attributes:
        caller: Who watches.
        over: Is done once the stream has ended.
    """

    def __init__(self, caller: Caller, heartbeat_seconds: float) -> None:
        """Opens it.

        Args:
            caller: Who watches.
            heartbeat_seconds: After how long a silence there is a sign of life.
        """
        self.caller = caller
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heartbeat_seconds = heartbeat_seconds
        self._waiting: list[bytes] = []
        self._woken = asyncio.Event()
        self.say_ready()

    def tell(self, frame: bytes) -> None:
        """Sends an event; a reader that is too slow loses what waits, and is told `ready`."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(frame)
            self._woken.set()
        else:
            self.say_ready()

    def say_ready(self) -> None:
        """Sends `ready`, in place of all that waits."""
        self._waiting = [_READY]
        self._woken.set()

    def end(self) -> None:
        """Ends the stream, whatever waits."""
        if not self.over.done():
            self.over.set_result(None)

    async def flow(self, receive: Receive, send: Send) -> None:
        """Sends what there is, until the stream is ended or the client is gone."""
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({self.over, sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.end()
            sending.cancel()
            leaving.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send) -> None:
        while True:
            content = await self._next()
            await send({"type": "http.response.body", "body": content, "more_body": True})

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._heartbeat_seconds):
                await self._woken.wait()
        except TimeoutError:
            return _HEARTBEAT
        self._woken.clear()
        frames, self._waiting = self._waiting, []
        return b"".join(frames)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Streams:
    """The open streams of this process, and what they are told; it listens to the bus."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        """Prepares every kind of event.

        Args:
            sessions: Who is behind a request.
            clock: Tells when a token expires.
            heartbeat_seconds: After how long a silence a stream gives a sign of life.
            window_seconds: How often the availability of an event is told at most.
        """
        self._sessions = sessions
        self._clock = clock
        self._heartbeat_seconds = heartbeat_seconds
        self._window_seconds = window_seconds
        self._stopped = False
        self._open: set[Stream] = set()
        self._of_account: defaultdict[UUID, set[Stream]] = defaultdict(set)
        self._of_customer: defaultdict[str, set[Stream]] = defaultdict(set)
        self._of_staff: set[Stream] = set()
        self._newest: dict[str, bytes | None] = {}
        encoders = Encoders()
        self._kinds = {
            message.full_name: _Kind(
                name, message_factory.GetMessageClass(message), encoders.message(message)
            )
            for name, message in told().items()
        }

    async def answer(self, request: Request) -> Response:
        """Answers GET with a stream, which lasts as long as the access token.

        Raises:
            Unauthenticated: If nobody is logged in.
            CrossSiteRequest: If a cookie says who calls, and another site may have it sent.
            TooMany: If the account has too many streams open.
            Unavailable: If the process is about to stop, or the token cannot be checked.
        """
        session = await self._sessions.session(request.authorization() or "")
        if self._stopped:
            raise errors.Unavailable
        if len(self._of_account.get(session.caller.account, ())) >= MOST_STREAMS:
            raise errors.TooMany(retryAfter=_RETRY_SECONDS)
        lifetime = session.expires_at - self._clock.now()
        stream = self._add(session.caller, lifetime.total_seconds())
        if request.method == "HEAD":
            stream.end()
        return Response(HTTPStatus.OK, b"", _HEADERS, feed=stream)

    def hear(self, event: Envelope) -> None:
        """Tells an event to those whom it concerns."""
        kind = self._kinds.get(event.type)
        if kind is None or not self._open:
            return
        message: Any = kind.message.FromString(event.payload)
        if isinstance(message, pb.AvailabilityChanged):
            self._tell_newest(message.event_id, kind.frame(event.id, message))
        else:
            if event.type in _FOR_EVERYONE:
                to = self._open
            else:
                to = self._of_staff.union(self._of_customer.get(message.customer_id, ()))
            if to:
                _tell(to, kind.frame(event.id, message))

    def miss(self) -> None:
        """Tells everyone that something may have been missed."""
        for stream in self._open:
            stream.say_ready()

    def end_session(self, session_id: UUID) -> None:
        """Ends the streams of a session that is over."""
        for stream in [each for each in self._open if each.caller.session_id == session_id]:
            stream.end()

    def stop(self) -> None:
        """Ends all streams, and opens no more."""
        self._stopped = True
        for stream in self._open:
            stream.end()

    def _tell_newest(self, event_id: str, frame: bytes) -> None:
        """Tells how many tickets are left, at once or when the window of the last time is over."""
        if event_id in self._newest:
            self._newest[event_id] = frame
            return
        self._newest[event_id] = None
        _tell(self._open, frame)
        loop = asyncio.get_running_loop()
        loop.call_later(self._window_seconds, self._end_window, event_id)

    def _end_window(self, event_id: str) -> None:
        frame = self._newest.pop(event_id)
        if frame is not None:
            self._tell_newest(event_id, frame)

    def _add(self, caller: Caller, seconds: float) -> Stream:
        stream = Stream(caller, self._heartbeat_seconds)
        expiry = asyncio.get_running_loop().call_later(seconds, stream.end)
        self._open.add(stream)
        self._of_account[caller.account].add(stream)
        for customer in caller.customer_ids:
            self._of_customer[str(customer)].add(stream)
        if caller.roles & _STAFF:
            self._of_staff.add(stream)
        _streams.inc()

        def forget(_over: object) -> None:
            expiry.cancel()
            self._remove(stream)

        stream.over.add_done_callback(forget)
        return stream

    def _remove(self, stream: Stream) -> None:
        self._open.remove(stream)
        _take_out(self._of_account, stream.caller.account, stream)
        for customer in stream.caller.customer_ids:
            _take_out(self._of_customer, str(customer), stream)
        self._of_staff.discard(stream)
        _streams.dec()


def _tell(streams: Iterable[Stream], frame: bytes) -> None:
    for stream in streams:
        stream.tell(frame)


def _take_out(index: dict[Any, set[Stream]], key: object, stream: Stream) -> None:
    index[key].discard(stream)
    if not index[key]:
        del index[key]
