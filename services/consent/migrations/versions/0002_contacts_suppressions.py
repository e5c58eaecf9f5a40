"""How customers are reached, and addresses that nothing is sent to."""

from alembic import op

from kit.tables import make_append_only

revision = "0002"
down_revision = "0001"

older_code = {
    "customer.customer_check1 is new or another": "leaves all that it is about at its defaults",
}

_CHANGE = (
    # What is known is what identity knows if there is no moment to ask it at. A customer who has
    # just come is to be asked for at once.
    """
    ALTER TABLE customer
        ADD account_id uuid,
        ADD language text NOT NULL DEFAULT '',
        ADD email_hash text,
        ADD is_email_confirmed boolean NOT NULL DEFAULT false,
        ADD mobile_hash text,
        ADD is_mobile_confirmed boolean NOT NULL DEFAULT false,
        ADD contact_version integer NOT NULL DEFAULT 1,
        ADD ask_at timestamptz DEFAULT '-infinity',
        ADD CHECK (status <> 'ERASED' OR (
            account_id IS NULL AND language = '' AND email_hash IS NULL AND mobile_hash IS NULL
            AND NOT is_email_confirmed AND NOT is_mobile_confirmed
        ))
    """,
    "CREATE INDEX customer_ask_at ON customer (ask_at) WHERE ask_at IS NOT NULL",
    """
    CREATE TABLE suppression (
        id uuid PRIMARY KEY,
        medium text NOT NULL CHECK (medium IN ('EMAIL', 'MOBILE')),
        reason text NOT NULL
            CHECK (reason IN ('HARD_BOUNCE', 'COMPLAINT', 'RESERVATION_REGISTER', 'MANUAL')),
        since timestamptz NOT NULL,
        note text NOT NULL
    )
    """,
    """
    CREATE TABLE suppressed_address (
        hash text NOT NULL,
        suppression_id uuid NOT NULL REFERENCES suppression ON DELETE CASCADE,
        PRIMARY KEY (hash, suppression_id)
    )
    """,
    "CREATE INDEX suppressed_address_suppression_id ON suppressed_address (suppression_id)",
    """
    CREATE TABLE suppression_removal (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL,
        staff_account_id uuid NOT NULL,
        medium text NOT NULL,
        reason text NOT NULL,
        address_hash text NOT NULL,
        why text NOT NULL CHECK (why <> '')
    )
    """,
    # The last decision of each customer, as of any position, without a look at the rows.
    """
    CREATE INDEX ledger_purpose ON ledger (purpose, channel, customer_id, position DESC)
        INCLUDE (decision, notice_version)
    """,
)


def upgrade() -> None:
    for statement in _CHANGE:
        op.execute(statement)
    make_append_only(op, "suppression_removal")
