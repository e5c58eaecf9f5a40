"""How customers are reached, on PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.consent.domain.contacts import KnownContact
from services.consent.storage.part import Part


class Contacts(Part):
    """How customers are reached, on PostgreSQL."""

    async def mark_contact(self, customer_id: UUID) -> None:
        """Has identity asked, at once: what is known of a customer is no longer current."""
        await self._connection.execute(
            """
            UPDATE customer SET contact_version = contact_version + 1, ask_at = '-infinity'
            WHERE id = $1 AND status <> 'ERASED'
            """,
            customer_id,
        )

    async def forget_contact(self, customer_id: UUID) -> None:
        """Forgets how a customer was reached, and has nobody asked."""
        await self._connection.execute(
            """
            UPDATE customer SET contact_version = contact_version + 1, ask_at = NULL,
                account_id = NULL, language = '', email_hash = NULL, is_email_confirmed = false,
                mobile_hash = NULL, is_mobile_confirmed = false
            WHERE id = $1
            """,
            customer_id,
        )

    async def take_contacts_to_learn(
        self, now: datetime, until: datetime, limit: int
    ) -> Mapping[UUID, int]:
        """Returns whom to ask for, each with a version; nobody else is, until a moment."""
        rows = await self._connection.fetch(
            """
            WITH due AS (
                SELECT id FROM customer WHERE ask_at <= $1
                ORDER BY ask_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE customer SET ask_at = $2 FROM due WHERE customer.id = due.id
            RETURNING customer.id, contact_version
            """,
            now,
            until,
            limit,
        )
        return {row["id"]: row["contact_version"] for row in rows}

    async def put_contacts(
        self, contacts: Mapping[UUID, KnownContact], versions: Mapping[UUID, int]
    ) -> None:
        """Writes how customers are reached, which is current then."""
        in_order = sorted(contacts)
        # In the order in which all who lock several customers do.
        await self._connection.execute(
            "SELECT FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE",
            in_order,
        )
        await self._connection.execute(
            """
            UPDATE customer SET ask_at = NULL,
                account_id = new.account_id, language = new.language,
                email_hash = new.email_hash, is_email_confirmed = new.is_email_confirmed,
                mobile_hash = new.mobile_hash, is_mobile_confirmed = new.is_mobile_confirmed
            FROM unnest(
                $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::boolean[],
                $7::text[], $8::boolean[]
            ) AS new (
                id, version, account_id, language, email_hash, is_email_confirmed,
                mobile_hash, is_mobile_confirmed
            )
            WHERE customer.id = new.id AND contact_version = new.version
            """,
            in_order,
            [versions[each] for each in in_order],
            [contacts[each].account_id for each in in_order],
            [contacts[each].language for each in in_order],
            [contacts[each].email_hash for each in in_order],
            [contacts[each].is_email_confirmed for each in in_order],
            [contacts[each].mobile_hash for each in in_order],
            [contacts[each].is_mobile_confirmed for each in in_order],
        )

    async def mark_contacts_under_other_keys(self, key_ids: Sequence[str]) -> None:
        """Has identity asked for all whose address is hashed under a key that is gone."""
        await self._connection.execute(
            """
            UPDATE customer SET contact_version = contact_version + 1, ask_at = '-infinity'
            WHERE split_part(email_hash, '$', 1) <> ALL($1::text[])
                OR split_part(mobile_hash, '$', 1) <> ALL($1::text[])
            """,
            key_ids,
        )

    async def lock_contact(self, customer_id: UUID) -> KnownContact | None:
        """Returns how a customer is reached, and keeps it so until the transaction is over."""
        row = await self._connection.fetchrow(
            """
            SELECT account_id, language, email_hash, is_email_confirmed, mobile_hash,
                is_mobile_confirmed
            FROM customer WHERE id = $1 FOR NO KEY UPDATE
            """,
            customer_id,
        )
        return KnownContact(**dict(row)) if row else None

    async def exported_contacts(self, customers: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Returns what is known of how customers are reached, as records of their export."""
        rows = await self._connection.fetch(
            """
            SELECT id AS "customerId", status, account_id AS "accountId", language,
                email_hash IS NOT NULL AS "hasEmail",
                is_email_confirmed AS "isEmailConfirmed",
                mobile_hash IS NOT NULL AS "hasMobile",
                is_mobile_confirmed AS "isMobileConfirmed",
                ARRAY(
                    SELECT DISTINCT medium || '/' || reason
                    FROM suppression JOIN suppressed_address ON suppression_id = suppression.id
                    WHERE hash IN (email_hash, mobile_hash) ORDER BY 1
                ) AS suppressions
            FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id
            """,
            customers,
        )
        return [dict(row) for row in rows]
