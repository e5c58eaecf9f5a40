"""Rate books, all that were loaded."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CREATE = (
    """
    CREATE TABLE rate_book (
        revision integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        loaded_at timestamptz NOT NULL DEFAULT now(),
        text text NOT NULL
    )
    """,
    "COMMENT ON COLUMN rate_book.text IS 'the file, TOML'",
    """
    CREATE TABLE rate (
        revision integer NOT NULL REFERENCES rate_book,
        kind text NOT NULL,
        scope text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        data jsonb NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (revision, kind, scope, valid_from),
        CHECK (valid_to > valid_from)
    )
    """,
    """
    COMMENT ON COLUMN rate.scope IS
        'a zone, price area, grid company or product; empty for the whole country'
    """,
    "COMMENT ON COLUMN rate.valid_to IS 'exclusive; null while it holds'",
    "COMMENT ON COLUMN rate.data IS 'in the words of the file, ex. VAT'",
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)
