"""Consent beside identity: it learns how customers are reached, and keeps no address."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from kit.database import Database
from kit.ids import SystemIds
from kit.local.processes import free_port
from kit.outbox import Outbox
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.consent.v1 import permissions_pb2 as pb
from kundeapp.identity.v1.identity_service_pb2 import ChangeMyAccountRequest
from services.consent.config import Settings
from services.consent.domain.channels import Channel
from services.consent.domain.permission import Permission
from services.consent.handlers.contacts import LEASE
from services.identity.bootstrap import running
from services.identity.config import Settings as IdentitySettings
from tests.integration.consent.people import People
from tests.integration.consent.world import Consent, House, serving
from tests.integration.identity.conftest import MIGRATIONS
from tests.integration.identity.test_end_of_customers import erase
from tests.integration.identity.world import EMAIL, HEADER, PIN, Identity

ON_FILE = f"100000,Kari Nordmann,kari@fil.no,91234567,{PIN}\n"
ADDRESSES = ("kari@fil.no", "kari@example.no", "91234567")
MAIL, PHONE = Channel.EMAIL, Channel.PHONE


@dataclass
class Suite:
    """Identity, which may be down, and consent, which knows where it is.

    Attributes:
        settings: Identity's settings.
        neighbours: What they need around them.
        clock: Tells identity's time.
        consent: Consent.
        people: The use cases of consent, on the same database.
    """

    settings: IdentitySettings
    neighbours: Neighbours
    clock: FrozenClock
    consent: Consent
    people: People

    @asynccontextmanager
    async def identity(self) -> AsyncGenerator[Identity]:
        """Runs identity."""
        ids = SystemIds()
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(running(self.settings, self.clock, ids))
            channels = {
                workload: await stack.enter_async_context(
                    self.neighbours.channel(server.port, workload=workload)
                )
                for workload in ("gateway", "cli")
            }
            outbox = Outbox("identity", ids, self.clock)
            database = await stack.enter_async_context(
                Database.open(self.settings.database_url, outbox)
            )
            yield Identity(self.neighbours, self.settings, channels, database, self.clock, ids)

    async def customer(self) -> UUID:
        """Returns the customer, once consent has heard of one."""
        await self.consent.wait_for("SELECT FROM customer WHERE number IS NOT NULL")
        [row] = await self.consent.sql("SELECT id FROM customer")
        return row["id"]

    async def learned(self) -> None:
        """Waits until consent has asked identity for everybody."""
        await eventually(self._nobody_is_to_be_asked_for)

    async def _nobody_is_to_be_asked_for(self) -> bool:
        # Whom it has asked for in vain, it asks for again after a while.
        self.clock.advance(LEASE)
        return not await self.consent.sql("SELECT FROM customer WHERE ask_at IS NOT NULL")


@pytest.fixture
async def suite(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock, house: House, tmp_path: Path
) -> AsyncGenerator[Suite]:
    port = free_port()
    identity = neighbours.settings(
        IdentitySettings,
        await neighbours.database(MIGRATIONS),
        workload="identity",
        listen=f"localhost:{port}",
        signing_keys=neighbours.pki.access_signing_keys,
        secret_keys=neighbours.pki.identity_secret_keys,
        mailbox=tmp_path,
        public_url="https://kundeapp.example.no",
    )
    knowing = settings.model_copy(update={"identity": f"localhost:{port}"})
    async with serving(neighbours, knowing, clock) as consent:
        people = People(house)
        await people.offer()
        yield Suite(identity, neighbours, clock, consent, people)


async def test_what_is_on_file_is_not_confirmed_and_what_an_account_has_is(suite: Suite) -> None:
    async with suite.identity() as identity:
        await identity.import_customers(HEADER + ON_FILE)
        kari = await suite.customer()
        await suite.people.give(kari, *Channel)
        await suite.learned()
        assert await suite.people.permission(kari, MAIL) is Permission.NOT_CONFIRMED
        assert await suite.people.permission(kari, Channel.PUSH) is Permission.NO_ADDRESS

        await identity.register("100000")

        async def is_allowed() -> bool:
            await suite.learned()
            return await suite.people.permission(kari, MAIL) is Permission.ALLOWED

        await eventually(is_allowed)
        assert await suite.people.permission(kari, Channel.PUSH) is Permission.ALLOWED
        assert await suite.people.permission(kari, PHONE) is Permission.NOT_CONFIRMED
        [row] = await suite.consent.sql("SELECT language FROM customer")
        assert row["language"] == "nn"


async def test_a_new_language_of_an_account_is_learned(suite: Suite) -> None:
    async with suite.identity() as identity:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.register("100000")
        await suite.customer()
        await suite.consent.wait_for("SELECT FROM customer WHERE language = 'nn'")

        request = ChangeMyAccountRequest(language="en")
        await identity.call("ChangeMyAccount", request, session=await identity.log_in())

        async def is_learned() -> bool:
            await suite.learned()
            return bool(await suite.consent.sql("SELECT FROM customer WHERE language = 'en'"))

        await eventually(is_learned)


async def test_while_identity_is_down_customers_wait_to_be_asked_for(suite: Suite) -> None:
    async with suite.identity() as identity:
        await identity.import_customers(HEADER + ON_FILE)
        kari = await suite.customer()
        await suite.learned()
    await suite.people.give(kari, MAIL)
    await suite.people.tell(kari)
    assert await suite.people.permission(kari, MAIL) is Permission.NOT_CONFIRMED
    assert await suite.consent.sql("SELECT FROM customer WHERE ask_at IS NOT NULL")
    async with suite.identity():
        await suite.learned()
    assert await suite.consent.sql("SELECT FROM customer WHERE email_hash IS NOT NULL")


async def test_consents_database_holds_no_address_and_identitys_does(suite: Suite) -> None:
    async with suite.identity() as identity:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.register("100000")
        kari = await suite.customer()
        await suite.people.give(kari, *Channel)
        await suite.learned()
        for address in ADDRESSES:
            await suite.consent.stub.AddSuppressions(
                pb.AddSuppressionsRequest(
                    request_id=f"key-{address}-{kari}",
                    addresses=[address],
                    reason=pb.Suppression.MANUAL,
                ),
                metadata=suite.consent.staff(),
            )
        await suite.consent.stub.RemoveSuppression(
            pb.RemoveSuppressionRequest(
                request_id=f"key-{kari}",
                address=EMAIL,
                reason=pb.Suppression.MANUAL,
                why="Kunden ringde.",
            ),
            metadata=suite.consent.staff(),
        )

    ours = await dump(suite.consent.settings.database_url)
    theirs = await dump(suite.settings.database_url)

    assert str(kari) in ours
    for address in ADDRESSES:
        for written in (address, address.encode().hex()):
            assert written not in ours
        assert address in theirs


async def test_who_is_erased_and_imported_again_is_another_customer_and_still_suppressed(
    suite: Suite,
) -> None:
    async with suite.identity() as identity:
        await identity.import_customers(HEADER + ON_FILE)
        kari = await suite.customer()
        await suite.consent.stub.AddSuppressions(
            pb.AddSuppressionsRequest(
                addresses=["kari@example.no"], reason=pb.Suppression.COMPLAINT
            ),
            metadata=suite.consent.staff(),
        )
        await erase(identity, "100000")
        await suite.consent.wait_for("SELECT FROM customer WHERE status = 'ERASED'")

        await identity.import_customers(HEADER + ON_FILE)
        await identity.register("100000")
        await suite.consent.wait_for("SELECT FROM customer WHERE number = '100000'")
        [row] = await suite.consent.sql("SELECT id FROM customer WHERE number = '100000'")
        again: UUID = row["id"]
        await suite.people.give(again, MAIL)

        async def is_suppressed() -> bool:
            await suite.learned()
            return await suite.people.permission(again, MAIL) is Permission.SUPPRESSED

        await eventually(is_suppressed)
    assert again != kari
    assert await suite.people.permission(kari, MAIL) is Permission.NOT_A_CUSTOMER


async def dump(url: str) -> str:
    """Returns every row of every table of a database, as text; bytes are hexadecimal."""
    connection = await asyncpg.connect(url)
    try:
        tables: Sequence[asyncpg.Record] = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        assert tables
        rows = [
            row["text"]
            for [table] in tables
            for row in await connection.fetch(f'SELECT t::text AS text FROM "{table}" AS t')  # noqa: S608
        ]
    finally:
        await connection.close()
    return "\n".join(rows)
