"""The crowd's accounts, as rows: what thousands of registrations would have left behind.

Opening an account by its own way takes a code from a letter, and is limited for each network. What
is written here is what comes of it, but for one hash of a password that all share. A drill may do
this to databases of its own; nobody else may.
"""

from collections.abc import Mapping, Sequence

import asyncpg

from cli.demo.people import PASSWORD
from cli.local.plan import Plan
from drills.crowd import Person
from kit.keyed_hash import KeyedHash, secret_keys
from services.identity.hashing import Argon2Passwords, Cost

_FIRST_NUMBER = 6_000_000
"""Their customer numbers, far from those of the demonstration and of `kundeapp seed`."""
_NAME = "Ein i mengda"


async def open_accounts(plan: Plan, people: Sequence[Person]) -> None:
    """Makes people customers with an account, in all services that keep customers of their own."""
    rows = [(each.customer_id, f"{_FIRST_NUMBER + each.number}", each) for each in people]
    await _write(
        plan.postgres.url("identity"),
        account=await _accounts(plan, people),
        customer=[
            {
                "id": customer_id,
                "number": number,
                "name": _NAME,
                "email": each.email,
                "mobile": "",
                "pin_is_short": False,
                "pin_tries": 0,
                "account_id": each.account_id,
                "status": "ACTIVE",
            }
            for customer_id, number, each in rows
        ],
    )
    await _write(
        plan.postgres.url("events"),
        customer=[
            {"id": id_, "number": number, "name": _NAME, "revision": 1, "named_revision": 1}
            for id_, number, _ in rows
        ],
    )
    await _write(
        plan.postgres.url("consent"),
        customer=[{"id": id_, "number": number, "status": "ACTIVE"} for id_, number, _ in rows],
    )


async def give_accounts(plan: Plan, numbers: Mapping[str, Person]) -> None:
    """Gives accounts to customers that there are, by their numbers."""
    url = plan.postgres.url("identity")
    await _write(url, account=await _accounts(plan, list(numbers.values())))
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "UPDATE customer SET account_id = $2 WHERE number = $1",
            [(number, each.account_id) for number, each in numbers.items()],
        )
    finally:
        await connection.close()


async def _accounts(plan: Plan, people: Sequence[Person]) -> Sequence[Mapping[str, object]]:
    kept = await _password_hash(plan)
    return [
        {
            "id": each.account_id,
            "email": each.email,
            "email_key": each.email,
            "password_hash": kept,
            "password_version": 1,
            "roles": [],
            "language": "nn",
            "mobile": "",
        }
        for each in people
    ]


async def _password_hash(plan: Plan) -> str:
    keys = secret_keys(plan.pki.identity_secret_keys)
    hashes = Argon2Passwords(KeyedHash(keys, "password"), Cost(), threads=1, longest_wait=1.0)
    try:
        return await hashes.hash(PASSWORD)
    finally:
        hashes.close()


async def _write(url: str, **tables: Sequence[Mapping[str, object]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table, rows in tables.items():
            await connection.copy_records_to_table(
                table, columns=[*rows[0]], records=[tuple(row.values()) for row in rows]
            )
    finally:
        await connection.close()
