"""The store of a transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from kit.database import Database, Transaction
from services.consent.domain.letters import Letter
from services.consent.storage.anchors import Anchors
from services.consent.storage.audit import Audit
from services.consent.storage.consents import Consents
from services.consent.storage.contacts import Contacts
from services.consent.storage.customers import Customers
from services.consent.storage.ledger import Ledger
from services.consent.storage.mailings import Mailings
from services.consent.storage.notices import Notices
from services.consent.storage.permission import Permissions
from services.consent.storage.suppression import Suppressions


class PostgresStore(
    Customers,
    Notices,
    Ledger,
    Consents,
    Anchors,
    Audit,
    Contacts,
    Suppressions,
    Permissions,
    Mailings,
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


class Post(Protocol):
    """Sends letters."""

    async def send(self, transaction: Transaction, *letters: Letter) -> None:
        """Has letters sent, if and when a transaction commits."""
        ...


class PostgresWritingStore(PostgresStore):
    """A `WritingStore` on PostgreSQL, within one transaction."""

    def __init__(self, transaction: Transaction, post: Post) -> None:
        super().__init__(transaction)
        self._post = post

    async def send(self, *letters: Letter) -> None:
        """Has letters sent, if and when the transaction commits."""
        await self._post.send(self._transaction, *letters)


class PostgresWritingStores:
    """Opens transactions in which something is sent."""

    def __init__(self, database: Database, post: Post) -> None:
        self._database = database
        self._post = post

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[PostgresWritingStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        async with self._database.transaction() as transaction:
            yield PostgresWritingStore(transaction, self._post)
