"""The register of customers on PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlmodel import col, update

from services.identity.domain.customers import Customer, Pin, Status
from services.identity.domain.letters import Address, Channel
from services.identity.domain.reach import AccountContact, CustomerContacts
from services.identity.storage.part import Part
from services.identity.storage.tables import CustomerRow

CUSTOMER_COLUMNS = "id, number, name, email, mobile, pin_hash, pin_is_short, account_id, status"

_DECOYS = 1024
_INTAKE_LOCK = 0x696E74616B65  # "intake": the advisory lock of the one import under way
_HAS_CONTACT = {
    Channel.EMAIL: "lower(normalize(email, NFKC)) = lower(normalize($1, NFKC))",
    Channel.SMS: "mobile = $1",
}


class Customers(Part):
    """The register of customers on PostgreSQL."""

    async def count_pin_try(self, customer_number: str, most: int) -> Customer | None:
        """Counts a try at a customer's PIN; the row stays locked until the commit.

        Where there is nothing to count, a row that means nothing is counted up and read instead,
        the same one each time for the same number: the time does not tell who is a customer.
        """
        row = await self._connection.fetchrow(
            f"""
            WITH tried AS (
                UPDATE customer SET pin_tries = pin_tries + 1 WHERE number = $1 AND pin_tries < $2
                RETURNING {CUSTOMER_COLUMNS}
            ), decoy AS (
                UPDATE customer_decoy SET pin_tries = (pin_tries + 1) & 1023
                WHERE number = (hashtext($1) & {_DECOYS - 1})::text
                    AND NOT EXISTS (SELECT FROM tried)
                RETURNING {CUSTOMER_COLUMNS}
            )
            SELECT true AS is_known, * FROM tried UNION ALL SELECT false, * FROM decoy
            """,  # noqa: S608 - the names of columns, and a constant
            customer_number,
            most,
        )
        if row is None:
            raise LookupError("there is no decoy")
        customer = customer_of(row)
        return customer if row["is_known"] else None

    async def forgive_pin_tries(self, customer_id: UUID) -> None:
        """Starts counting again, after a right PIN."""
        await self._connection.execute(
            "UPDATE customer SET pin_tries = 0 WHERE id = $1", customer_id
        )

    async def begin_intake(self) -> None:
        """Waits until no other import is under way, and keeps others waiting."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _INTAKE_LOCK)

    async def customers_by_number(self, numbers: Sequence[str]) -> Mapping[str, Customer]:
        """Returns those of the customers that are in the register."""
        rows = await self._connection.fetch(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE number = ANY($1::text[])",  # noqa: S608 - the names of columns
            numbers,
        )
        return {row["number"]: customer_of(row) for row in rows}

    async def customers_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Returns those of the customers that are in the register, in no order."""
        rows = await self._connection.fetch(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE id = ANY($1::uuid[]) AND erased_at IS NULL",  # noqa: E501, S608 - the names of columns
            customer_ids,
        )
        return [customer_of(row) for row in rows]

    async def contacts_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[CustomerContacts]:
        """Returns how those of the customers that are in the register are reached, in no order."""
        rows = await self._connection.fetch(
            f"""
            SELECT {CUSTOMER_COLUMNS}, account_email, account_mobile, language
            FROM customer LEFT JOIN (
                SELECT id AS account_id, email AS account_email, mobile AS account_mobile, language
                FROM account
            ) owner USING (account_id)
            WHERE id = ANY($1::uuid[]) AND erased_at IS NULL
            """,  # noqa: S608 - the names of columns
            customer_ids,
        )
        return [CustomerContacts.of(customer_of(row), _owner_of(row)) for row in rows]

    async def has_contact(self, contact: Address) -> bool:
        """Tells whether any customer has this e-mail or mobile number on file, in the same time."""
        return await self._connection.fetchval(
            f"SELECT EXISTS (SELECT FROM customer WHERE {_HAS_CONTACT[contact.channel]})",  # noqa: S608 - a constant
            contact.value,
        )

    async def customers_by_contact(self, contact: Address) -> Sequence[Customer]:
        """Returns the customers with this e-mail or mobile number on file, by number."""
        rows = await self._connection.fetch(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE {_HAS_CONTACT[contact.channel]} "  # noqa: S608 - the names of columns, and a constant
            "ORDER BY number",
            contact.value,
        )
        return [customer_of(row) for row in rows]

    async def add_customers(self, customers: Sequence[Customer]) -> None:
        """Takes customers into the register."""
        await self._connection.copy_records_to_table(
            "customer",
            columns=(
                "id",
                "number",
                "name",
                "email",
                "mobile",
                "pin_hash",
                "pin_is_short",
                "pin_tries",
                "status",
            ),
            records=[
                (
                    customer.id,
                    customer.number,
                    customer.name,
                    customer.email,
                    customer.mobile,
                    customer.pin and customer.pin.hash,
                    customer.pin is not None and customer.pin.is_short,
                    0,
                    customer.status.value,
                )
                for customer in customers
            ],
        )

    async def change_customers(self, customers: Sequence[Customer]) -> None:
        """Writes name, contact, PIN and status of customers; a new PIN has all its tries."""
        await self._connection.execute(
            """
            UPDATE customer SET
                name = new.name,
                email = new.email,
                mobile = new.mobile,
                pin_tries = CASE
                    WHEN customer.pin_hash IS DISTINCT FROM new.pin_hash THEN 0
                    ELSE customer.pin_tries
                END,
                pin_hash = new.pin_hash,
                pin_is_short = new.pin_is_short,
                status = new.status,
                account_id = CASE
                    WHEN new.status = 'DECEASED' THEN NULL
                    ELSE customer.account_id
                END
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
                        $7::text[])
                AS new (id, name, email, mobile, pin_hash, pin_is_short, status)
            WHERE customer.id = new.id AND customer.erased_at IS NULL
            """,
            [customer.id for customer in customers],
            [customer.name for customer in customers],
            [customer.email for customer in customers],
            [customer.mobile for customer in customers],
            [customer.pin and customer.pin.hash for customer in customers],
            [customer.pin is not None and customer.pin.is_short for customer in customers],
            [customer.status.value for customer in customers],
        )

    async def lock_customer_with(self, number: str) -> Customer | None:
        """Returns the customer with a number, whom nobody else changes until the commit."""
        row = await self._connection.fetchrow(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE number = $1 FOR UPDATE",  # noqa: S608 - the names of columns
            number,
        )
        return customer_of(row) if row else None

    async def lock_accounts_of(self, customer_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Returns the accounts that stand for customers, whom nobody else changes from now on."""
        rows = await self._connection.fetch(
            """
            SELECT account_id FROM customer WHERE id = ANY($1::uuid[]) AND account_id IS NOT NULL
            ORDER BY id FOR UPDATE
            """,
            customer_ids,
        )
        return list({row["account_id"] for row in rows})

    async def detach_customers(self, account_id: UUID) -> Sequence[UUID]:
        """Lets an account stand for nobody any longer; returns for whom it did."""
        rows = await self._connection.fetch(
            "UPDATE customer SET account_id = NULL WHERE account_id = $1 RETURNING id", account_id
        )
        return [row["id"] for row in rows]

    async def erase_customer(self, customer_id: UUID, now: datetime) -> None:
        """Removes all of a customer but the id, and codes that are on their way to them."""
        await self._connection.execute("DELETE FROM challenge WHERE customer_id = $1", customer_id)
        await self._connection.execute(
            """
            UPDATE customer SET
                number = NULL, name = '', email = '', mobile = '', pin_hash = NULL,
                pin_is_short = false, pin_tries = 0, account_id = NULL, status = 'ACTIVE',
                erased_at = $2
            WHERE id = $1
            """,
            customer_id,
            now,
        )

    async def lock_customer(self, customer_id: UUID) -> Customer:
        """Returns a customer whom nobody else changes until the commit."""
        row = await self._connection.fetchrow(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE id = $1 FOR UPDATE",  # noqa: S608 - the names of columns
            customer_id,
        )
        if row is None:
            raise LookupError(f"customer {customer_id} is gone")
        return customer_of(row)

    async def attach_customer(self, account_id: UUID, customer_id: UUID) -> None:
        """Lets an account stand for a customer."""
        await self._session.exec(
            update(CustomerRow)
            .where(col(CustomerRow.id) == customer_id)
            .values(account_id=account_id)
        )


def customer_of(row: asyncpg.Record) -> Customer:
    """Returns the customer of a row with the columns `CUSTOMER_COLUMNS`."""
    pin_hash: str | None = row["pin_hash"]
    return Customer(
        id=row["id"],
        number=row["number"] or "",
        name=row["name"],
        email=row["email"],
        mobile=row["mobile"],
        pin=Pin(pin_hash, row["pin_is_short"]) if pin_hash else None,
        account_id=row["account_id"],
        status=Status(row["status"]),
    )


def _owner_of(row: asyncpg.Record) -> AccountContact | None:
    if row["account_id"] is None:
        return None
    return AccountContact(
        row["account_id"], row["account_email"], row["account_mobile"], row["language"]
    )
