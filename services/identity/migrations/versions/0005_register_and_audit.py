"""What becomes of customers and accounts, and the log of what staff did to customers."""

from alembic import op

from kit.tables import create_staff_action_table

revision = "0005"
down_revision = "0004"

older_code = {
    "customer.customer_check is new or another": (
        "gives every customer a number, and erases nobody"
    ),
}

_CHANGE = (
    # With a default, for as long as the version before writes customers as well.
    """
    ALTER TABLE customer
        ADD COLUMN status text NOT NULL DEFAULT 'ACTIVE'
            CHECK (status IN ('ACTIVE', 'MOVED', 'DECEASED')),
        ADD COLUMN erased_at timestamptz,
        ALTER COLUMN number DROP NOT NULL,
        ADD CHECK ((erased_at IS NULL) = (number IS NOT NULL))
    """,
    # Sessions outlive their account by the time for which it is told that they have ended.
    "ALTER TABLE session DROP CONSTRAINT session_account_id_fkey",
)


def upgrade() -> None:
    create_staff_action_table(op)
    for statement in _CHANGE:
        op.execute(statement)
