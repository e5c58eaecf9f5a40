"""A customer who was erased has no number, and what staff did is never changed."""

from alembic import op

from kit.tables import make_append_only

revision = "0002"
down_revision = "0001"

older_code = {
    "reservation_change.append_only is new or another": ("only adds rows"),
    "door_record.append_only is new or another": ("only adds rows"),
}


def upgrade() -> None:
    op.execute("ALTER TABLE customer ALTER COLUMN number DROP NOT NULL")
    op.execute("COMMENT ON COLUMN customer.number IS 'null once the customer is erased'")
    make_append_only(op, "reservation_change")
    make_append_only(op, "door_record")
