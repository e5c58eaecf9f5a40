"""Dead letters say what became of them."""

from alembic import op

from kit.tables import add_dead_letter_outcome

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_dead_letter_outcome(op)
