"""Authenticator apps, recovery codes and passkeys."""

from alembic import op

revision = "0006"
down_revision = "0005"

_CREATE = (
    """
    CREATE TABLE totp (
        account_id uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
        secret text NOT NULL,
        last_step bigint NOT NULL,
        set_up_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE begun_totp (
        account_id uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
        secret text NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE recovery_code (
        account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
        hash text NOT NULL,
        PRIMARY KEY (account_id, hash)
    )
    """,
    """
    CREATE TABLE passkey (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
        credential_id bytea NOT NULL UNIQUE,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX passkey_account_id ON passkey (account_id)",
    """
    CREATE TABLE passkey_challenge (
        id uuid PRIMARY KEY,
        value bytea NOT NULL,
        ceremony text NOT NULL,
        account_id uuid REFERENCES account ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX passkey_challenge_account_id ON passkey_challenge (account_id)",
    "CREATE INDEX passkey_challenge_expires_at ON passkey_challenge (expires_at)",
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)
