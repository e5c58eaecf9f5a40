"""The bus: domain events on one stream of NATS JetStream, and on their way past.

Whoever acts on an event pulls it from the stream, where it is kept until that was done (`Bus`).
Whoever only wants to hear of it listens while it passes (`listen`).
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import nats.errors
import prometheus_client
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    PubAck,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError

from kit.envelope import Envelope
from kit.repeat import background
from kit.tls import Identity

STREAM = "KUNDEAPP"
KEEP_SECONDS = 30 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 600
ACK_SECONDS = 5.0
FETCH_SECONDS = 5.0
RETRY_SECONDS = 1
PING_SECONDS = 10
"""Between two pings; a connection on which three in a row are not answered is replaced."""
MOST_UNHEARD = 65_536
REDELIVER_SECONDS = 30
CLOSE_SECONDS = 5.0
"""How long the bus has to say goodbye; Python 3.11 may wait for the end of TLS for ever."""

_connected = prometheus_client.Gauge(
    "kundeapp_bus_connected",
    "Whether a connection to the bus is up, by what it listens to; nothing where it pulls.",
    ["process", "subject"],
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """A durable consumer as the bus sees it.

    Attributes:
        name: Its name.
        exists: Whether the bus knows it.
        pending: How many events it was not handed yet.
        unacknowledged: How many it was handed, and is not done with.
        redelivered: How many of these it was handed more than once.
        begins: The moment it was told to begin at; None for the beginning of the stream.
    """

    name: str
    exists: bool
    pending: int = 0
    unacknowledged: int = 0
    redelivered: int = 0
    begins: datetime | None = None


@dataclass(frozen=True, slots=True)
class BusState:
    """The bus as one of its clients sees it.

    Attributes:
        wanted_replicas: On how many servers an event is to be kept.
        consumers: Those that were asked for.
        has_stream: Whether the stream of events is there.
        replicas: On how many servers an event is kept.
        current_replicas: How many of them have all events.
        stored_bytes: How much the stream holds.
        most_bytes: How much it may hold; 0 without a limit of its own.
    """

    wanted_replicas: int
    consumers: Sequence[ConsumerState]
    has_stream: bool = False
    replicas: int = 0
    current_replicas: int = 0
    stored_bytes: int = 0
    most_bytes: int = 0


class Bus:
    """A connection to the bus that comes up when the bus does, and comes back after an outage."""

    def __init__(self, client: Client, replicas: int, since: datetime | None = None) -> None:
        self._client = client
        self._replicas = replicas
        self._since = since
        self._stream = client.jetstream(timeout=ACK_SECONDS)
        self._up = asyncio.Event()

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(
        url: str,
        identity: Identity,
        process: str,
        *,
        replicas: int = 1,
        since: datetime | None = None,
    ) -> "AsyncGenerator[Bus]":
        """Opens the bus; goes on at once, whether or not it is up yet.

        Args:
            url: `tls://host:port`, comma-separated for a cluster.
            identity: This workload's certificate.
            process: The name to be seen under by those who run the bus.
            replicas: On how many servers an event is kept.
            since: Where consumers begin anew, such as the moment that a database was restored to;
                None to go on where they are.
        """
        client = Client()
        bus = Bus(client, replicas, since)
        _connected.labels(process, "").set_function(lambda: client.is_connected)
        try:
            async with background(bus._connect(url, identity, process)):
                yield bus
        finally:
            await _close(client)

    async def _connect(self, url: str, identity: Identity, process: str) -> None:
        await _connect(self._client, url, identity, process)
        while not self._up.is_set():
            try:
                await _put_stream(self._client, self._replicas)
            except (TimeoutError, nats.errors.Error) as error:
                _log.warning("stream out of reach", error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._up.set()

    async def ready(self) -> None:
        """Returns once the bus has been reached, and has the stream of events."""
        await self._up.wait()

    async def publish(self, envelopes: Sequence[Envelope]) -> int:
        """Publishes events in order, without waiting for one before sending the next.

        Returns:
            How many were stored, counted up to the first that was not.
        """
        if not (self._up.is_set() and self._client.is_connected):
            return 0
        acks: list[asyncio.Future[PubAck]] = []
        try:
            async with asyncio.timeout(ACK_SECONDS):
                for event in envelopes:
                    headers = event.headers()
                    acks.append(
                        await self._stream.publish_async(
                            event.subject, event.payload, headers=headers
                        )
                    )
                await asyncio.wait(acks)
        except (TimeoutError, nats.errors.Error) as error:
            _log.warning("publishing interrupted", error=repr(error))
        stored = 0
        while stored < len(acks) and _succeeded(acks[stored]):
            stored += 1
        for ack in acks[stored:]:
            ack.cancel()
        return stored

    @contextlib.asynccontextmanager
    async def pull(
        self, durable: str, subjects: Sequence[str], *, max_pending: int
    ) -> "AsyncGenerator[AsyncGenerator[Msg]]":
        """Opens a durable pull consumer, and makes or changes it to match if need be.

        Args:
            durable: Its name on the bus; replicas that share it share the work.
            subjects: What it wants to know of.
            max_pending: How many messages may be under way at once; 1 keeps the order.

        Raises:
            nats.errors.Error: If the bus is out of reach.
        """
        config = ConsumerConfig(
            durable_name=durable,
            filter_subjects=list(subjects),
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=REDELIVER_SECONDS,
            max_deliver=-1,
            max_ack_pending=max_pending,
        )
        await self.ready()
        await self._put_consumer(config)
        subscription = await self._stream.pull_subscribe_bind(durable, STREAM)

        async def messages() -> AsyncGenerator[Msg]:
            while True:
                try:
                    fetched = await subscription.fetch(max_pending, timeout=FETCH_SECONDS)
                except TimeoutError:
                    continue
                for message in fetched:
                    yield message

        try:
            yield messages()
        finally:
            if self._client.is_connected:
                await subscription.unsubscribe()

    async def state(self, durables: Sequence[str]) -> BusState:
        """Looks at the stream and at consumers.

        Raises:
            TimeoutError: If the bus does not answer.
            nats.errors.Error: If it is out of reach, or has no JetStream.
        """
        if not self._client.is_connected:
            raise nats.errors.ConnectionClosedError
        consumers = [await self.consumer(durable) for durable in durables]
        try:
            stream = await self._client.jsm(timeout=ACK_SECONDS).stream_info(STREAM)
        except NotFoundError:
            return BusState(self._replicas, consumers)
        followers = (stream.cluster.replicas or ()) if stream.cluster else ()
        return BusState(
            self._replicas,
            consumers,
            has_stream=True,
            replicas=stream.config.num_replicas or 1,
            current_replicas=1 + sum(bool(each.current) for each in followers),
            stored_bytes=stream.state.bytes,
            most_bytes=max(stream.config.max_bytes or 0, 0),
        )

    async def consumer(self, durable: str) -> ConsumerState:
        """Looks at a consumer.

        Raises:
            TimeoutError: If the bus does not answer.
            nats.errors.Error: If it is out of reach.
        """
        found = await self._find_consumer(durable)
        if found is None:
            return ConsumerState(durable, exists=False)
        return ConsumerState(
            durable,
            exists=True,
            pending=found.num_pending or 0,
            unacknowledged=found.num_ack_pending or 0,
            redelivered=found.num_redelivered or 0,
            begins=found.config.opt_start_time,
        )

    async def _find_consumer(self, durable: str) -> ConsumerInfo | None:
        with contextlib.suppress(NotFoundError):
            return await self._client.jsm(timeout=ACK_SECONDS).consumer_info(STREAM, durable)
        return None

    async def _put_consumer(self, config: ConsumerConfig) -> None:
        """Makes a consumer, or changes it to what it should be; where it began stays.

        One that did not begin where all are to begin anew is made anew.
        """
        durable = str(config.durable_name)
        if self._since is not None:
            await self._begin_anew(durable, self._since)
            await self._stream.add_consumer(STREAM, _beginning_at(self._since, config))
            return
        try:
            await self._stream.add_consumer(STREAM, config)
        except APIError:  # it was made to begin at a moment, which cannot be changed
            known = await self._find_consumer(durable)
            if known is None or known.config.opt_start_time is None:
                raise
            begins = known.config.opt_start_time
            await self._stream.add_consumer(STREAM, _beginning_at(begins, config))

    async def _begin_anew(self, durable: str, since: datetime) -> None:
        """Takes a consumer away that did not begin at a moment."""
        known = await self._find_consumer(durable)
        if known is None or known.config.opt_start_time == since:
            return
        await self._client.jsm(timeout=ACK_SECONDS).delete_consumer(STREAM, durable)
        _log.warning("consumer begins anew", consumer=durable, since=since.isoformat())


def _beginning_at(moment: datetime, config: ConsumerConfig) -> ConsumerConfig:
    return config.evolve(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=moment)


class Listener(Protocol):
    """Hears events while they pass."""

    def hear(self, event: Envelope) -> None:
        """Is told of an event; it may be told more than once."""
        ...

    def miss(self) -> None:
        """Is told that it hears from now on, and may have missed what was before."""
        ...


async def listen(
    url: str, identity: Identity, process: str, subject: str, listener: Listener
) -> None:
    """Tells a listener of events as they pass, until it is cancelled.

    Nothing is kept for the listener, and no stream is needed or made. It is told that it has missed
    something at the start, after each outage, and when it did not keep up.

    Args:
        url: `tls://host:port`, comma-separated for a cluster.
        identity: This workload's certificate.
        process: The name to be seen under by those who run the bus.
        subject: What it wants to know of, with `*` for one part and `>` for the rest.
        listener: Who is told, in the order of publishing.
    """
    while True:
        try:
            await _listen_while_connected(url, identity, process, subject, listener)
        except (TimeoutError, nats.errors.Error) as error:
            _log.warning("listening interrupted", error=repr(error))
        await asyncio.sleep(RETRY_SECONDS)


async def _listen_while_connected(
    url: str, identity: Identity, process: str, subject: str, listener: Listener
) -> None:
    client, closed = Client(), asyncio.Event()
    _connected.labels(process, subject).set_function(lambda: client.is_connected)

    async def hear(message: Msg) -> None:
        headers = message.headers or {}
        listener.hear(Envelope.received(message.subject, message.data, headers))

    async def miss() -> None:
        listener.miss()

    async def fail(error: Exception) -> None:
        await _log_failure(error)
        if isinstance(error, nats.errors.SlowConsumerError):
            listener.miss()

    async def close() -> None:
        closed.set()

    try:
        await _connect(client, url, identity, process, failed=fail, reconnected=miss, closed=close)
        await client.subscribe(subject, cb=hear, pending_msgs_limit=MOST_UNHEARD)
        await client.flush()
        listener.miss()
        await closed.wait()
    finally:
        await _close(client)


async def _connect(
    client: Client,
    url: str,
    identity: Identity,
    process: str,
    *,
    failed: Callable[[Exception], Awaitable[None]] | None = None,
    reconnected: Callable[[], Awaitable[None]] | None = None,
    closed: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Connects, however long that takes; the client then reconnects by itself."""
    await client.connect(
        servers=url.split(","),
        name=process,
        # Answers come to a place of the process's own, which the bus can keep others from.
        inbox_prefix=f"_INBOX.{process}",
        tls=identity.client_context(),
        max_reconnect_attempts=-1,
        reconnect_time_wait=RETRY_SECONDS,
        ping_interval=PING_SECONDS,
        error_cb=failed or _log_failure,
        reconnected_cb=reconnected,
        closed_cb=closed,
    )


async def _close(client: Client) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()


async def _put_stream(client: Client, replicas: int) -> None:
    """Makes the stream, or changes it to what it should be."""
    stream = StreamConfig(
        name=STREAM,
        subjects=["kundeapp.>"],
        storage=StorageType.FILE,
        max_age=KEEP_SECONDS,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        num_replicas=replicas,
    )
    manager = client.jsm(timeout=ACK_SECONDS)
    try:
        await manager.stream_info(STREAM)
    except NotFoundError:
        await manager.add_stream(stream)
    else:
        await manager.update_stream(stream)


async def _log_failure(error: Exception) -> None:
    _log.warning("bus failure", error=repr(error))


def _succeeded(ack: "asyncio.Future[PubAck]") -> bool:
    return ack.done() and not ack.cancelled() and ack.exception() is None
