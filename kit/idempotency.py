"""A retry with the same Idempotency-Key gets the first answer and does nothing twice.

The answer is a row of the transaction that made it. It is sealed with a key that is derived from
the Idempotency-Key and the request, neither of which is stored, and from a secret of the service
where a request holds what can be guessed: who reads the table learns no password, token or PIN.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message

from kit import errors
from kit.database import Transaction
from kit.server import Call

_Answer = TypeVar("_Answer", bound=Message)
_NONCE_BYTES = 12


class KeyReused(errors.FailedPrecondition):
    """The key was used before, with another request."""

    reason = "IDEMPOTENCY_KEY_REUSED"


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
        call: The call; keys of different callers and methods have nothing to do with each other.
        request: The request, with its key in `request_id`.
        run: The mutation.
        answer_type: The type of the answer.
        secret: At most 64 bytes, needed where the request holds a password or the like.

    Raises:
        KeyReused: If the key was used before, with another request.
    """
    key: str = getattr(request, "request_id")  # noqa: B009 - every mutation's message has it
    if not key:
        return await run()
    scope = f"{call.method} {call.caller.account_id}"
    body = request.SerializeToString(deterministic=True)
    key_hash = _digest(b"key", key.encode(), secret)
    request_hash = _digest(b"request", body, secret)
    connection = transaction.connection
    first = await connection.fetchval(
        """
        INSERT INTO idempotency (scope, key_hash, request_hash) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        scope,
        key_hash,
        request_hash,
    )
    seal = AESGCM(_digest(b"seal", body, secret))
    if first:
        answer = await run()
        nonce = os.urandom(_NONCE_BYTES)
        await connection.execute(
            "UPDATE idempotency SET answer = $3 WHERE scope = $1 AND key_hash = $2",
            scope,
            key_hash,
            nonce + seal.encrypt(nonce, answer.SerializeToString(), None),
        )
        return answer
    row = await connection.fetchrow(
        "SELECT request_hash, answer FROM idempotency WHERE scope = $1 AND key_hash = $2",
        scope,
        key_hash,
    )
    if row is None or row["request_hash"] != request_hash:
        raise KeyReused
    sealed: bytes = row["answer"]
    return answer_type.FromString(seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None))


def _digest(purpose: bytes, data: bytes, secret: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32, key=secret, person=purpose).digest()
