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
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.store import Store, Stores
from services.identity.handlers import codes
from services.identity.handlers.codes import Desk
from services.identity.handlers.federation import Federation
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
        desk: What codes are made and checked with.
        issuer: What sessions are made with.
        federation: What logins with providers are made with.
        tokens: Access tokens.
        retry_secret: Hides what is remembered of a request with a password or a PIN in it.
    """

    database: Database
    store_of: Callable[[Transaction], Store]
    stores: Stores
    gate: Gate
    desk: Desk
    issuer: Issuer
    federation: Federation
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

    async def confirm(  # noqa: PLR0917 - as the parts of a call come
        self,
        call: Call,
        request: Message,
        purpose: Purpose,
        code: codes.Answer,
        run: Callable[[Store, Challenge], Awaitable[_Answer]],
        answer: type[_Answer],
    ) -> _Answer:
        """Runs a change that a right code opens; a retry gets the first answer.

        Raises:
            CodeNoLongerWorks: If the code cannot be used, or no longer.
            WrongCode: If it is wrong.
            TooManyTries: If its subject has tried too often today.
            KeyReused: If the Idempotency-Key was used for another request.
        """
        known = await self.answered(call, request, answer)
        if known is not None:
            return known
        challenge = await codes.prove(self.desk, purpose, code)
        return await self.once(call, request, lambda store: run(store, challenge), answer)

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
