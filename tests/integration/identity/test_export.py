"""What the owner of an account gets of what identity holds: all of it, and nothing of others."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest
from tests.authenticator import Authenticator
from tests.integration.identity.test_care import STATUS, look_up, staff
from tests.integration.identity.test_passkeys import ORIGIN, add
from tests.integration.identity.test_second_factors import set_up
from tests.integration.identity.world import EMAIL, HEADER, PASSWORD, PIN, Identity, refused

Sections = Mapping[str, Sequence[Mapping[str, Any]]]


async def export(identity: Identity, session: pb.Session) -> Sections:
    """Reads all parts, as the gateway does."""
    sections: dict[str, list[Mapping[str, Any]]] = {}
    token = ""
    while True:
        request = ExportMyDataRequest(page_token=token)
        answer = await identity.call("ExportMyData", request, session=session)
        for name, records in orjson.loads(answer.sections_json).items():
            sections.setdefault(name, []).extend(records)
        token = answer.next_page_token
        if not token:
            return sections


async def test_second_factors_are_handed_out_without_their_secrets(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    app, codes = await set_up(identity)
    session = await identity.log_in(second_factor=app.code(identity.clock.now()))
    added = await add(identity, session, Authenticator(ORIGIN), "Pixel 9")

    sections = await export(identity, session)

    assert sections["secondFactors"] == [{"authenticatorApp": True, "recoveryCodesLeft": 10}]
    [passkey] = sections["passkeys"]
    assert (passkey["id"], passkey["name"]) == (added.id, "Pixel 9")
    told = orjson.dumps(sections).decode()
    assert all(secret not in told for secret in (app.secret, *codes))


async def test_account_customers_sessions_and_what_staff_did_are_handed_out(
    identity: Identity,
) -> None:
    await identity.import_customers(STATUS + f"100000,Kari Fjord,k@fil.no,91234567,{PIN},MOVED\n")
    account = await identity.register("100000")
    old = await identity.log_in()
    await identity.log_out(old)
    session = await identity.log_in()
    kim = await staff(identity, "CUSTOMER_SERVICE")
    await look_up(identity, kim, "100000", "Kunden ringde.")
    now = f"{identity.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    await identity.execute(
        "INSERT INTO email_change VALUES ('x', $1, 'gammal@example.no', 'k', $2, $2)",
        UUID(account.id),
        identity.clock.now(),
    )

    await identity.execute(
        "INSERT INTO provider_link VALUES ('https://bankid.example', 'person', $1, $2)",
        UUID(account.id),
        identity.clock.now(),
    )

    sections = await export(identity, session)

    assert sections["linkedProviders"] == [{"issuer": "https://bankid.example", "linkedAt": now}]
    assert sections["account"] == [
        {"id": account.id, "email": EMAIL, "mobile": "", "language": "nn", "roles": []}
    ]
    assert sections["customers"] == [
        {
            "id": account.customers[0].id,
            "customerNumber": "100000",
            "name": "Kari Fjord",
            "email": "k@fil.no",
            "mobile": "+4791234567",
            "status": "MOVED",
        }
    ]
    first, second = sections["sessions"]
    assert (first["id"], first["endedAt"]) == (old.id, now)
    assert (second["id"], second["endedAt"], second["methods"]) == (session.id, None, ["pwd"])
    assert sections["devices"] == [{"lastUsedAt": now}] * 2
    assert [each["oldEmail"] for each in sections["emailChanges"]] == ["gammal@example.no"]
    assert sections["staffActions"] == [
        {"at": now, "action": "LookUpCustomer", "reason": "Kunden ringde."}
    ]


async def test_no_secret_and_no_member_of_staff_is_in_it(identity: Identity) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    session = await identity.log_in()
    kim = await staff(identity, "CUSTOMER_SERVICE")
    await look_up(identity, kim, "100000")
    [row] = await identity.fetch(
        "SELECT password_hash, pin_hash FROM account, customer WHERE account_id = account.id"
    )

    told = str(await export(identity, session))

    secrets = (PASSWORD, PIN, session.refresh_token, session.access_token, *row)
    assert not any(secret in told for secret in secrets)
    assert str(identity.caller(kim).account_id) not in told


async def test_nothing_of_another_account_is_in_it(identity: Identity) -> None:
    await identity.import_customers(
        HEADER + f"100000,Kari,kari@fil.no,,{PIN}\n100001,Ola,ola@fil.no,,{PIN}\n"
    )
    await identity.register("100000")
    await identity.register("100001", email="ola@example.no")
    of_ola = await identity.log_in("ola@example.no")
    await look_up(identity, await staff(identity, "CUSTOMER_SERVICE"), "100001", "Ola ringde.")

    sections = await export(identity, await identity.log_in())

    told = str(sections)
    assert not any(word in told for word in ("Ola", "ola@", "100001", of_ola.id))
    assert sections["staffActions"] == []


async def test_it_needs_a_recent_login(identity: Identity) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    session = await identity.log_in()
    identity.clock.advance(timedelta(minutes=11))
    with refused("REAUTHENTICATION_NEEDED"):
        await export(identity, session)


async def test_many_sessions_come_in_parts(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.servicer.export.RECORDS_A_PAGE", 2)
    await identity.customer("100000")
    await identity.register("100000")
    sessions = [await identity.log_in() for _ in range(5)]
    told = await export(identity, sessions[-1])
    assert [each["id"] for each in told["sessions"]] == sorted(each.id for each in sessions)


@pytest.mark.parametrize("token", ["x", "account/1", "sessions/x", "staffActions/x"])
async def test_a_token_that_no_part_has_said_is_refused(identity: Identity, token: str) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    request = ExportMyDataRequest(page_token=token)
    with refused("INVALID_FIELDS") as refusal:
        await identity.call("ExportMyData", request, session=await identity.log_in())
    assert refusal.fields == [("page_token", "NOT_A_PAGE_TOKEN")]
