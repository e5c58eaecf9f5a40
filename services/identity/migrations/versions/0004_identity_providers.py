"""Logins with third parties: flows that are under way, and links."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CHANGE = (
    """
    CREATE TABLE provider_flow (
        state bytea PRIMARY KEY,
        secret bytea NOT NULL,
        provider_id text NOT NULL,
        client text NOT NULL,
        account_id uuid REFERENCES account ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX provider_flow_account_id ON provider_flow (account_id)",
    "CREATE INDEX provider_flow_expires_at ON provider_flow (expires_at)",
    # A person at an issuer has one account, and an account is one person at each issuer.
    """
    CREATE TABLE provider_link (
        issuer text NOT NULL,
        subject text NOT NULL,
        account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
        linked_at timestamptz NOT NULL,
        PRIMARY KEY (issuer, subject),
        UNIQUE (account_id, issuer)
    )
    """,
)


def upgrade() -> None:
    for statement in _CHANGE:
        op.execute(statement)
