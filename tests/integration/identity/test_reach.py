"""How customers and staff are reached, and who is told when that changes."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1.identity_events_pb2 import CustomerContactChanged
from tests.integration.identity.test_care import STATUS
from tests.integration.identity.test_contact import NEW_EMAIL, link, moved, undo
from tests.integration.identity.test_end_of_customers import erase, import_as
from tests.integration.identity.world import (
    EMAIL,
    HEADER,
    PIN,
    Identity,
    customers_file,
    refused,
)

ON_FILE = f"100000,Kari Nordmann,kari@fil.no,91234567,{PIN}\n"
MOBILE = "+4790000001"


async def ids(identity: Identity) -> Mapping[str, str]:
    """Returns the ids of the customers in the register, by their numbers."""
    rows = await identity.fetch("SELECT number, id::text FROM customer WHERE number IS NOT NULL")
    return {row["number"]: row["id"] for row in rows}


async def confirm_mobile(identity: Identity, session: pb.Session, mobile: str) -> pb.Account:
    asked = await identity.call(
        "ChangeMobile", pb.ChangeMobileRequest(mobile=mobile), session=session
    )
    code = await identity.code("mobile-code", to=mobile)
    request = pb.ConfirmMobileRequest(verification_id=asked.id, code=code)
    return await identity.call("ConfirmMobile", request, session=session)


async def reached(identity: Identity, number: str = "100000") -> pb.CustomerContacts:
    """Returns how a customer is reached."""
    known = await ids(identity)
    return (await identity.contacts([known[number]]))[known[number]]


class TestACustomer:
    async def test_without_an_account_is_reached_by_what_is_on_file_unconfirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(HEADER + ON_FILE)

        assert await reached(identity) == pb.CustomerContacts(
            customer_id=(await ids(identity))["100000"],
            customer_number="100000",
            name="Kari Nordmann",
            status=pb.Customer.ACTIVE,
            language="nn",
            email="kari@fil.no",
            mobile="+4791234567",
        )

    async def test_with_an_account_is_reached_by_its_email_and_the_mobile_on_file_unconfirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        account = await identity.register("100000")

        contacts = await reached(identity)

        assert (contacts.email, contacts.email_confirmed) == (EMAIL, True)
        assert (contacts.mobile, contacts.mobile_confirmed) == ("+4791234567", False)
        assert contacts.account_id == account.id

    async def test_is_reached_by_the_mobile_that_the_account_has_confirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(STATUS + ON_FILE.rstrip() + ",MOVED\n")
        await identity.register("100000")
        await confirm_mobile(identity, await identity.log_in(), MOBILE)

        contacts = await reached(identity)

        assert (contacts.mobile, contacts.mobile_confirmed) == (MOBILE, True)
        assert contacts.status == pb.Customer.MOVED

    async def test_is_written_to_in_the_language_of_the_account(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        request = pb.RegisterAccountRequest(
            customer_number="100000", pin=PIN, email=EMAIL, password="fire tilfeldige ord"
        )
        asked = await identity.call("RegisterAccount", request, language="en")
        await identity.confirm(asked, await identity.code("registration-code", to=EMAIL))

        assert (await reached(identity)).language == "en"

    async def test_who_is_dead_has_no_contacts(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.register("100000")
        await confirm_mobile(identity, await identity.log_in(), MOBILE)

        await import_as(identity, "DECEASED")

        assert await reached(identity) == pb.CustomerContacts(
            customer_id=(await ids(identity))["100000"],
            customer_number="100000",
            name="Kari Nordmann",
            status=pb.Customer.DECEASED,
            language="nn",
        )

    async def test_who_is_erased_or_unknown_is_left_out(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.customer("100001")
        known = await ids(identity)
        await erase(identity)

        answer = await identity.contacts([*known.values(), str(UUID(int=1)), known["100001"]])

        assert list(answer) == [known["100001"]]
        assert (answer[known["100001"]].email, answer[known["100001"]].mobile) == ("", "")


async def test_a_thousand_customers_are_told_at_once_and_no_more(identity: Identity) -> None:
    await identity.import_customers(customers_file(1000))
    known = list((await ids(identity)).values())

    assert set(await identity.contacts(known)) == set(known)
    with refused("TOO_MANY_RECORDS") as refusal:
        await identity.contacts([*known, known[0]])
    assert refusal.fields == [("customer_ids", "TOO_MANY_RECORDS")]


async def test_an_id_that_is_no_uuid_is_named(identity: Identity) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.contacts([str(UUID(int=1)), "100001"])
    assert refusal.fields == [("customer_ids[1]", "NOT_A_UUID")]


async def test_the_staff_with_a_role_are_reached_by_email_in_their_language(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    both = await identity.put_staff("both@example.com", ["EVENT_STAFF", "CUSTOMER_SERVICE"])
    host = await identity.put_staff("host@example.com", ["EVENT_STAFF"])
    await identity.put_staff("operator@example.com", ["OPERATOR"])
    await identity.execute("UPDATE account SET language = 'en' WHERE id = $1", UUID(host.id))

    told = [
        [(each.account_id, each.email, each.language) for each in staff]
        for staff in [
            await identity.staff_contacts("EVENT_STAFF"),
            await identity.staff_contacts("CUSTOMER_SERVICE"),
        ]
    ]

    assert told == [
        [(both.id, "both@example.com", "nn"), (host.id, "host@example.com", "en")],
        [(both.id, "both@example.com", "nn")],
    ]


@pytest.mark.parametrize("role", [0, 99])
async def test_nobody_holds_a_role_that_there_is_not(identity: Identity, role: int) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.staff_contacts(role)
    assert refusal.fields == [("role", "ROLE_INVALID")]


@pytest.mark.parametrize("workload", ["gateway", "cli", "events"])
async def test_only_the_service_that_writes_to_people_is_told_how(
    identity: Identity, workload: str
) -> None:
    with refused("PERMISSION_DENIED"):
        await identity.contacts([], workload=workload)
    with refused("PERMISSION_DENIED"):
        await identity.staff_contacts("EVENT_STAFF", workload=workload)


async def told_of(identity: Identity) -> list[str]:
    """Returns the numbers of the customers whose contacts were told to have changed, in order."""
    numbers = {each: number for number, each in (await ids(identity)).items()}
    events = await identity.events("CustomerContactChanged")
    return [numbers[event.customer_id] for event in events]


@pytest.fixture
async def household(identity: Identity) -> pb.Session:
    """Two customers with one account, whose owner is logged in."""
    await identity.import_customers(HEADER + ON_FILE)
    await identity.customer("100001")
    await identity.register("100000")
    session = await identity.log_in()
    await link(identity, session, "100001")
    return session


@pytest.mark.usefixtures("household")
class TestAChangeIsToldOf:
    async def test_when_an_account_is_registered_or_linked(self, identity: Identity) -> None:
        assert await told_of(identity) == ["100000", "100001"]

    async def test_under_the_customer_and_by_the_id_alone(self, identity: Identity) -> None:
        [first, _] = await identity.events("CustomerContactChanged")
        rows = await identity.fetch(
            "SELECT subject FROM outbox WHERE type = $1 ORDER BY seq",
            CustomerContactChanged.DESCRIPTOR.full_name,
        )
        assert rows[0]["subject"] == f"kundeapp.identity.customer.{first.customer_id}.readdressed"
        assert [each.name for each in CustomerContactChanged.DESCRIPTOR.fields] == ["customer_id"]

    async def test_once_when_linking_is_tried_again(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await link(identity, household, "100001")
        assert await told_of(identity) == ["100000", "100001"]

    async def test_when_the_email_is_changed_and_when_that_is_undone(
        self, identity: Identity, household: pb.Session
    ) -> None:
        token = await moved(identity, household)
        assert await told_of(identity) == ["100000", "100001"] * 2
        assert (await reached(identity)).email == NEW_EMAIL

        await undo(identity, token)
        assert await told_of(identity) == ["100000", "100001"] * 3
        assert (await reached(identity)).email == EMAIL

    async def test_when_a_mobile_is_confirmed(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await confirm_mobile(identity, household, MOBILE)
        assert await told_of(identity) == ["100000", "100001"] * 2

    async def test_when_the_account_is_deleted(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await identity.call("DeleteMyAccount", pb.DeleteMyAccountRequest(), session=household)
        assert sorted(await told_of(identity)) == ["100000", "100000", "100001", "100001"]
        assert (await reached(identity)).email == "kari@fil.no"

    async def test_not_when_a_code_is_wrong(
        self, identity: Identity, household: pb.Session
    ) -> None:
        request = pb.ChangeMobileRequest(mobile=MOBILE)
        asked = await identity.call("ChangeMobile", request, session=household)
        wrong = pb.ConfirmMobileRequest(verification_id=asked.id, code="no code")
        with refused("WRONG_CODE"):
            await identity.call("ConfirmMobile", wrong, session=household)
        assert await told_of(identity) == ["100000", "100001"]

    async def test_not_when_the_register_tells_of_it_itself(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + "100000,Kari Nordmann,ny@fil.no,,\n")
        await import_as(identity, "DECEASED")
        numbers = await ids(identity)
        await erase(identity, "100001")

        changed = [event.customer_id for event in await identity.events("CustomerChanged")]
        erased = [event.customer_id for event in await identity.events("CustomerErased")]
        assert (changed, erased) == ([numbers["100000"]] * 2, [numbers["100001"]])
        assert len(await identity.events("AccountClosed")) == 1
        assert len(await identity.events("CustomerContactChanged")) == 2
