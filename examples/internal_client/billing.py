"""Another service of the company that uses the suite: it bills hours anew that were corrected.

    billing.py phone                  # a call that any workload may make
    billing.py permissions CUSTOMER   # a call that only workloads in its rule may make
    billing.py corrections FILE       # events, noted in an SQLite file until SIGTERM

Its certificate names the workload `billing`. It needs the suite's stubs, and nothing else of the
suite's code: docs/internal-clients.md says how it gets both, and what it may call.
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import os
import signal
import sqlite3
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc
import nats
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from kundeapp.consent.v1 import consents_pb2, permissions_pb2
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from kundeapp.consent.v1.customer_service_pb2 import GetCustomerServiceRequest
from kundeapp.metering.v1.metering_events_pb2 import ReadingsCorrected

STREAM = "KUNDEAPP"
DURABLE = "billing-corrections"
SUBJECT = "kundeapp.metering.point.*.corrected"
DEADLINE_SECONDS = 5.0
FETCH_SECONDS = 5.0
BATCH = 100

_CREATE = """
    CREATE TABLE IF NOT EXISTS to_bill_anew (
        event_id TEXT PRIMARY KEY,
        gsrn TEXT NOT NULL,
        from_time TEXT NOT NULL,
        to_time TEXT NOT NULL
    )
"""


@dataclass(frozen=True)
class Settings:
    """Where the suite is, and who we are to it.

    Attributes:
        certificate: Our certificate, which names our workload, PEM.
        key: Its private key, PEM.
        authority: The certificate of the authority that signs every workload's, PEM.
        consent: Where the gRPC of consent is, `dns:///consent:8083`.
        nats_url: Where the bus is, `tls://nats:4222`.
    """

    certificate: Path
    key: Path
    authority: Path
    consent: str
    nats_url: str

    @classmethod
    def read(cls) -> Self:
        """Reads them from the environment."""
        return cls(
            *(Path(os.environ[f"BILLING_{name}"]) for name in ("CERTIFICATE", "KEY", "AUTHORITY")),
            consent=os.environ["BILLING_CONSENT"],
            nats_url=os.environ["BILLING_NATS_URL"],
        )

    def channel(self, target: str) -> grpc.aio.Channel:
        """Opens a channel on which both sides show a certificate."""
        credentials = grpc.ssl_channel_credentials(
            self.authority.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes()
        )
        return grpc.aio.secure_channel(target, credentials)

    def tls(self) -> ssl.SSLContext:
        """Returns the same for the bus."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        return context


async def phone(settings: Settings) -> str:
    """Asks consent for the number to print on bills."""
    async with settings.channel(settings.consent) as channel:
        answer = await ConsentServiceStub(channel).GetCustomerService(
            GetCustomerServiceRequest(), timeout=DEADLINE_SECONDS
        )
    return answer.lines[0].phones[0].shown


async def permissions(settings: Settings, customer_id: str) -> str:
    """Asks consent whether a customer may be told of Kraftklubben by mail."""
    request = permissions_pb2.BatchCheckPermissionsRequest(
        purpose="kraftklubben", channels=[consents_pb2.EMAIL], customer_ids=[customer_id]
    )
    async with settings.channel(settings.consent) as channel:
        answer = await ConsentServiceStub(channel).BatchCheckPermissions(
            request, timeout=DEADLINE_SECONDS
        )
    return str(answer.permissions[0].permission)


async def corrections(settings: Settings, file: Path) -> None:
    """Notes which hours are to be billed anew, once for each event, until it is cancelled.

    The note is committed before the event is acknowledged: a process that ends in between is handed
    the event again, and the primary key makes that harmless.
    """
    notes = sqlite3.connect(file)
    notes.execute(_CREATE)
    client = await nats.connect(settings.nats_url, tls=settings.tls(), max_reconnect_attempts=-1)
    try:
        stream = client.jetstream()
        config = ConsumerConfig(
            durable_name=DURABLE, filter_subject=SUBJECT, ack_policy=AckPolicy.EXPLICIT
        )
        await stream.add_consumer(STREAM, config)
        subscription = await stream.pull_subscribe_bind(DURABLE, STREAM)
        while True:
            try:
                messages = await subscription.fetch(BATCH, timeout=FETCH_SECONDS)
            except TimeoutError:
                continue
            for message in messages:
                print("noted" if note(notes, message) else "known", flush=True)
                await message.ack()
    finally:
        await client.close()
        notes.close()


def note(notes: sqlite3.Connection, message: Msg) -> bool:
    """Notes an event; returns whether it was new."""
    event = ReadingsCorrected.FromString(message.data)
    row = (
        (message.headers or {})["ce-id"],
        event.gsrn,
        event.from_time.ToJsonString(),
        event.to_time.ToJsonString(),
    )
    with notes:
        done = notes.execute("INSERT OR IGNORE INTO to_bill_anew VALUES (?, ?, ?, ?)", row)
    return done.rowcount == 1


async def main(command: str, *arguments: str) -> None:
    """Does what the arguments say."""
    settings = Settings.read()
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        match command, arguments:
            case "phone", []:
                print(await phone(settings))
            case "permissions", [customer_id]:
                print(await permissions(settings, customer_id))
            case "corrections", [file]:
                await corrections(settings, Path(file))
            case _:
                sys.exit(__doc__)
    except grpc.aio.AioRpcError as error:
        sys.exit(f"Consent has refused: {error.code().name}, {error.details()}")
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
