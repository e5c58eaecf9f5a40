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
_CREATE_COURIER = (
    """
    CREATE TABLE courier_message (
        id uuid PRIMARY KEY,
        channel text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
        purpose text NOT NULL,
        recipient_hash bytea,
        content bytea,
        queued_at timestamptz NOT NULL,
        not_after timestamptz NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL,
        outcome text CHECK (outcome IN ('SENT', 'REFUSED', 'EXPIRED', 'LIMITED', 'UNWANTED')),
        ended_at timestamptz,
        CHECK ((outcome IS NULL) = (ended_at IS NULL)),
        CHECK ((outcome IS NULL) = (content IS NOT NULL))
    )
    """,
    """
    CREATE INDEX courier_message_waiting ON courier_message (channel, not_after)
    WHERE outcome IS NULL
    """,
    """
    CREATE INDEX courier_message_recipient ON courier_message (recipient_hash, purpose, queued_at)
    WHERE recipient_hash IS NOT NULL
    """,
)
_ADD_COURIER_PERMIT = (
    """
    ALTER TABLE courier_message
        ADD COLUMN permit text,
        DROP CONSTRAINT courier_message_outcome_check,
        ADD CONSTRAINT courier_message_outcome_check CHECK (
            outcome IN ('SENT', 'REFUSED', 'EXPIRED', 'LIMITED', 'UNWANTED', 'WITHDRAWN')
        )
    """,
    """
    CREATE INDEX courier_message_permit ON courier_message (permit)
    WHERE outcome IS NULL AND permit IS NOT NULL
    """,
)
_ADD_DEAD_LETTER_OUTCOME = """
    ALTER TABLE dead_letter
        ADD COLUMN outcome text CHECK (outcome IN ('REPLAYED', 'DISCARDED')),
        ADD COLUMN settled_at timestamptz,
        ADD COLUMN settled_by uuid,
        ADD COLUMN settled_because text,
        ADD CHECK (num_nulls(outcome, settled_at, settled_by, settled_because) IN (0, 4))
"""
_CREATE_STAFF_ACTION = (
    """
    CREATE TABLE staff_action (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL,
        staff_account_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        action text NOT NULL,
        reason text NOT NULL
    )
    """,
    "CREATE INDEX staff_action_customer_id ON staff_action (customer_id, id)",
)
_REFUSE_CHANGES = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""
_FORGET = (
    "DELETE FROM outbox WHERE sent_at < now() - interval '7 days'",
    "DELETE FROM inbox WHERE handled_at < now() - interval '60 days'",
    "DELETE FROM idempotency WHERE asked_at < now() - interval '7 days'",
)


def create_chassis_tables(op: Operations) -> None:
    """Creates outbox, inbox, dead letters and idempotency, in a service's first migration."""
    for statement in _CREATE:
        op.execute(statement)


def create_courier_table(op: Operations) -> None:
    """Creates the queue of messages to people, for a service that sends some.

    What waits has sealed content, and is due when the lease of whoever sends it ends or when it is
    to be tried again. What has ended has an outcome, and no content.
    """
    for statement in _CREATE_COURIER:
        op.execute(statement)


def add_courier_permit(op: Operations) -> None:
    """Has queued messages name what must hold when they are sent; after `create_courier_table`.

    What no longer held has the outcome WITHDRAWN. What waits is found by its permit.
    """
    for statement in _ADD_COURIER_PERMIT:
        op.execute(statement)


def add_dead_letter_outcome(op: Operations) -> None:
    """Has dead letters say what became of them, by whom and why: see `kit.dead_letters`."""
    op.execute(_ADD_DEAD_LETTER_OUTCOME)


def create_staff_action_table(op: Operations) -> None:
    """Creates the log of what staff did to customers: see `kit.audit`."""
    for statement in _CREATE_STAFF_ACTION:
        op.execute(statement)
    make_append_only(op, "staff_action")


def make_append_only(op: Operations, table: str) -> None:
    """Has the database refuse to change and to delete rows of a table, whoever asks for it."""
    op.execute(_REFUSE_CHANGES)
    op.execute(
        f"""
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


async def forget_old(connection: Connection) -> None:
    """Deletes what is no longer needed.

    Sent events go after a week, as do answers kept for retries. The inbox is kept for longer than
    the bus keeps a message, since it is what makes a late redelivery harmless.
    """
    for statement in _FORGET:
        await connection.execute(statement)
