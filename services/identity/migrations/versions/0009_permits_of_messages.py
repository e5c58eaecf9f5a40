"""Messages that name what must hold when they are sent."""

from alembic import op

from kit.tables import add_courier_permit

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    add_courier_permit(op)
