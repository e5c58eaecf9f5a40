"""The bus: domain events on one stream of NATS JetStream, and on their way past.

Whoever acts on an event pulls it from the stream, where it is kept until that was done (`Bus`).
Whoever only wants to hear of it listens while it passes (`listen`).
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, PubAck, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from kit.envelope import Envelope
from kit.tls import Identity

STREAM = "KUNDEAPP"
KEEP_SECONDS = 30 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 600
ACK_SECONDS = 5.0
FETCH_SECONDS = 5.0
RETRY_SECONDS = 1
PING_SECONDS = 20
MOST_UNHEARD = 65_536
REDELIVER_SECONDS = 30

_log = structlog.get_logger(__name__)


class Bus:
    """A connection to the bus that comes up when the bus does, and comes back after an outage."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stream = client.jetstream(timeout=ACK_SECONDS)
        self._up = asyncio.Event()

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(
        url: str, identity: Identity, process: str, *, replicas: int = 1
    ) -> "AsyncGenerator[Bus]":
        """Opens the bus; goes on at once, whether or not it is up yet.

        Args:
            url: `tls://host:port`, comma-separated for a cluster.
            identity: This workload's certificate.
            process: The name to be seen under by those who run the bus.
            replicas: On how many servers an event is kept.
        """
        client = Client()
        bus = Bus(client)
        connecting = asyncio.create_task(bus._connect(url, identity, process, replicas))
        try:
            yield bus
        finally:
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await connecting
            await client.close()

    async def _connect(self, url: str, identity: Identity, process: str, replicas: int) -> None:
        await _connect(self._client, url, identity, process)
        while not self._up.is_set():
            try:
                await _put_stream(self._client, replicas)
            except (TimeoutError, nats.errors.Error) as error:
                _log.warning("stream out of reach", error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._up.set()

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
        await self._up.wait()
        await self._stream.add_consumer(STREAM, config)
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
        await client.close()


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
        tls=identity.client_context(),
        max_reconnect_attempts=-1,
        reconnect_time_wait=RETRY_SECONDS,
        ping_interval=PING_SECONDS,
        error_cb=failed or _log_failure,
        reconnected_cb=reconnected,
        closed_cb=closed,
    )


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
