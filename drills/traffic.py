"""Customers who go on using the suite, and every request of theirs that was not answered well."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from cli.demo.events import CONCERT
from cli.demo.people import CUSTOMERS, PASSWORD, Customer

READERS_OF_A_CUSTOMER = 2
PAUSE_SECONDS = 0.02
LOGIN_PAUSE_SECONDS = 0.5
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Loss:
    """A request that was not answered well.

    Attributes:
        at: When.
        what: The request.
        outcome: What came of it.
    """

    at: datetime
    what: str
    outcome: str


@dataclass
class Traffic:
    """What customers ask, each over and over on a connection of their own.

    Attributes:
        url: Where.
        asked: How many requests were made, by kind.
        losses: Those that were not answered well.
    """

    url: str
    asked: "Counter[str]" = field(default_factory=Counter[str])
    losses: list[Loss] = field(default_factory=list[Loss])

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncGenerator[None]:
        """Lets customers ask for as long as the context is open; what is under way is finished."""
        stop = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            work = list[Callable[[], Awaitable[None]]]()
            for customer in CUSTOMERS:
                session = await self._log_in(customer)
                for _ in range(READERS_OF_A_CUSTOMER):
                    client = await stack.enter_async_context(self._client(session["accessToken"]))
                    work.append(_Reader(self, client, customer).ask)
                client = await stack.enter_async_context(self._client(session["accessToken"]))
                work.append(await self._holder(client))
                client = await stack.enter_async_context(self._client(""))
                work.append(_Comer(self, client, customer, session["deviceToken"]).ask)
            going_on = [asyncio.create_task(_again(each, stop)) for each in work]
            try:
                yield
            finally:
                stop.set()
                await asyncio.gather(*going_on)

    async def send(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        """Sends a request once; returns what is answered, None if it is lost."""
        what = f"{method} {path.split('?', maxsplit=1)[0]}"
        self.asked[method] += 1
        headers = {"Idempotency-Key": str(uuid4())} if body is not None else {}
        try:
            answer = await client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            self.losses.append(Loss(datetime.now(UTC), what, repr(error)))
            return None
        if not answer.is_success:
            self.losses.append(Loss(datetime.now(UTC), what, f"{answer.status_code} {answer.text}"))
            return None
        return answer.json()

    def _client(self, token: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=_TIMEOUT, trust_env=False
        )

    async def _log_in(self, customer: Customer) -> Mapping[str, str]:
        async with self._client("") as client:
            login = {"email": customer.email, "password": PASSWORD}
            answer = await client.post("/v1/sessions", json=login)
            return answer.raise_for_status().json()

    async def _holder(self, client: httpx.AsyncClient) -> Callable[[], Awaitable[None]]:
        events = (await client.get("/v1/events")).raise_for_status().json()["events"]
        [concert] = [event["id"] for event in events if event["title"] == CONCERT.title]
        mine = (await client.get("/v1/me/reservations")).raise_for_status().json()["reservations"]
        held = [
            each["id"] for each in mine if each["eventId"] == concert and each["status"] == "ACTIVE"
        ]
        return _Holder(self, client, concert, held[0] if held else "").ask


class _Reader:
    """Looks at consumption, events and consents."""

    def __init__(self, traffic: Traffic, client: httpx.AsyncClient, customer: Customer) -> None:
        self._traffic = traffic
        self._client = client
        gsrn = customer.points[0].gsrn
        self._paths = (
            "/v1/me",
            "/v1/meteringPoints",
            f"/v1/meteringPoints/{gsrn}/usage?resolution=DAY&from=2026-05-01&to=2026-06-01",
            "/v1/events",
            "/v1/me/consents",
        )

    async def ask(self) -> None:
        for path in self._paths:
            await self._traffic.send(self._client, "GET", path)
            await asyncio.sleep(PAUSE_SECONDS)


class _Holder:
    """Reserves a ticket and gives it back; knows from each answer what must be true next."""

    def __init__(self, traffic: Traffic, client: httpx.AsyncClient, event: str, held: str) -> None:
        self._traffic = traffic
        self._client = client
        self._event = event
        self._held = held

    async def ask(self) -> None:
        if self._held:
            path = f"/v1/reservations/{self._held}:release"
            if await self._traffic.send(self._client, "POST", path, {}) is not None:
                self._held = ""
        else:
            path = f"/v1/events/{self._event}/reservations"
            made = await self._traffic.send(self._client, "POST", path, {"quantity": 1})
            self._held = "" if made is None else made["id"]
        await asyncio.sleep(PAUSE_SECONDS)


class _Comer:
    """Logs in again and again, from a device that the account knows."""

    def __init__(
        self, traffic: Traffic, client: httpx.AsyncClient, customer: Customer, device: str
    ) -> None:
        self._traffic = traffic
        self._client = client
        self._login = {"email": customer.email, "password": PASSWORD, "deviceToken": device}

    async def ask(self) -> None:
        await self._traffic.send(self._client, "POST", "/v1/sessions", self._login)
        await asyncio.sleep(LOGIN_PAUSE_SECONDS)


async def _again(ask: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        await ask()


def summary(losses: Sequence[Loss]) -> Counter[str]:
    """Counts losses by request and outcome."""
    return Counter(f"{loss.what.split('/')[0]} {loss.outcome[:60]}" for loss in losses)
