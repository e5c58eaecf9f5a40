"""Ten thousand get a mailing, and five hundred of them withdraw in the middle of it."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

import pytest

from kit.courier import Message
from kit.testing import eventually
from tests.integration.consent.press import AlwaysHolds, Press
from tests.integration.consent.world import House


class Witness:
    """Knows who has withdrawn, and sees who gets a mailing nevertheless.

    Nothing is told to NATS, which is not there: withdrawals are told of by the database alone.
    """

    def __init__(self, press: Press, readers: Sequence[UUID], withdrawing: int) -> None:
        self._press = press
        chosen = random.Random(5).sample(range(len(readers)), withdrawing)  # noqa: S311 - a choice
        self._to_withdraw = {f"reader-{each}@example.no": readers[each] for each in chosen}
        self.withdrawn: set[str] = set()
        self.too_late: list[str] = []
        press.letterbox.on_arrival = self._look

    async def withdraw_all(self, after: int) -> None:
        """Has them withdraw, four at once, once some letters have arrived."""
        await eventually(lambda: len(self._press.letterbox.messages) >= after, seconds=60)
        await asyncio.gather(*(self._withdraw(some) for some in _in_four(self._to_withdraw)))

    async def _withdraw(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            await self._press.withdraw(self._to_withdraw[address])
            self.withdrawn.add(address)

    async def _look(self, message: Message) -> None:
        if message.recipient in self.withdrawn:
            self.too_late.append(message.recipient)


def _in_four(addresses: dict[str, UUID]) -> list[list[str]]:
    everyone = list(addresses)
    return [everyone[start::4] for start in range(4)]


async def send_to(press: Press, readers: int, withdrawing: int, after: int) -> Witness:
    """Sends a mailing, and has some withdraw meanwhile."""
    witness = Witness(press, await press.readers(readers), withdrawing)
    mailing = await press.send_news()

    async def is_sent() -> bool:
        await press.tend()
        await press.write()
        return (await press.state(mailing))[0] == "SENT"

    async with press.delivering():
        withdrawals = asyncio.create_task(witness.withdraw_all(after))
        await eventually(is_sent, seconds=120)
        await withdrawals
    return witness


@pytest.fixture
async def press(house: House) -> Press:
    press = Press(house)
    await press.offer()
    return press


async def test_nobody_gets_a_mailing_once_their_withdrawal_was_answered(press: Press) -> None:
    witness = await send_to(press, readers=10_000, withdrawing=500, after=2_000)

    received = press.letterbox.recipients
    assert len(witness.withdrawn) == 500
    assert witness.too_late == []
    assert len(received) == len(set(received))
    spared = witness.withdrawn - set(received)
    assert spared
    assert len(received) == 10_000 - len(spared)
    [told] = await press.house.sql("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
    assert told["count"] == 500


async def test_without_a_look_at_the_permit_some_would_get_it(press: Press) -> None:
    """The control of the test above."""
    press.permits = AlwaysHolds()
    witness = await send_to(press, readers=1_000, withdrawing=200, after=100)

    assert witness.too_late
