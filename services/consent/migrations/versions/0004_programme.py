"""Events and reservations as they were told of, and what staff are to be told."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CREATE = (
    """
    CREATE TABLE event (
        id uuid PRIMARY KEY,
        title text NOT NULL,
        venue text NOT NULL,
        starts_at timestamptz NOT NULL,
        capacity integer NOT NULL,
        moves integer NOT NULL DEFAULT 0,
        cancelled_because text,
        guest_lists smallint NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX event_starts_at ON event (starts_at)",
    """
    CREATE TABLE reservation (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        tickets integer NOT NULL,
        changes integer NOT NULL,
        since timestamptz NOT NULL,
        reminders smallint NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX reservation_event_id ON reservation (event_id) WHERE tickets > 0",
    """
    CREATE TABLE staff_notice (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        what text NOT NULL
            CHECK (what IN ('reserved', 'released', 'cancelled', 'waiting', 'left')),
        tickets integer NOT NULL,
        total integer
    )
    """,
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)
