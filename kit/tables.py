"""The tables that every service's database has beside its own."""

from typing import Protocol

from kit.postgres import Connection


class Operations(Protocol):
    """What `alembic.op` is: a module with the functions of the migration under way."""

    def execute(self, sqltext: str, /) -> None:
        """Runs a statement."""
        ...


_CREATE = (
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        subject text NOT NULL,
        type text NOT NULL,
        payload bytea NOT NULL,
        occurred_at timestamptz NOT NULL,
        traceparent text,
        sent_at timestamptz
    )
    """,
    "CREATE INDEX outbox_unsent ON outbox (seq) WHERE sent_at IS NULL",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
    )
    """,
    """
    CREATE TABLE dead_letter (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        subject text NOT NULL,
        type text NOT NULL,
        payload bytea NOT NULL,
        occurred_at timestamptz NOT NULL,
        traceparent text,
        reason text NOT NULL,
        buried_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
    )
    """,
    """
    CREATE TABLE idempotency (
        scope text NOT NULL,
        key_hash bytea NOT NULL,
        request_hash bytea NOT NULL,
        answer bytea,
        asked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, key_hash)
    )
    """,
)
_FORGET = (
    "DELETE FROM outbox WHERE sent_at < now() - interval '7 days'",
    "DELETE FROM inbox WHERE handled_at < now() - interval '60 days'",
    "DELETE FROM idempotency WHERE asked_at < now() - interval '7 days'",
)


def create_chassis_tables(op: Operations) -> None:
    """Creates outbox, inbox, dead letters and idempotency, in a service's first migration."""
    for statement in _CREATE:
        op.execute(statement)


async def forget_old(connection: Connection) -> None:
    """Deletes what is no longer needed.

    Sent events go after a week, as do answers kept for retries. The inbox is kept for longer than
    the bus keeps a message, since it is what makes a late redelivery harmless.
    """
    for statement in _FORGET:
        await connection.execute(statement)
