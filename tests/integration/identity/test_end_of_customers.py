"""A customer moves, dies or is erased, and an account is deleted: what ends, and what does not."""

import asyncio
from datetime import timedelta
from uuid import UUID

from kit.testing import eventually
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.sessions import Session
from services.identity.storage import PostgresStore
from tests.integration.identity.test_care import STATUS, WHY, issue_pin, look_up, staff
from tests.integration.identity.world import EMAIL, HEADER, PIN, Identity, Silence, refused

MOVED, DECEASED, ACTIVE = "MOVED", "DECEASED", "ACTIVE"


async def import_as(identity: Identity, status: str, number: str = "100000") -> None:
    """Imports a customer with a status."""
    await identity.import_customers(
        STATUS + f"{number},Kari Nordmann,kari@fil.no,91234567,,{status}\n"
    )


async def erase(identity: Identity, number: str = "100000", key: str = "") -> str:
    """Erases a customer, and returns the id that is left."""
    operator = await staff(identity, "OPERATOR")
    request = pb.EraseCustomerRequest(request_id=key, customer_number=number, reason=WHY)
    answer = await identity.call("EraseCustomer", request, session=operator)
    return answer.customer_id


async def closed(identity: Identity) -> list[str]:
    return [event.account_id for event in await identity.events("AccountClosed")]


async def two_customers_with_one_account(identity: Identity) -> pb.Account:
    account = await identity.register("100000")
    await identity.customer("100001")
    await identity.execute(
        "UPDATE customer SET account_id = $1 WHERE number = '100001'", UUID(account.id)
    )
    return account


class TestAMovedCustomer:
    async def test_logs_in_and_is_told_of_as_moved(self, identity: Identity) -> None:
        await identity.customer("100000")
        await identity.register("100000")

        await import_as(identity, MOVED)

        me = await identity.me(await identity.log_in())
        assert [customer.status for customer in me.customers] == [pb.Customer.MOVED]
        [event] = await identity.events("CustomerChanged")
        assert event.status == pb.Customer.MOVED
        assert await closed(identity) == []

    async def test_may_register_still(self, identity: Identity) -> None:
        await identity.import_customers(STATUS + f"100000,Kari,,,{PIN},MOVED\n")
        await identity.register("100000")

    async def test_stays_moved_when_a_file_does_not_tell(self, identity: Identity) -> None:
        await import_as(identity, MOVED)
        report = await identity.import_customers(
            HEADER + "100000,Kari Nordmann,kari@fil.no,91234567,\n"
        )
        assert (report.changed, report.unchanged) == (0, 1)
        [row] = await identity.fetch("SELECT status FROM customer")
        assert row["status"] == MOVED


class TestADeceasedCustomer:
    async def test_has_no_pin_and_no_contact_and_cannot_be_registered(
        self, identity: Identity
    ) -> None:
        await identity.customer("100000")

        await import_as(identity, DECEASED)

        [row] = await identity.fetch("SELECT name, email, mobile, pin_hash FROM customer")
        assert tuple(row) == ("Kari Nordmann", "", "", None)
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100000")
        [event] = await identity.events("CustomerChanged")
        assert event.status == pb.Customer.DECEASED

    async def test_loses_an_account_that_stands_for_nobody_else(self, identity: Identity) -> None:
        await identity.customer("100000")
        account = await identity.register("100000")
        session = await identity.log_in()

        await import_as(identity, DECEASED)

        assert await closed(identity) == [account.id]
        assert [each.session_id for each in await identity.events("SessionEnded")] == [session.id]
        with refused("SESSION_ENDED"):
            await identity.refresh(session.refresh_token)
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in()
        assert await identity.fetch("SELECT FROM account") == []
        assert await identity.letters("account-deleted") == []

    async def test_leaves_an_account_that_stands_for_others_too(self, identity: Identity) -> None:
        await identity.customer("100000")
        await two_customers_with_one_account(identity)

        await import_as(identity, DECEASED)

        me = await identity.me(await identity.log_in())
        assert [customer.customer_number for customer in me.customers] == ["100001"]
        assert await closed(identity) == []

    async def test_is_reported_as_changed_once(self, identity: Identity) -> None:
        file = STATUS + "".join(f"10000{row},Kari,a@b.no,91234567,,DECEASED\n" for row in range(3))
        await identity.customer("100000")
        first, second = [await identity.import_customers(file) for _ in range(2)]
        assert (first.created, first.changed, first.unchanged) == (2, 1, 0)
        assert (second.created, second.changed, second.unchanged) == (0, 0, 3)
        assert list(first.new_pins) == []

    async def test_comes_back_when_it_was_a_mistake(self, identity: Identity) -> None:
        await identity.customer("100000")
        await import_as(identity, DECEASED)

        report = await identity.import_customers(STATUS + "100000,Kari,kari@fil.no,,,ACTIVE\n")

        [new] = report.new_pins
        await identity.register("100000", pin=new.pin)

    async def test_gets_no_account_with_a_code_that_is_on_its_way(self, identity: Identity) -> None:
        await identity.customer("100000")
        asked = await identity.begin_registration("100000")
        code = await identity.code("registration-code", to=EMAIL)

        await import_as(identity, DECEASED)

        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.confirm(asked, code)
        assert await identity.fetch("SELECT FROM account") == []

    async def test_is_found_by_nobody_who_writes_the_contact(self, identity: Identity) -> None:
        await import_as(identity, ACTIVE)
        request = pb.RecoverCustomerRequest(contact="kari@fil.no")
        await identity.call("RecoverCustomer", request)
        assert len(await identity.letters("customer-number-code")) == 1

        await import_as(identity, DECEASED)
        await identity.call("RecoverCustomer", request)

        assert len(await identity.letters("customer-number-code")) == 1


class TestAnErasedCustomer:
    async def test_is_a_bare_id_and_told_of(self, identity: Identity) -> None:
        await import_as(identity, ACTIVE)
        [created] = await identity.events("CustomerCreated")

        assert await erase(identity) == created.customer_id

        [row] = await identity.fetch("SELECT * FROM customer")
        assert (str(row["id"]), row["number"], row["pin_hash"]) == (created.customer_id, None, None)
        assert (row["name"], row["email"], row["mobile"]) == ("", "", "")
        [event] = await identity.events("CustomerErased")
        assert event.customer_id == created.customer_id
        [action] = await identity.fetch("SELECT * FROM staff_action")
        assert (str(action["customer_id"]), action["action"]) == (
            created.customer_id,
            "EraseCustomer",
        )
        assert list((await identity.customers([created.customer_id])).customers) == []

    async def test_loses_the_account_with_all_that_hangs_on_it(self, identity: Identity) -> None:
        await identity.customer("100000")
        account = await identity.register("100000")
        session = await identity.log_in()

        await erase(identity)

        assert await closed(identity) == [account.id]
        assert session.id in [each.session_id for each in await identity.events("SessionEnded")]
        for table in ("account", "device", "challenge", "email_change"):
            query = f"SELECT FROM {table} WHERE true"
            rows = await identity.fetch(query)
            assert len(rows) == (1 if table in {"account", "device"} else 0)  # the operator's
        with refused("SESSION_ENDED"):
            await identity.refresh(session.refresh_token)

    async def test_frees_a_number_that_makes_a_new_customer_when_it_is_imported_again(
        self, identity: Identity
    ) -> None:
        await identity.customer("100000")
        left = await erase(identity)

        report = await identity.import_customers(HEADER + "100000,Ola Nordmann,,,\n")

        assert (report.created, len(report.new_pins)) == (1, 1)
        new = (await identity.events("CustomerCreated"))[-1]
        assert new.customer_number == "100000"
        assert new.customer_id != left

    async def test_gets_no_account_with_a_code_that_is_on_its_way(self, identity: Identity) -> None:
        await identity.customer("100000")
        asked = await identity.begin_registration("100000")
        code = await identity.code("registration-code", to=EMAIL)

        await erase(identity)

        with refused("CODE_NO_LONGER_WORKS"):
            await identity.confirm(asked, code)
        [row] = await identity.fetch("SELECT account_id FROM customer")
        assert row["account_id"] is None
        assert await identity.fetch("SELECT FROM challenge") == []

    async def test_is_erased_once(self, identity: Identity) -> None:
        await identity.customer("100000")
        first = await erase(identity, key="key")
        assert await erase(identity, key="key") == first
        with refused("INVALID_FIELDS") as refusal:
            await erase(identity, key="another")
        assert refusal.fields == [("customer_number", "UNKNOWN_CUSTOMER_NUMBER")]
        assert len(await identity.events("CustomerErased")) == 1

    async def test_is_not_brought_back_by_an_import_that_is_under_way(
        self, identity: Identity
    ) -> None:
        """The import has read the customer when the erasure commits, and writes after it."""
        await import_as(identity, ACTIVE)
        [row] = await identity.fetch("SELECT id FROM customer")
        async with identity.database.transaction() as importing:
            store = PostgresStore(importing, Silence())
            known = await store.customers_by_number(["100000"])
            await erase(identity)
            await store.change_customers(list(known.values()))
        [after] = await identity.fetch("SELECT name, email FROM customer WHERE id = $1", row["id"])
        assert tuple(after) == ("", "")


class TestAnAccountThatItsOwnerDeletes:
    async def delete(self, identity: Identity, session: pb.Session) -> None:
        await identity.call("DeleteMyAccount", pb.DeleteMyAccountRequest(), session=session)

    async def test_is_gone_and_the_owner_is_told(self, identity: Identity) -> None:
        await identity.customer("100000")
        account = await identity.register("100000")
        phone, here = await identity.log_in(), await identity.log_in()

        await self.delete(identity, here)

        assert await closed(identity) == [account.id]
        ended = [each.session_id for each in await identity.events("SessionEnded")]
        assert sorted(ended) == sorted([phone.id, here.id])
        with refused("SESSION_ENDED"):
            await identity.refresh(phone.refresh_token)
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in()
        [letter] = await identity.letters("account-deleted")
        assert letter["To"] == EMAIL
        assert EMAIL not in str(await identity.fetch("SELECT * FROM account"))

    async def test_leaves_the_customers_who_may_register_again(self, identity: Identity) -> None:
        await identity.customer("100000")
        await two_customers_with_one_account(identity)
        await self.delete(identity, await identity.log_in())

        account = await identity.register("100001")

        assert [each.customer_number for each in account.customers] == ["100001"]
        assert await identity.events("CustomerErased") == []

    async def test_is_told_to_the_gateway_that_asks_which_sessions_ended(
        self, identity: Identity
    ) -> None:
        await identity.customer("100000")
        await identity.register("100000")
        session = await identity.log_in()
        before = identity.clock.now()
        identity.clock.advance(timedelta(seconds=1))
        await self.delete(identity, session)

        request = pb.ListEndedSessionsRequest()
        request.after.FromDatetime(before)
        answer = await identity.call("ListEndedSessions", request)

        assert [each.session_id for each in answer.sessions] == [session.id]

    async def test_needs_a_recent_login(self, identity: Identity) -> None:
        await identity.customer("100000")
        await identity.register("100000")
        session = await identity.log_in()
        identity.clock.advance(timedelta(minutes=11))
        with refused("REAUTHENTICATION_NEEDED"):
            await self.delete(identity, session)
        await identity.log_in()

    async def test_is_no_account_of_staff(self, identity: Identity) -> None:
        kim = await staff(identity, "CUSTOMER_SERVICE")
        with refused("STAFF_ACCOUNT"):
            await self.delete(identity, kim)

    async def test_leaves_what_staff_have_written_down(self, identity: Identity) -> None:
        await identity.customer("100000")
        await identity.register("100000")
        await look_up(identity, await staff(identity, "CUSTOMER_SERVICE"), "100000")
        before = await identity.fetch("SELECT * FROM staff_action")
        await self.delete(identity, await identity.log_in())
        assert await identity.fetch("SELECT * FROM staff_action") == before


async def test_a_login_at_the_moment_of_deletion_leaves_no_session_behind(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    account = await identity.register("100000")
    session = await identity.log_in()
    late = Session(
        id=identity.ids.new_id(),
        account_id=UUID(account.id),
        authenticated_at=identity.clock.now(),
        methods=("pwd",),
        expires_at=identity.clock.now() + timedelta(days=1),
    )
    async with identity.database.transaction() as logging_in:
        store = PostgresStore(logging_in, Silence())
        credentials = await store.credentials(EMAIL)
        assert credentials is not None
        assert await store.hold_credentials(credentials)
        await store.add_session(late, "", identity.clock.now())
        request = pb.DeleteMyAccountRequest()
        deleting = asyncio.ensure_future(identity.call("DeleteMyAccount", request, session=session))
        await eventually(
            lambda: identity.fetch(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )
        )
    await deleting

    assert await identity.fetch("SELECT FROM account") == []
    assert await identity.fetch("SELECT FROM session WHERE ended_at IS NULL") == []


async def test_a_pin_that_is_issued_while_the_customer_is_erased_is_nobodys(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    kim = await staff(identity, "CUSTOMER_SERVICE")
    await asyncio.gather(
        erase(identity), issue_pin(identity, kim, "100000"), return_exceptions=True
    )
    [row] = await identity.fetch("SELECT pin_hash, name FROM customer")
    assert tuple(row) == (None, "")
