"""Codes, known devices, tries of late, web sessions, and messages to people."""

from alembic import op

from kit.tables import create_courier_table

revision = "0003"
down_revision = "0002"

_CHANGE = (
    # With defaults, for as long as the version before writes accounts and sessions as well.
    """
    ALTER TABLE account
        ADD COLUMN language text NOT NULL DEFAULT 'nn',
        ADD COLUMN mobile text NOT NULL DEFAULT '',
        ALTER COLUMN password_hash DROP NOT NULL
    """,
    """
    ALTER TABLE session
        ADD COLUMN client text NOT NULL DEFAULT 'APP',
        ADD COLUMN idle_at timestamptz
    """,
    """
    CREATE TABLE device (
        token bytea PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
        last_used_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX device_account_id ON device (account_id)",
    """
    CREATE TABLE throttle (
        key bytea PRIMARY KEY,
        tries timestamptz[] NOT NULL,
        most smallint NOT NULL,
        within interval NOT NULL
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE challenge (
        id uuid PRIMARY KEY,
        purpose text NOT NULL,
        subject bytea NOT NULL,
        account_id uuid REFERENCES account ON DELETE CASCADE,
        customer_id uuid REFERENCES customer,
        contact text,
        password_hash text,
        language text NOT NULL,
        code_hash text,
        contact_code_hash text,
        tries smallint NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    # A subject has one open challenge of a purpose: asking again ends the one before.
    """
    CREATE UNIQUE INDEX challenge_open ON challenge (purpose, subject) WHERE ended_at IS NULL
    """,
    "CREATE INDEX challenge_account_id ON challenge (account_id)",
    "CREATE INDEX challenge_expires_at ON challenge (expires_at)",
    """
    CREATE TABLE email_change (
        undo_token bytea PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
        old_email text NOT NULL,
        old_email_key text NOT NULL,
        changed_at timestamptz NOT NULL,
        until timestamptz NOT NULL
    )
    """,
    "CREATE INDEX email_change_account_id ON email_change (account_id)",
    "CREATE INDEX email_change_old_email_key ON email_change (old_email_key)",
    # With indexes on what the company has on file, counting a try must stay on its page, as it does
    # for a number that is nobody's: else its time would tell who is a customer.
    "ALTER TABLE customer SET (fillfactor = 50)",
    # For finding customers by what the company has on file.
    "CREATE INDEX customer_email_key ON customer (lower(normalize(email, NFKC)))",
    "CREATE INDEX customer_mobile ON customer (mobile)",
)


def upgrade() -> None:
    create_courier_table(op)
    for statement in _CHANGE:
        op.execute(statement)
