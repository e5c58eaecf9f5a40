"""Whether a crowd was served as it should be: honestly, by arrival, and with what there was."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import asyncpg

from drills.crowd import Asked, Kind

_HONEST: Mapping[Kind, frozenset[str]] = {Kind.RESERVATION: frozenset({"NOT_ENOUGH_TICKETS"})}
"""What people may be refused who do nothing wrong."""


@dataclass(frozen=True)
class Sold:
    """What became of the seats of an event, as its database has it.

    Attributes:
        capacity: How many there are.
        counted: How many are counted as reserved.
        tickets: How many tickets there are.
        quantities: How many tickets reservations say that they have.
        buyers: Who has tickets, in the order in which they got them.
        line: Who waits, in the order in which they are served.
    """

    capacity: int
    counted: int
    tickets: int
    quantities: int
    buyers: Sequence[UUID]
    line: Sequence[UUID]


async def sold(url: str, event_id: str) -> Sold:
    """Looks at an event in its database.

    Args:
        url: The database of events.
        event_id: The event.
    """
    connection = await asyncpg.connect(url)
    try:
        seats = await connection.fetchrow(
            """
            SELECT capacity, reserved AS counted,
                (SELECT count(*) FROM ticket WHERE event_id = $1 AND status = 'ACTIVE') AS tickets,
                (SELECT coalesce(sum(quantity), 0) FROM reservation
                    WHERE event_id = $1 AND status = 'ACTIVE') AS quantities
            FROM inventory WHERE event_id = $1
            """,
            event_id,
        )
        buyers = await connection.fetch(
            """
            SELECT customer_id FROM reservation_change change
            JOIN reservation ON reservation.id = reservation_id
            WHERE change.event_id = $1 ORDER BY sequence
            """,
            event_id,
        )
        line = await connection.fetch(
            "SELECT customer_id FROM waitlist_entry WHERE event_id = $1 ORDER BY place", event_id
        )
    finally:
        await connection.close()
    if seats is None:
        raise LookupError(event_id)
    return Sold(
        **seats,
        buyers=[row["customer_id"] for row in buyers],
        line=[row["customer_id"] for row in line],
    )


def faults(asked: Sequence[Asked], seats: Sold) -> Sequence[str]:
    """Returns all that should not be.

    Args:
        asked: What a crowd has asked; no ticket was given back meanwhile.
        seats: What became of the seats.
    """
    return [
        *(f"{times} answers: {what}" for what, times in unexpected(asked).items()),
        *_of_counters(asked, seats),
        *_said(
            "with tickets were overtaken", overtaken(_served(asked, Kind.RESERVATION), seats.buyers)
        ),
        *_said("were refused what others got later", passed_over(asked)),
        *_said("in line were overtaken", overtaken(_served(asked, Kind.WAITING_LIST), seats.line)),
    ]


def unexpected(asked: Iterable[Asked]) -> Counter[str]:
    """Counts answers that should not be, by what they were.

    What should be: what was asked for, an honest conflict, or to come back and when.
    """
    return Counter(
        f"{each.kind.value}: {each.answer.status} {each.answer.code}"
        for each in asked
        if each.answer.status != HTTPStatus.OK
        and not each.is_told_to_wait
        and not (
            each.answer.status == HTTPStatus.CONFLICT
            and each.answer.code in _HONEST.get(each.kind, ())
        )
    )


def overtaken(asked: Iterable[Asked], order: Sequence[UUID]) -> Sequence[tuple[int, int]]:
    """Returns who was overtaken by somebody who had not even asked when they were answered.

    Args:
        asked: The requests that were served, each of another person.
        order: The customers in the order in which they were served.

    Returns:
        For each the person, and one who has overtaken them.
    """
    place = {customer_id: number for number, customer_id in enumerate(order)}
    asks = [each for each in asked if each.who.customer_id in place]
    answered = iter(sorted(asks, key=lambda each: each.done))
    found, last, following = list[tuple[int, int]](), None, next(answered, None)
    for later in sorted(asks, key=lambda each: each.sent):
        while following is not None and following.done < later.sent:
            if last is None or place[following.who.customer_id] > place[last.who.customer_id]:
                last = following
            following = next(answered, None)
        if last is not None and place[last.who.customer_id] > place[later.who.customer_id]:
            found.append((last.who.number, later.who.number))
    return found


def passed_over(asked: Iterable[Asked]) -> Sequence[tuple[int, int]]:
    """Returns who was refused tickets that somebody got who asked after that answer.

    As no ticket comes back, whoever asks later can have no more than was left then.

    Args:
        asked: The requests of the crowd.

    Returns:
        For each the person, and one who got the tickets.
    """
    asks = [each for each in asked if each.kind is Kind.RESERVATION]
    refused = iter(
        sorted(
            (each for each in asks if each.answer.status == HTTPStatus.CONFLICT),
            key=lambda each: each.done,
        )
    )
    found, last, left, following = list[tuple[int, int]](), None, 0, next(refused, None)
    for later in sorted(_served(asks, Kind.RESERVATION), key=lambda each: each.sent):
        while following is not None and following.done < later.sent:
            available = int(following.answer.json()["available"])
            if last is None or available < left:
                last, left = following, available
            following = next(refused, None)
        if last is not None and later.quantity > left:
            found.append((last.who.number, later.who.number))
    return found


def lead(arrivals: Iterable[float]) -> float:
    """Returns by how much the most favoured has come after somebody whom they were put before.

    Args:
        arrivals: When people came, in the order in which they were served.

    Returns:
        The time, 0 if all were served in the order of their arrival.
    """
    latest, most = float("-inf"), 0.0
    for arrival in arrivals:
        most = max(most, latest - arrival)
        latest = max(latest, arrival)
    return most


def _served(asked: Iterable[Asked], kind: Kind) -> Sequence[Asked]:
    return [each for each in asked if each.kind is kind and each.answer.status == HTTPStatus.OK]


def _of_counters(asked: Iterable[Asked], seats: Sold) -> Iterator[str]:
    asks = list(asked)
    given = sum(each.quantity for each in _served(asks, Kind.RESERVATION))
    if seats.tickets > seats.capacity:
        yield f"{seats.tickets} tickets for {seats.capacity} seats"
    if not seats.counted == seats.tickets == seats.quantities == given:
        yield (
            f"{seats.counted} tickets are counted, {seats.tickets} are there, {seats.quantities} "
            f"are in reservations, {given} were told of"
        )
    told = len(_served(asks, Kind.WAITING_LIST))
    if told != len(seats.line):
        yield f"{told} were told that they wait, {len(seats.line)} do"


def _said(what: str, found: Sequence[tuple[int, int]]) -> Iterator[str]:
    if found:
        yield f"{len(found)} people {what}, such as {found[0][0]} by {found[0][1]}"
