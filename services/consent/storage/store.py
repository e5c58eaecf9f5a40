"""The store of a transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from kit.database import Database
from services.consent.storage.anchors import Anchors
from services.consent.storage.audit import Audit
from services.consent.storage.consents import Consents
from services.consent.storage.contacts import Contacts
from services.consent.storage.customers import Customers
from services.consent.storage.ledger import Ledger
from services.consent.storage.notices import Notices
from services.consent.storage.permission import Permissions
from services.consent.storage.suppression import Suppressions


class PostgresStore(
    Customers, Notices, Ledger, Consents, Anchors, Audit, Contacts, Suppressions, Permissions
):
    """A `Store` on PostgreSQL, within one transaction."""


class PostgresStores:
    """Opens transactions on a database, each with its store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[PostgresStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        async with self._database.transaction() as transaction:
            yield PostgresStore(transaction)
