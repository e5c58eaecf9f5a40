"""What is to be told is told once for its cause, by one process, unless it is taken back."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from services.consent.domain.notifications import Leased, Notification
from tests.integration.consent.world import NOW, House

OFFER = f"offer/{uuid4()}"
LEASE = timedelta(minutes=1)


def notification(
    cause: str, kind: str = "offer-made", topic: str = OFFER, customer_id: UUID | None = None
) -> Notification:
    return Notification(
        id=uuid4(),
        cause=cause,
        kind=kind,
        customer_id=customer_id or uuid4(),
        facts={"tickets": 2},
        due_at=NOW,
        not_after=None,
        topic=topic,
    )


async def notify(house: House, *notifications: Notification) -> None:
    async with house.store() as store:
        await store.notify(*notifications)


async def lease(house: House, most: int = 10) -> Sequence[Leased]:
    now = house.clock.now()
    async with house.store() as store:
        return await store.lease_notifications(["offer-made"], now, now + LEASE, most)


async def states(house: House) -> dict[str, tuple[str, str | None]]:
    rows = await house.sql("SELECT cause, state, reason FROM notification")
    return {row["cause"]: (row["state"], row["reason"]) for row in rows}


async def test_a_cause_is_taken_down_once_however_often_it_is_heard_of(house: House) -> None:
    first = notification("a")
    await notify(house, first, notification("a"))
    await notify(house, notification("a"), notification("b"))

    rows = await house.sql("SELECT id FROM notification WHERE cause = 'a'")
    assert [row["id"] for row in rows] == [first.id]
    assert len(await states(house)) == 2


async def test_all_or_some_of_what_is_to_be_told_about_a_topic_is_taken_back(house: House) -> None:
    await notify(
        house,
        notification("made"),
        notification("expiring", "offer-expiring"),
        notification("other", topic="offer/other"),
    )
    async with house.store() as store:
        await store.take_back(OFFER, "offer-expiring")
    waiting, dropped = ("WAITING", None), ("DROPPED", "TAKEN_BACK")
    assert await states(house) == {"made": waiting, "expiring": dropped, "other": waiting}

    async with house.store() as store:
        await store.take_back(OFFER)
    assert await states(house) == {"made": dropped, "expiring": dropped, "other": waiting}


async def test_what_is_leased_is_handed_to_nobody_else_until_the_lease_ends(house: House) -> None:
    await notify(house, notification("a"), notification("b"), notification("c", "still-coming"))
    [first], [second] = await lease(house, 1), await lease(house, 1)

    assert {first.notification.cause, second.notification.cause} == {"a", "b"}
    assert await lease(house) == []
    house.clock.advance(LEASE)
    assert len(await lease(house)) == 2


async def test_whoever_has_lost_the_lease_writes_nothing(house: House) -> None:
    await notify(house, notification("a"))
    lost = await lease(house)
    house.clock.advance(LEASE)
    kept = await lease(house)

    async with house.store() as store:
        assert await store.lock_leased(lost) == []
        assert await store.lock_leased(kept) == kept
    async with house.store() as store:
        await store.lay_aside(lost[0], NOW, due=True)
    assert await lease(house) == []


async def test_what_has_ended_is_forgotten_in_time_and_of_whom_was_erased_at_once(
    house: House,
) -> None:
    erased = uuid4()
    await notify(house, notification("a"), notification("b"), notification("c", customer_id=erased))
    async with house.store() as store:
        leased = await store.lease_notifications(["offer-made"], NOW, NOW + LEASE, 10)
        ids = [each.notification.id for each in leased if each.notification.cause == "a"]
        await store.end_notifications(dict.fromkeys(ids, ""), NOW)
        await store.erase_notifications(erased)
    assert await states(house) == {"a": ("WRITTEN", None), "b": ("WAITING", None)}

    async with house.store() as store:
        await store.forget_notifications(NOW)
    assert len(await states(house)) == 2
    async with house.store() as store:
        await store.forget_notifications(NOW + LEASE)
    assert await states(house) == {"b": ("WAITING", None)}
