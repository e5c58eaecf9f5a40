"""What the parts of the servicer have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.idempotency import once
from kit.ids import Ids
from kit.server import Call
from services.consent.domain.controller import Controller
from services.consent.domain.customer_service import CustomerService
from services.consent.domain.store import Store, Stores
from services.consent.domain.unsubscribing import UnsubscribeTokens
from services.consent.handlers.mailings import Newsroom
from services.consent.handlers.releases import Returns
from services.consent.handlers.suppression import Desk

_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True)
class Part:
    """What the parts of the servicer work with.

    Attributes:
        database: Where a request that may be repeated has its transaction.
        store_of: Makes the store of such a transaction.
        stores: Opens the other transactions.
        controller: Who answers for what is done, as receipts name it.
        newsroom: What mailings are made with.
        tokens: Reads links to unsubscribe.
        desk: What suppressions are made with.
        retry_secret: Hides what is remembered of a request with an address in it.
        ids: Makes identifiers.
        clock: Tells the time.
        customer_service: How customers reach the company.
        returns: What links that give tickets back are kept with.
    """

    database: Database
    store_of: Callable[[Transaction], Store]
    stores: Stores
    controller: Controller
    newsroom: Newsroom
    tokens: UnsubscribeTokens
    desk: Desk
    retry_secret: bytes
    ids: Ids
    clock: Clock
    customer_service: CustomerService
    returns: Returns

    async def once(
        self,
        call: Call,
        request: Message,
        run: Callable[[Store], Awaitable[_Answer]],
        answer: type[_Answer],
    ) -> _Answer:
        """Runs a change in its transaction; a retry gets the first answer.

        Raises:
            KeyReused: If the Idempotency-Key was used for another request.
        """
        async with self.database.transaction() as transaction:
            store = self.store_of(transaction)
            return await once(
                transaction, call, request, lambda: run(store), answer, self.retry_secret
            )
