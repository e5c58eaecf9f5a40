"""A crowd that comes whether or not it is served: an open model, with latencies from the plan.

Everyone comes at a moment that was planned before, and what is measured of an answer counts from
there, so that a server that stalls cannot put off being asked (coordinated omission). Within a
visit a request follows the answer to the one before it, as it does for a person; its moment is that
answer's and the time that the person takes. Whoever is told to come back does so, once the time
that was told is over.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from http import HTTPStatus
from typing import Protocol
from uuid import UUID, uuid5

from cli.demo.people import PASSWORD
from drills.ingress import Answer, Ask

_NAMES = UUID("6c1a0a54-7f4b-4d0a-9f0e-0f3f5f6f7a11")
_CARRIERS = 4
_TOLD_TO_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_SERVED = frozenset({HTTPStatus.OK, HTTPStatus.CONFLICT})


class Kind(Enum):
    """What is asked."""

    LOGIN = "log in"
    EVENT = "see the event"
    RESERVATION = "reserve"
    WAITING_LIST = "join the waiting list"
    USAGE = "see consumption"
    EVENTS = "see all events"
    PROFILE = "see the profile"
    STREAM = "open the live stream"

    @property
    def limit(self) -> float:
        """How long an answer may take at the 99th percentile, in seconds (docs/slos.md)."""
        return 1.0 if self is Kind.LOGIN else 0.5


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account.

    Attributes:
        number: Which of all.
        gsrn: Their metering point, empty where it plays no part.
    """

    number: int
    gsrn: str = ""

    @property
    def email(self) -> str:
        """What they log in with."""
        return f"crowd-{self.number}@example.com"

    @property
    def customer_id(self) -> UUID:
        """The customer that they are."""
        return uuid5(_NAMES, f"customer {self.number}")

    @property
    def account_id(self) -> UUID:
        """Their account."""
        return uuid5(_NAMES, f"account {self.number}")

    @property
    def network(self) -> str:
        """Where they come from: every third from one of four addresses of a mobile carrier."""
        carried, behind = divmod(self.number, 3)
        if not behind:
            return f"192.0.2.{carried % _CARRIERS + 1}"
        return f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what came of it; moments are those of the loop's clock, in seconds.

    Attributes:
        kind: What was asked.
        who: By whom.
        planned: When it was to be sent.
        sent: When it was.
        done: When the answer was there.
        answer: The answer.
    """

    kind: Kind
    who: Person
    planned: float
    sent: float
    done: float
    answer: Answer

    @property
    def seconds(self) -> float:
        """How long the person waited."""
        return self.done - self.planned

    @property
    def is_told_to_wait(self) -> bool:
        """Whether the person was told to come back, and when."""
        return self.answer.status in _TOLD_TO_WAIT and self.answer.retry_after is not None

    @property
    def quantity(self) -> int:
        """How many tickets a reservation has."""
        return int(self.answer.json()["quantity"])


class Wire(Protocol):
    """What takes requests to the gateway."""

    async def ask(self, request: Ask) -> Answer:
        """Sends a request, and returns what came of it, whatever that is."""
        ...

    async def watch(self, request: Ask) -> Answer:
        """Opens a live stream, which stays open; returns how it began."""
        ...


@dataclass(frozen=True)
class Sale:
    """A sale of tickets.

    Attributes:
        event_id: Of the event.
        opens_at: When it opens, by the loop's clock.
    """

    event_id: str
    opens_at: float

    @property
    def path(self) -> str:
        """Where the event is."""
        return f"/v1/events/{self.event_id}"


@dataclass(frozen=True)
class Habits:
    """How long people take, in seconds.

    Attributes:
        looking: Between two things that they do, up to this long.
        pressing: After the sale has opened, up to this long.
        returning: After the time that they were told to wait, up to this long.
    """

    looking: float = 3.0
    pressing: float = 1.0
    returning: float = 2.0


@dataclass
class Crowd:
    """People, and all that they have asked.

    Attributes:
        wire: What takes their requests to the gateway.
        habits: How long they take.
        asked: All requests that were answered.
        gone: What people wanted who have left without it.
        is_over: Whether whoever waits shall leave.
    """

    wire: Wire
    habits: Habits = field(default_factory=Habits)
    asked: list[Asked] = field(default_factory=list[Asked])
    gone: list[Kind] = field(default_factory=list[Kind])
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    _random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret

    def arrivals(self, per_second: float, seconds: float) -> Sequence[float]:
        """Returns when people come, from 0 on, none of whom knows of the others."""
        moments, moment = list[float](), 0.0
        while (moment := moment + self._random.expovariate(per_second)) < seconds:
            moments.append(moment)
        return moments

    async def come(
        self, moments: Sequence[float], visit: Callable[[int, float], Awaitable[None]]
    ) -> None:
        """Lets people come, and waits until all of them have gone.

        Args:
            moments: When, by the loop's clock, the first one first.
            visit: What each does, by number and moment.
        """
        async with asyncio.TaskGroup() as visits:
            for number, moment in enumerate(moments):
                await asyncio.sleep(moment - _now())
                visits.create_task(_done(visit(number, moment)))

    @asynccontextmanager
    async def coming(
        self, moments: Sequence[float], visit: Callable[[int, float], Awaitable[None]]
    ) -> AsyncGenerator[None]:
        """Lets people come beside what else goes on; see `come`."""
        async with asyncio.TaskGroup() as beside:
            beside.create_task(self.come(moments, visit))
            yield

    async def log_in(self, who: Person, planned: float) -> str | None:
        """Logs somebody in; returns the access token, None if they have left without one."""
        login = {"email": who.email, "password": PASSWORD}
        answer = await self._served(
            Kind.LOGIN, who, planned, Ask("POST", "/v1/sessions", who.network, body=login)
        )
        return None if answer is None else str(answer.json()["accessToken"])

    async def want_tickets(self, who: Person, planned: float, sale: Sale) -> None:
        """Logs in, looks at the event, reserves once the sale is open, and waits if it is late."""
        token = await self.log_in(who, planned)
        if token is None:
            return
        await self._watch(who, token)
        if await self._served(Kind.EVENT, who, _now(), Ask("GET", sale.path, who.network, token)):
            quantity = who.number % 2 + 1
            pressed = max(self._looked(), sale.opens_at + self._upto(self.habits.pressing))
            reserve = change(who, token, f"{sale.path}/reservations", quantity=quantity)
            answer = await self._served(Kind.RESERVATION, who, pressed, reserve)
            if answer is not None and answer.status == HTTPStatus.CONFLICT:
                join = change(who, token, f"{sale.path}/waitlistEntries", wanted=quantity)
                await self._served(Kind.WAITING_LIST, who, self._looked(), join)

    async def look_around(self, who: Person, token: str, planned: float, month: str) -> None:
        """Looks at consumption, events and profile, as on any other day.

        Args:
            who: Somebody who is logged in.
            token: Their access token.
            planned: When they begin.
            month: Part of a query: the days that they look at.
        """
        usage = f"/v1/meteringPoints/{who.gsrn}/usage?{month}"
        for kind, path in (
            (Kind.USAGE, "/v1/meteringPoints"),
            (Kind.USAGE, f"{usage}&resolution=DAY"),
            (Kind.USAGE, f"{usage}&resolution=HOUR"),
            (Kind.EVENTS, "/v1/events"),
            (Kind.PROFILE, "/v1/me"),
            (Kind.PROFILE, "/v1/me/consents"),
        ):
            await self._served(kind, who, planned, Ask("GET", path, who.network, token))
            planned = self._looked()

    async def _watch(self, who: Person, token: str) -> None:
        sent = _now()
        answer = await self.wire.watch(Ask("GET", "/v1/me/stream", who.network, token))
        self.asked.append(Asked(Kind.STREAM, who, sent, sent, _now(), answer))

    async def _served(self, kind: Kind, who: Person, planned: float, ask: Ask) -> Answer | None:
        """Asks until the answer is another than to come back; returns None if there is none."""
        while await self._stays_until(planned):
            sent = _now()
            answer = await self.wire.ask(ask)
            asked = Asked(kind, who, planned, sent, _now(), answer)
            self.asked.append(asked)
            if not asked.is_told_to_wait:
                return answer if answer.status in _SERVED else None
            planned = asked.done + (answer.retry_after or 0) + self._upto(self.habits.returning)
        self.gone.append(kind)
        return None

    async def _stays_until(self, moment: float) -> bool:
        """Waits for a moment; returns whether people are there still."""
        try:
            async with asyncio.timeout_at(moment):
                await self.is_over.wait()
        except TimeoutError:
            return True
        return False

    def _looked(self) -> float:
        return _now() + self._upto(self.habits.looking)

    def _upto(self, seconds: float) -> float:
        return self._random.uniform(0, seconds)


def change(who: Person, token: str, path: str, **body: int) -> Ask:
    """Returns a change of somebody's, with a key and in a trace that follow from it."""
    key = key_of(who, path)
    trace = f"00-{key.hex}-{key.hex[:16]}-00"
    ask = Ask("POST", path, who.network, token, body)
    return replace(ask, key=str(key), traceparent=trace)


def key_of(who: Person, path: str) -> UUID:
    """Returns the Idempotency-Key of what somebody changes at a path; its trace has the same id."""
    return uuid5(_NAMES, f"{path} {who.number}")


async def _done(visit: Awaitable[None]) -> None:
    await visit


def _now() -> float:
    return asyncio.get_running_loop().time()
