"""What the device of a session is called and when it was last used, and which sessions ended."""

from alembic import op

revision = "0002"
down_revision = "0001"

_CHANGE = (
    # With defaults, for as long as the version before writes sessions as well.
    """
    ALTER TABLE session
        ADD COLUMN device text NOT NULL DEFAULT '',
        ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now()
    """,
    "CREATE INDEX session_ended_at ON session (ended_at)",
)


def upgrade() -> None:
    for statement in _CHANGE:
        op.execute(statement)
