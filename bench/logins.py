"""How many logins a second there are, beside bare argon2, and whether others wait for them.

    .venv/bin/python -m bench.logins

The whole suite as it runs in production, on loopback: clients log in over HTTP from devices that
their accounts know, while another one asks who it is, over and over. Bare argon2 verifies the same
hash at the same cost in as many threads as the service has, with nothing around it. Every login
also writes a session and its tokens to a disk that is waited for.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import argon2
import httpx
import uvloop

from bench.measure import ROUNDS, Ask, Load, load, median_load, table
from bench.suite import running
from cli.demo.people import CUSTOMERS, PASSWORD
from services.identity.config import Settings
from services.identity.hashing import Cost

CLIENTS_OF_A_CUSTOMER = 4
SECONDS = 3.0
TODAY = datetime(2026, 11, 1, tzinfo=UTC).date()
_TIMEOUT = 10.0
_MOST = 100_000


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
        argon2_per_second: How many hashes bare argon2 verifies.
        logins: How logins went.
        alone: How another's requests went while nobody logged in.
        beside: How they went beside the logins.
    """

    argon2_per_second: float
    logins: Load
    alone: Load
    beside: Load


async def measure() -> Result:
    """Measures all in turns, and returns the medians of the rounds."""
    with running(TODAY) as suite:
        url = f"http://localhost:{suite.gateway}"
        async with _log_ins(url) as log_ins, httpx.AsyncClient(trust_env=False) as http:
            headers = {"authorization": f"Bearer {suite.access_token}"}

            async def ask() -> None:
                (await http.get(f"{url}/v1/me", headers=headers)).raise_for_status()

            hashes = list[float]()
            logins, alone, beside = list[Load](), list[Load](), list[Load]()
            for _ in range(ROUNDS):
                hashes.append(await asyncio.to_thread(_hashes_per_second))
                alone.append(await load([ask], SECONDS, _MOST))
                both = load(log_ins, SECONDS, _MOST), load([ask], SECONDS, _MOST)
                logged_in, asked = await asyncio.gather(*both)
                logins.append(logged_in)
                beside.append(asked)
    hashes.sort()
    return Result(hashes[ROUNDS // 2], median_load(logins), median_load(alone), median_load(beside))


def report(result: Result) -> str:
    """Returns the result as Markdown."""
    ratio = result.logins.per_second / result.argon2_per_second
    clients = CLIENTS_OF_A_CUSTOMER * len(CUSTOMERS)
    rows = (
        ("bare argon2, 2 threads", f"{result.argon2_per_second:.0f}", "", ""),
        (f"logins, {clients} clients", *_figures(result.logins)),
        ("another's GET /v1/me, alone", *_figures(result.alone)),
        ("another's GET /v1/me, beside the logins", *_figures(result.beside)),
    )
    return (
        table(("", "a second", "p50 ms", "p99 ms"), rows) + f"\n\nlogins / bare argon2: {ratio:.2f}"
    )


def _figures(one: Load) -> Sequence[str]:
    return f"{one.per_second:.0f}", f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}"


@asynccontextmanager
async def _log_ins(url: str) -> AsyncGenerator[Sequence[Ask]]:
    """Returns clients that log in, each over and over on a connection of its own."""
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, trust_env=False) as http:

        def log_in(email: str, device_token: str) -> Ask:
            body = {"email": email, "password": PASSWORD, "deviceToken": device_token}

            async def ask() -> None:
                (await http.post("/v1/sessions", json=body)).raise_for_status()

            return ask

        clients = list[Ask]()
        for customer in CUSTOMERS:
            first = await http.post(
                "/v1/sessions", json={"email": customer.email, "password": PASSWORD}
            )
            token = first.raise_for_status().json()["deviceToken"]
            clients += [log_in(customer.email, token)] * CLIENTS_OF_A_CUSTOMER
        yield clients


def _hashes_per_second() -> float:
    cost = Cost()
    hasher = argon2.PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )
    encoded = hasher.hash(PASSWORD)
    threads: int = Settings.model_fields["hashing_threads"].default

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < deadline:
            hasher.verify(encoded, PASSWORD)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        deadline = time.perf_counter() + SECONDS
        return sum(pool.map(work, range(threads))) / SECONDS


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
