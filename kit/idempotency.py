"""A retry with the same Idempotency-Key gets the first answer and does nothing twice.

The answer is a row of the transaction that made it. It is sealed with a key that is derived from
the Idempotency-Key and the request, neither of which is stored, and from a secret of the service
where a request holds what can be guessed: who reads the table learns no password, token or PIN.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message

from kit import errors
from kit.database import Transaction
from kit.postgres import Connection
from kit.server import Call

_Answer = TypeVar("_Answer", bound=Message)
_NONCE_BYTES = 12


class KeyReused(errors.FailedPrecondition):
    """The key was used before, with another request."""

    reason = "IDEMPOTENCY_KEY_REUSED"


@dataclass(frozen=True, slots=True)
class Key:
    """The Idempotency-Key of one call, and what it was used for.

    Attributes:
        scope: Keys of different callers and methods have nothing to do with each other.
        key_hash: What is stored of the key.
        request_hash: What is stored of the request.
        seal: What the answer is sealed with.
    """

    scope: str
    key_hash: bytes
    request_hash: bytes
    seal: AESGCM = field(repr=False, compare=False)

    @staticmethod
    def of(call: Call, request: Message, secret: bytes = b"") -> "Key | None":
        """Returns the key of a call, None if it has none.

        Args:
            call: The call.
            request: The request, with its key in `request_id`.
            secret: At most 64 bytes, needed where the request holds a password or the like.
        """
        key: str = getattr(request, "request_id")  # noqa: B009 - every mutation's message has it
        if not key:
            return None
        body = request.SerializeToString(deterministic=True)
        return Key(
            scope=f"{call.method} {call.caller.account_id}",
            key_hash=_digest(b"key", key.encode(), secret),
            request_hash=_digest(b"request", body, secret),
            seal=AESGCM(_digest(b"seal", body, secret)),
        )

    @property
    def name(self) -> tuple[str, bytes]:
        """What it is found by."""
        return self.scope, self.key_hash

    def sealed(self, answer: Message) -> bytes:
        """Returns an answer as it is stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self.seal.encrypt(nonce, answer.SerializeToString(), None)

    def opened(self, row: asyncpg.Record, answer_type: type[_Answer]) -> _Answer:
        """Returns the answer that is stored.

        Raises:
            KeyReused: If it is the answer to another request.
        """
        if row["request_hash"] != self.request_hash:
            raise KeyReused
        sealed: bytes = row["answer"]
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return answer_type.FromString(self.seal.decrypt(nonce, content, None))


async def once(  # noqa: PLR0917 - as the parts of a call come
    transaction: Transaction,
    call: Call,
    request: Message,
    run: Callable[[], Awaitable[_Answer]],
    answer_type: type[_Answer],
    secret: bytes = b"",
) -> _Answer:
    """Runs a mutation, or returns the answer that it gave the first time.

    A call that is under way elsewhere with the same key is waited for. Without a key it just runs.

    Args:
        transaction: The transaction that the mutation is part of.
        call: The call.
        request: The request, with its key in `request_id`.
        run: The mutation.
        answer_type: The type of the answer.
        secret: At most 64 bytes, needed where the request holds a password or the like.

    Raises:
        KeyReused: If the key was used before, with another request.
    """
    key = Key.of(call, request, secret)
    if key is None:
        return await run()
    connection = transaction.connection
    first = await connection.fetchval(
        """
        INSERT INTO idempotency (scope, key_hash, request_hash) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        key.scope,
        key.key_hash,
        key.request_hash,
    )
    if not first:
        known = await known_answers(connection, [key], answer_type)
        answer = known.get(key, KeyReused())
        if isinstance(answer, KeyReused):
            raise answer
        return answer
    answer = await run()
    await connection.execute(
        "UPDATE idempotency SET answer = $3 WHERE scope = $1 AND key_hash = $2",
        key.scope,
        key.key_hash,
        key.sealed(answer),
    )
    return answer


async def known_answers(
    connection: Connection, keys: Sequence[Key], answer_type: type[_Answer]
) -> Mapping[Key, _Answer | KeyReused]:
    """Returns the first answers to calls that are made together, where there are any.

    Args:
        connection: Where they are stored.
        keys: The keys of the calls.
        answer_type: The type of the answers.

    Returns:
        For each key that was used before the answer, or a refusal if that was for another request.
    """
    rows = await connection.fetch(
        """
        SELECT idempotency.* FROM idempotency
        JOIN unnest($1::text[], $2::bytea[]) AS asked (scope, key_hash)
            USING (scope, key_hash)
        """,
        [key.scope for key in keys],
        [key.key_hash for key in keys],
    )
    by_key = {(row["scope"], row["key_hash"]): row for row in rows}
    answers: dict[Key, _Answer | KeyReused] = {}
    for key in keys:
        row = by_key.get(key.name)
        if row is None:
            continue
        try:
            answers[key] = key.opened(row, answer_type)
        except KeyReused as reused:
            answers[key] = reused
    return answers


async def keep_answers(connection: Connection, answers: Mapping[Key, Message]) -> None:
    """Keeps the first answers to calls that are made together, for their retries."""
    await connection.execute(
        """
        INSERT INTO idempotency (scope, key_hash, request_hash, answer)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[])
        """,
        [key.scope for key in answers],
        [key.key_hash for key in answers],
        [key.request_hash for key in answers],
        [key.sealed(answer) for key, answer in answers.items()],
    )


def _digest(purpose: bytes, data: bytes, secret: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32, key=secret, person=purpose).digest()
