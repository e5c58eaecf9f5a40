"""Customers, purposes, privacy notices, the ledger, and what holds now."""

from alembic import op

from kit.tables import (
    create_chassis_tables,
    create_courier_table,
    create_staff_action_table,
    make_append_only,
)

revision = "0001"
down_revision = None

_CREATE = (
    """
    CREATE TABLE customer (
        id uuid PRIMARY KEY,
        number text UNIQUE,
        status text NOT NULL CHECK (status IN ('ACTIVE', 'MOVED', 'DECEASED', 'ERASED')),
        CHECK (status <> 'ERASED' OR number IS NULL)
    )
    """,
    """
    CREATE TABLE purpose (
        id text PRIMARY KEY CHECK (id ~ '^[a-z]+(-[a-z]+)*$'),
        rank smallint NOT NULL,
        notice text NOT NULL,
        channels text[] NOT NULL,
        name_nn text NOT NULL,
        name_nb text NOT NULL,
        name_en text NOT NULL
    )
    """,
    """
    CREATE TABLE notice_version (
        notice text NOT NULL CHECK (notice ~ '^[a-z]+(-[a-z]+)*$'),
        version integer NOT NULL CHECK (version > 0),
        is_material boolean NOT NULL,
        published_at timestamptz NOT NULL,
        PRIMARY KEY (notice, version)
    )
    """,
    """
    CREATE TABLE notice_text (
        notice text NOT NULL,
        version integer NOT NULL,
        language text NOT NULL CHECK (language IN ('nn', 'nb', 'en')),
        title text NOT NULL,
        body text NOT NULL,
        sha256 bytea NOT NULL CHECK (length(sha256) = 32),
        PRIMARY KEY (notice, version, language),
        FOREIGN KEY (notice, version) REFERENCES notice_version
    )
    """,
    # Without a foreign key: a row outlives whatever it names. The channel is empty where a purpose
    # has none.
    """
    CREATE TABLE ledger (
        position bigint PRIMARY KEY CHECK (position > 0),
        customer_id uuid NOT NULL,
        seq integer NOT NULL CHECK (seq > 0),
        purpose text NOT NULL,
        channel text NOT NULL,
        decision text NOT NULL CHECK (decision IN ('GIVEN', 'WITHDRAWN', 'EXPIRED')),
        notice_version integer NOT NULL,
        notice_sha256 bytea NOT NULL,
        language text NOT NULL,
        actor text NOT NULL CHECK (actor IN ('CUSTOMER', 'STAFF', 'SYSTEM')),
        actor_id uuid,
        source text NOT NULL,
        evidence text NOT NULL,
        happened_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL,
        UNIQUE (customer_id, seq)
    )
    """,
    """
    CREATE TABLE ledger_anchor (
        position bigint PRIMARY KEY,
        digest bytea NOT NULL CHECK (length(digest) = 32),
        anchored_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE consent (
        customer_id uuid NOT NULL REFERENCES customer,
        purpose text NOT NULL,
        channel text NOT NULL,
        decision text NOT NULL,
        notice_version integer NOT NULL,
        position bigint NOT NULL,
        decided_at timestamptz NOT NULL,
        PRIMARY KEY (customer_id, purpose, channel)
    )
    """,
)


def upgrade() -> None:
    create_chassis_tables(op)
    create_courier_table(op)
    create_staff_action_table(op)
    for statement in _CREATE:
        op.execute(statement)
    for table in ("notice_version", "notice_text", "ledger", "ledger_anchor"):
        make_append_only(op, table)
