"""Messages that name what must hold when they are sent."""

from alembic import op

from kit.tables import add_courier_permit

revision = "0009"
down_revision = "0008"

older_code = {
    "courier_message.courier_message_outcome_check is new or another": (
        "writes the outcomes that it always wrote, all of them admitted"
    ),
}


def upgrade() -> None:
    add_courier_permit(op)
