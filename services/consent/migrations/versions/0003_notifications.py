"""What is to be told to whom, and mailings."""

from alembic import op

from kit.tables import add_courier_permit

revision = "0003"
down_revision = "0001"

_CREATE = (
    # A cause is told once: the row outlives the telling for as long as a cause may come again.
    """
    CREATE TABLE notification (
        id uuid PRIMARY KEY,
        cause text NOT NULL UNIQUE,
        kind text NOT NULL,
        customer_id uuid,
        facts jsonb NOT NULL,
        due_at timestamptz NOT NULL,
        not_after timestamptz,
        topic text NOT NULL,
        state text NOT NULL CHECK (state IN ('WAITING', 'WRITTEN', 'DROPPED')),
        reason text,
        attempts integer NOT NULL DEFAULT 0,
        leased_until timestamptz,
        ended_at timestamptz,
        CHECK ((state = 'DROPPED') = (reason IS NOT NULL)),
        CHECK ((state = 'WAITING') = (ended_at IS NULL))
    )
    """,
    "CREATE INDEX notification_due ON notification (due_at) WHERE state = 'WAITING'",
    "CREATE INDEX notification_topic ON notification (topic)",
    "CREATE INDEX notification_customer_id ON notification (customer_id)",
    "CREATE INDEX notification_ended ON notification (ended_at) WHERE ended_at IS NOT NULL",
)


def upgrade() -> None:
    add_courier_permit(op)
    for statement in _CREATE:
        op.execute(statement)
