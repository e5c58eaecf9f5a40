"""Customers, accounts and sessions."""

from alembic import op

from kit.tables import create_chassis_tables

revision = "0001"
down_revision = None

_CREATE = (
    """
    CREATE TABLE account (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        email_key text NOT NULL UNIQUE,
        password_hash text NOT NULL,
        password_version integer NOT NULL,
        roles text[] NOT NULL
    )
    """,
    """
    CREATE TABLE customer (
        id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE,
        name text NOT NULL,
        email text NOT NULL,
        mobile text NOT NULL,
        pin_hash text,
        pin_is_short boolean NOT NULL,
        pin_tries smallint NOT NULL,
        account_id uuid REFERENCES account
    )
    """,
    "CREATE INDEX customer_account_id ON customer (account_id)",
    # What is counted up often has room on its page, so that no index is touched.
    "ALTER TABLE customer SET (fillfactor = 90)",
    """
    CREATE TABLE pin_decoy (slot integer PRIMARY KEY, tries bigint NOT NULL)
    WITH (fillfactor = 50)
    """,
    "INSERT INTO pin_decoy SELECT slot, 0 FROM generate_series(0, 1023) slot",
    """
    CREATE TABLE session (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES account,
        authenticated_at timestamptz NOT NULL,
        methods text[] NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX session_account_id ON session (account_id)",
    """
    CREATE TABLE refresh_token (
        hash bytea PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES session,
        used_at timestamptz,
        successor bytea
    )
    """,
    "CREATE INDEX refresh_token_session_id ON refresh_token (session_id)",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _CREATE:
        op.execute(statement)
