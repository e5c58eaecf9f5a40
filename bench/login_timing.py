"""Does the time of a refusal tell who is a customer?

    .venv/bin/python bench/login_timing.py [samples]

The last result stands in bench/results/login_timing.txt.

Asks identity, over gRPC with certificates and on a PostgreSQL that waits for the disk, in a
shuffled order: logins with a wrong password, registrations with a wrong PIN, and requests for a
code for a lost customer number and for a forgotten password, each for somebody who is known and for
somebody who is not. Its clock leaps by a day from one to the next, so that none is throttled. Says
how the times are distributed, and how often an observer who sees one time of each kind finds the
known one to be the longer: 0.5 is a coin. The interval is where that figure lies in 99 of 100 runs
if there is no difference (Mann-Whitney).
"""

import asyncio
import math
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import numpy as np
import numpy.typing as npt

import services.identity
from cli.demo.codes import code_for
from kit import telemetry
from kit.access import Caller
from kit.clock import SystemClock
from kit.ids import SystemIds
from kit.local.nats import LocalNats
from kit.local.pki import LocalPki
from kit.local.postgres import LocalPostgres
from kit.testing import Neighbours
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from services.identity.bootstrap import running
from services.identity.config import Settings

if TYPE_CHECKING:
    from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub

MIGRATIONS = Path(services.identity.__file__).parent / "migrations"
FIRST_NUMBER = 100_000
UNKNOWN_NUMBER = 900_000
KNOWN_EMAIL = "kari@example.no"
UNKNOWN_EMAIL = "nemo@example.no"
RIGHT = "fire tilfeldige ord"
WRONG = "fire heilt andre ord"
PIN = "12345678"
WRONG_PIN = "00000000"
Z_99 = 2.576

Ask = Callable[[int], Awaitable[object]]
Milliseconds = npt.NDArray[np.float64]


class LeapingClock:
    """A clock that stands still, but for its leaps."""

    def __init__(self) -> None:
        self._now = SystemClock().now()

    def now(self) -> datetime:
        """Returns the moment that it stands at."""
        return self._now

    def leap(self) -> None:
        """Goes on by a day."""
        self._now += timedelta(days=1)


@dataclass(frozen=True)
class House:
    """Identity, and what it takes to ask it.

    Attributes:
        mailbox: Where its letters go.
    """

    identity: "IdentityServiceAsyncStub"
    neighbours: Neighbours
    clock: LeapingClock
    mailbox: Path


def main(samples: int) -> None:
    """Measures both pairs, and prints what it found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        pki = LocalPki(folder / "pki")
        pki.prepare()
        nats = LocalNats(folder / "nats", identity=pki.identity("nats"))
        with LocalPostgres(folder / "postgres") as postgres, nats:
            asyncio.run(_measure(Neighbours(pki, postgres, nats), samples))


async def _measure(neighbours: Neighbours, samples: int) -> None:
    mailbox = neighbours.pki.folder.parent / "mailbox"
    mailbox.mkdir()
    clock = LeapingClock()
    settings = neighbours.settings(
        Settings,
        await neighbours.database(MIGRATIONS),
        workload="identity",
        signing_keys=neighbours.pki.access_signing_keys,
        secret_keys=neighbours.pki.identity_secret_keys,
        log_level="error",
        mailbox=mailbox,
    )
    with telemetry.configure("identity", settings):
        async with running(settings, clock) as server, neighbours.channel(server.port) as channel:
            house = House(IdentityServiceStub(channel), neighbours, clock, mailbox)
            await _measure_service(house, samples)


async def _measure_service(house: House, samples: int) -> None:
    await _fill(house, samples)
    identity = house.identity

    async def log_in(email: str) -> object:
        request = pb.CreateSessionRequest(email=email, password=WRONG)
        return await identity.CreateSession(request)

    async def register(number: int) -> object:
        request = pb.RegisterAccountRequest(
            customer_number=str(number),
            pin=WRONG_PIN,
            email="ola@example.no",
            password=RIGHT,
        )
        return await identity.RegisterAccount(request)

    async def recover(contact: str) -> object:
        return await identity.RecoverCustomer(pb.RecoverCustomerRequest(contact=contact))

    async def forget(email: str) -> object:
        return await identity.ForgetPassword(pb.ForgetPasswordRequest(email=email))

    for what, ask in (("login", log_in), ("lost number", recover), ("lost password", forget)):
        times = await _times(
            house.clock,
            lambda _, ask=ask: ask(KNOWN_EMAIL),
            lambda _, ask=ask: ask(UNKNOWN_EMAIL),
            samples,
        )
        _report(what, *times)
    # The first customer has an account; each is guessed at once, as ten tries burn a PIN.
    _report(
        "registration",
        *await _times(
            house.clock,
            lambda at: register(FIRST_NUMBER + 1 + at),
            lambda at: register(UNKNOWN_NUMBER + at),
            samples,
        ),
    )


async def _fill(house: House, samples: int) -> None:
    lines = (
        f"{FIRST_NUMBER + at},Kunde {at},{'' if at else KNOWN_EMAIL},,{PIN}\n"
        for at in range(samples + 1)
    )
    data = ("customer_number,name,email,mobile,pin\n" + "".join(lines)).encode()
    now = house.clock.now()
    operator = Caller(
        account_id=SystemIds().new_id(),
        session_id=SystemIds().new_id(),
        roles=frozenset({"OPERATOR"}),
        authenticated_at=now,
        methods=("pwd", "otp", "mfa"),
    )
    requests = [pb.ImportCustomersRequest(data=data)]
    metadata = house.neighbours.metadata(operator, now=now)
    await house.identity.ImportCustomers(iter(requests), metadata=metadata)
    asked = await house.identity.RegisterAccount(
        pb.RegisterAccountRequest(
            customer_number=str(FIRST_NUMBER), pin=PIN, email=KNOWN_EMAIL, password=RIGHT
        )
    )
    code = await asyncio.to_thread(code_for, house.mailbox, KNOWN_EMAIL, after="")
    await house.identity.ConfirmRegistration(
        pb.ConfirmRegistrationRequest(verification_id=asked.id, code=code)
    )


async def _times(
    clock: LeapingClock, known: Ask, unknown: Ask, samples: int
) -> tuple[Milliseconds, Milliseconds]:
    asked = [(ask, at) for ask in (known, unknown) for at in range(samples)]
    random.Random(1).shuffle(asked)  # noqa: S311 - only an order
    times: dict[Ask, list[float]] = {known: [], unknown: []}
    for ask, at in asked:
        clock.leap()
        started = time.perf_counter()
        try:
            await ask(at)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
        times[ask].append((time.perf_counter() - started) * 1000)
    return np.array(times[known]), np.array(times[unknown])


def _report(what: str, known: Milliseconds, unknown: Milliseconds) -> None:
    for kind, times in (("known", known), ("unknown", unknown)):
        p5, p50, p95 = np.percentile(times, (5, 50, 95))
        print(f"{what:14} {kind:8} n={len(times)}  p5 {p5:.2f}  p50 {p50:.2f}  p95 {p95:.2f} ms")
    longer = float(np.mean(np.searchsorted(np.sort(unknown), known) / len(unknown)))
    sizes = len(known) + len(unknown) + 1
    half = Z_99 * math.sqrt(sizes / (12 * len(known) * len(unknown)))
    verdict = "no difference to see" if abs(longer - 0.5) <= half else "A DIFFERENCE"
    print(
        f"{what:14} the known one is longer in {longer:.3f} of pairs; "
        f"a coin gives {0.5 - half:.3f} to {0.5 + half:.3f}: {verdict}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
