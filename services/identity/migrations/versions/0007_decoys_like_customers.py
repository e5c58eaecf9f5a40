"""Rows to count tries on where nobody has a number, like those of customers but for the person."""

from alembic import op

revision = "0007"
down_revision = "0006"

_CREATE = (
    "CREATE TABLE customer_decoy (LIKE customer INCLUDING ALL) WITH (fillfactor = 50)",
    """
    INSERT INTO customer_decoy
        (id, number, name, email, mobile, pin_hash, pin_is_short, pin_tries, status)
    SELECT gen_random_uuid(), slot::text, repeat('x', 20), repeat('x', 20) || slot,
        '+4790000000', repeat('x', 80), false, 0, 'ACTIVE'
    FROM generate_series(0, 1023) slot
    """,
    # The version before still counts on pin_decoy, which the next release can drop.
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)
