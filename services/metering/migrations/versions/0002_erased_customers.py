"""A customer who was erased has no number."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE customer ALTER COLUMN number DROP NOT NULL")
    op.execute("COMMENT ON COLUMN customer.number IS 'null once the customer is erased'")
