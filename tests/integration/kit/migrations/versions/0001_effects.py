"""The tables of the chassis, and one for what events and requests do."""

from alembic import op

from kit.tables import (
    add_courier_permit,
    add_dead_letter_outcome,
    create_chassis_tables,
    create_courier_table,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)  # pyright: ignore[reportArgumentType] - Alembic's proxy
    create_courier_table(op)  # pyright: ignore[reportArgumentType] - Alembic's proxy
    add_courier_permit(op)  # pyright: ignore[reportArgumentType] - Alembic's proxy
    add_dead_letter_outcome(op)  # pyright: ignore[reportArgumentType] - Alembic's proxy
    op.execute("CREATE TABLE permission (name text PRIMARY KEY, given boolean NOT NULL)")
    op.execute("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL)")
