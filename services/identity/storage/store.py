"""The store of a transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from kit.database import Database, Transaction
from services.identity.domain.letters import Letter
from services.identity.domain.store import Event
from services.identity.storage.accounts import Accounts
from services.identity.storage.audit import Audit
from services.identity.storage.challenges import Challenges
from services.identity.storage.customers import Customers
from services.identity.storage.devices import Devices
from services.identity.storage.federation import Federation
from services.identity.storage.passkeys import Passkeys
from services.identity.storage.second_factors import Factors
from services.identity.storage.sessions import Sessions
from services.identity.storage.throttles import Throttles
from services.identity.storage.tidying import Tidying


class Post(Protocol):
    """Sends letters."""

    async def send(self, transaction: Transaction, *letters: Letter, wanted: bool = True) -> None:
        """Has letters sent, if and when a transaction commits."""
        ...


class PostgresStore(
    Customers,
    Accounts,
    Sessions,
    Devices,
    Challenges,
    Throttles,
    Federation,
    Factors,
    Passkeys,
    Audit,
    Tidying,
):
    """A `Store` on PostgreSQL, within one transaction."""

    def __init__(self, transaction: Transaction, post: Post) -> None:
        super().__init__(transaction)
        self._post = post

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        self._transaction.publish(*events)

    async def send(self, *letters: Letter, wanted: bool = True) -> None:
        """Has letters sent, if and when the transaction commits."""
        await self._post.send(self._transaction, *letters, wanted=wanted)


class PostgresStores:
    """Opens transactions on a database, each with its store."""

    def __init__(self, database: Database, post: Post) -> None:
        self._database = database
        self._post = post

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[PostgresStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        async with self._database.transaction() as transaction:
            yield PostgresStore(transaction, self._post)
