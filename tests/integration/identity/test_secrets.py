"""Nothing secret is written down."""

import pytest

from tests.integration.identity.world import HEADER, PASSWORD, Identity, refused

CONTACTS = ("kari.fjord@example.no", "+4798765432")


async def everything_kept(identity: Identity) -> dict[str, str]:
    tables = await identity.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    kept: dict[str, str] = {}
    for (table,) in tables:
        rows = await identity.fetch(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - our own tables
        kept[table] = "\n".join(row[0] for row in rows)
    return kept


async def test_no_pin_password_or_token_is_kept_or_logged_and_contacts_only_where_they_belong(
    identity: Identity, capfd: pytest.CaptureFixture[str]
) -> None:
    email, mobile = CONTACTS
    report = await identity.import_customers(HEADER + f"100001,Kari,{email},{mobile},\n")
    [new] = report.new_pins
    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100001", pin="13243546", email=email)
    await identity.register("100001", pin=new.pin, email=email, request_id="a-key")
    session = await identity.log_in(email, request_id="a-key")
    refreshed = await identity.refresh(session.refresh_token)
    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(email, password="a wrong password")
    await identity.log_out(refreshed)
    secrets = [new.pin, "13243546", PASSWORD, "a wrong password"]
    secrets += [session.refresh_token, session.access_token]
    secrets += [refreshed.refresh_token, refreshed.access_token]

    kept = await everything_kept(identity)
    logged = "".join(capfd.readouterr())

    assert "kundeapp.identity.v1.IdentityService.CreateSession" in logged
    for secret in secrets:
        for form in (secret, secret.encode().hex()):
            assert form not in logged
            assert not [table for table, rows in kept.items() if form in rows]
    for contact in CONTACTS:
        for form in (contact, contact.encode().hex()):
            assert form not in logged
            assert {table for table, rows in kept.items() if form in rows} <= {
                "customer",
                "account",
            }
    assert email in kept["account"]
