"""What the parts of the servicer have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.idempotency import Key, KeyReused, known_answers, once
from kit.ids import Ids
from kit.server import Call
from services.identity.domain.store import Store, Stores
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import Issuer
from services.identity.tokens import SignedAccessTokens

_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True)
class Part:
    """What the parts of the servicer work with.

    Attributes:
        database: Where a request that may be repeated has its transaction.
        store_of: Makes the store of such a transaction.
        stores: Opens the other transactions.
        gate: What the secrets of people are checked with.
        issuer: What sessions are made with.
        tokens: Access tokens.
        retry_secret: Hides what is remembered of a request with a password or a PIN in it.
    """

    database: Database
    store_of: Callable[[Transaction], Store]
    stores: Stores
    gate: Gate
    issuer: Issuer
    tokens: SignedAccessTokens
    retry_secret: bytes
    ids: Ids
    clock: Clock

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

    async def answered(self, call: Call, request: Message, answer: type[_Answer]) -> _Answer | None:
        """Returns the first answer to a retry, for what could not be proven a second time.

        A password that was changed is no longer right, and a code is used up.

        Raises:
            KeyReused: If the Idempotency-Key was used for another request.
        """
        key = Key.of(call, request, self.retry_secret)
        if key is None:
            return None
        async with self.database.reader() as connection:
            known = (await known_answers(connection, [key], answer)).get(key)
        if isinstance(known, KeyReused):
            raise known
        return known
