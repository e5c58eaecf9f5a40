"""Takes messages down in the transaction of what they tell of."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from kit.clock import Clock
from kit.courier.message import Channel, Message
from kit.courier.sealing import Seal
from kit.database import Transaction
from kit.ids import Ids

LONGEST_WAIT = timedelta(days=1)
POLL_SECONDS = 1.0


class Courier:
    """Queues messages, and wakes the routine of this process that delivers them.

    Attributes:
        channels: By which channels messages can be sent.
        permits: Whether messages may have a permit.
    """

    def __init__(
        self,
        keys: Sequence[bytes],
        channels: Collection[Channel],
        ids: Ids,
        clock: Clock,
        *,
        permits: bool = False,
    ) -> None:
        """Makes a courier.

        Args:
            keys: Secret keys of 256 bits or more, the current one first.
            channels: By which channels messages can be sent.
            ids: Names messages.
            clock: Tells when they were queued.
            permits: Whether messages may have a permit; `deliver` is then given whom to ask.

        Raises:
            ValueError: If there is none, or one is too short.
        """
        self.channels = frozenset(channels)
        self.permits = permits
        self.seal = Seal(keys)
        self._ids = ids
        self._clock = clock
        self._woken = {channel: asyncio.Event() for channel in Channel}

    async def queue(
        self, transaction: Transaction, *messages: Message, wanted: bool = True
    ) -> None:
        """Has messages sent, if and when the transaction commits.

        Args:
            transaction: The transaction.
            messages: The messages.
            wanted: Whether they are sent at all. If not, the same is done but for that, so that
                the time of an answer does not tell whether anybody gets a message.

        Raises:
            ValueError: If there is no transport for the channel of one of them, or nobody who
                could be asked about its permit.
        """
        if not messages:
            return
        if not self.channels.issuperset(message.channel for message in messages):
            raise ValueError("no transport is set for the channel of a message")
        if not self.permits and any(message.permit for message in messages):
            raise ValueError("nobody is set to ask about the permit of a message")
        now = self._clock.now()
        last = now + LONGEST_WAIT
        sealed = [self.seal.close(message) for message in messages]
        await transaction.connection.execute(
            """
            INSERT INTO courier_message
                (id, channel, purpose, recipient_hash, content, queued_at, due_at, not_after,
                 permit, outcome, ended_at)
            SELECT id, channel, purpose, recipient_hash, content, $6::timestamptz, $6, not_after,
                nullif(permit, ''),
                CASE WHEN content IS NULL THEN 'UNWANTED' END,
                CASE WHEN content IS NULL THEN $6::timestamptz END
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[],
                        $7::timestamptz[], $8::text[])
                AS m (id, channel, purpose, recipient_hash, content, not_after, permit)
            """,
            [self._ids.new_id() for _ in messages],
            [message.channel.value for message in messages],
            [message.purpose for message in messages],
            [self.seal.recipient_hash(message) for message in messages],
            [content if wanted else None for content in sealed],
            now,
            [min(message.not_after or last, last) for message in messages],
            [message.permit for message in messages],
        )
        transaction.after_commit(self._wake)

    async def news(self, channel: Channel) -> None:
        """Returns when there may be something to send: at once if woken, else after a poll."""
        woken = self._woken[channel]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await woken.wait()
        woken.clear()

    def _wake(self) -> None:
        for woken in self._woken.values():
            woken.set()
