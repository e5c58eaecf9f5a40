"""A mobile number is confirmed on one account at a time, and staff are found among all accounts."""

from alembic import op

revision = "0008"
down_revision = "0007"

older_code = {
    "account.account_mobile is new or another": (
        "takes no number away, and so cannot confirm one that is another account's: this fails, as"
        " it should not have succeeded before"
    ),
}

_CHANGE = (
    # Nobody confirms a number between the two statements that follow.
    "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE",
    # Which of several accounts has confirmed a number last was never kept, and the others prove
    # nothing any longer. So none keeps it: until its owner confirms it again, each of their
    # customers is reached at the number on file.
    """
    UPDATE account SET mobile = '' WHERE mobile IN (
        SELECT mobile FROM account WHERE mobile <> '' GROUP BY mobile HAVING count(*) > 1
    )
    """,
    "CREATE UNIQUE INDEX account_mobile ON account (mobile) WHERE mobile <> ''",
    "CREATE INDEX account_staff ON account (id) WHERE roles <> '{}'",
)


def upgrade() -> None:
    for statement in _CHANGE:
        op.execute(statement)
