"""What is to be told to whom, and mailings."""

from alembic import op

from kit.tables import add_courier_permit

revision = "0003"
down_revision = "0002"

older_code = {
    "courier_message.courier_message_outcome_check is new or another": (
        "writes the outcomes that it always wrote, all of them admitted"
    ),
}

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
    "CREATE INDEX notification_topic ON notification (topic, state)",
    "CREATE INDEX notification_customer_id ON notification (customer_id)",
    "CREATE INDEX notification_ended ON notification (ended_at) WHERE ended_at IS NOT NULL",
    """
    CREATE TABLE mailing (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        purpose text NOT NULL,
        texts jsonb NOT NULL,
        facts jsonb NOT NULL,
        topic text NOT NULL,
        not_after timestamptz,
        state text NOT NULL
            CHECK (state IN ('DRAFT', 'SCHEDULED', 'SENDING', 'SENT', 'STOPPED')),
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        created_by uuid,
        changed_at timestamptz NOT NULL,
        changed_by uuid,
        send_at timestamptz,
        scheduled_by uuid,
        starts_at timestamptz,
        ended_at timestamptz,
        stopped_by uuid,
        after uuid,
        is_through boolean NOT NULL,
        progress jsonb,
        CHECK ((state = 'DRAFT') = (starts_at IS NULL)),
        CHECK ((state IN ('SENT', 'STOPPED')) = (ended_at IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX mailing_topic ON mailing (kind, topic) WHERE topic <> ''",
    """
    CREATE INDEX mailing_to_tend ON mailing (state)
    WHERE state = 'SCHEDULED' OR state = 'SENDING'
    """,
    # By a keyed hash: two customers may share an address, which gets a mailing once.
    """
    CREATE TABLE mailing_address (
        mailing_id uuid NOT NULL REFERENCES mailing ON DELETE CASCADE,
        hash text NOT NULL,
        PRIMARY KEY (mailing_id, hash)
    )
    """,
    # The permit of a letter begins with its mailing.
    """
    CREATE INDEX courier_message_mailing ON courier_message ("left"(permit, 36), outcome)
    WHERE permit IS NOT NULL
    """,
)


def upgrade() -> None:
    add_courier_permit(op)
    for statement in _CREATE:
        op.execute(statement)
