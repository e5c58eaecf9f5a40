"""How long it takes from a release to the offer on the next customer's live stream.

    .venv/bin/python -m bench.offers

The whole suite as it runs in production, on loopback: a customer releases the only ticket over
HTTP, and the next in line, who watches `GET /v1/me/stream`, is told of the offer. From sending the
request to reading the event. In between lie the gateway, the service's transaction on a disk that
is waited for, its outbox and relay, JetStream, and the gateway's stream.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import uvloop
from pyotp.totp import TOTP

from bench.measure import table
from bench.suite import running
from cli.demo.people import CUSTOMERS, EVENT_STAFF, PASSWORD
from cli.demo.staff_codes import StaffCodes

TURNS = 400
WARM_UP = 20
TODAY = datetime(2026, 11, 1, tzinfo=UTC).date()
_TIMEOUT = 10.0


@dataclass
class Person:
    """A customer at the API, who watches the live stream.

    Attributes:
        http: The API, on the person's behalf.
        told: The events that came on the stream, each with the moment at which it was read.
    """

    http: httpx.AsyncClient
    told: asyncio.Queue[tuple[str, float]]

    async def post(self, path: str, **body: object) -> Any:
        """Sends a request, and returns its answer."""
        response = await self.http.post(path, json=body)
        response.raise_for_status()
        return response.json()

    async def until(self, name: str) -> float:
        """Returns when an event was read."""
        async with asyncio.timeout(_TIMEOUT):
            while True:
                found, moment = await self.told.get()
                if found == name:
                    return moment


async def measure() -> list[float]:
    """Lets a ticket change hands; returns the seconds that each offer took."""
    with running(TODAY) as suite:
        url = f"http://localhost:{suite.gateway}"
        async with (
            _person(url, CUSTOMERS[0].email) as one,
            _person(url, CUSTOMERS[1].email) as other,
        ):
            event_id = await _event(url, suite.codes)
            held = await one.post(f"/v1/events/{event_id}/reservations", quantity=1)
            holder, next_one = one, other
            taken: list[float] = []
            for _ in range(WARM_UP + TURNS):
                entry = await next_one.post(f"/v1/events/{event_id}/waitlistEntries", wanted=1)
                began = time.perf_counter()
                releasing = asyncio.create_task(
                    holder.post(f"/v1/reservations/{held['id']}:release")
                )
                taken.append(await next_one.until("offer.made") - began)
                await releasing
                accepted = await next_one.post(f"/v1/waitlistEntries/{entry['id']}:accept")
                held = accepted["reservation"]
                holder, next_one = next_one, holder
    return taken[WARM_UP:]


@asynccontextmanager
async def _person(url: str, email: str) -> AsyncGenerator[Person]:
    async with _logged_in(url, email) as http:
        person = Person(http, asyncio.Queue())
        watching = asyncio.create_task(_watch(person))
        await person.until("ready")
        try:
            yield person
        finally:
            watching.cancel()
            await asyncio.wait({watching})


@asynccontextmanager
async def _logged_in(url: str, email: str, code: str = "") -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, trust_env=False) as http:
        login = {"email": email, "password": PASSWORD, "secondFactor": code}
        answer = await http.post("/v1/sessions", json=login)
        answer.raise_for_status()
        http.headers["authorization"] = f"Bearer {answer.json()['accessToken']}"
        yield http


async def _watch(person: Person) -> None:
    async with person.http.stream("GET", "/v1/me/stream", timeout=None) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                person.told.put_nowait((line.removeprefix("event: "), time.perf_counter()))


async def _event(url: str, codes: StaffCodes) -> str:
    code = TOTP(codes.secrets[EVENT_STAFF.email]).now()
    async with _logged_in(url, EVENT_STAFF.email, code) as http:
        event: dict[str, object] = {
            "title": "Haustkonsert",
            "venue": "Ørsta kulturhus",
            "startsAt": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
            "capacity": 1,
        }
        made = orjson.loads((await http.post("/v1/events", json=event)).content)
        await http.post(f"/v1/events/{made['id']}:publish", json={})
        event_id: str = made["id"]
        return event_id


def report(taken: list[float]) -> str:
    """Returns the figures as a table."""
    percentiles = statistics.quantiles(taken, n=100, method="inclusive")
    figures = (("p50", percentiles[49]), ("p99", percentiles[98]), ("most", max(taken)))
    return table(("", "ms"), [(name, f"{seconds * 1000:.1f}") for name, seconds in figures])


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
