"""A customer may give tickets back by a link in a letter."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE reservation_change ADD COLUMN by_link boolean NOT NULL DEFAULT false")
