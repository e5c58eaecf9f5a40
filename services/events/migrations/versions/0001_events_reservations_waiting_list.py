"""Events, reservations, the waiting list and the door."""

from alembic import op

from kit.tables import create_chassis_tables

revision = "0001"
down_revision = None

_CREATE = (
    """
    CREATE TABLE event (
        id uuid PRIMARY KEY,
        title text NOT NULL,
        text text NOT NULL,
        venue text NOT NULL,
        starts_at timestamptz NOT NULL,
        sales_open_at timestamptz NOT NULL,
        sales_close_at timestamptz NOT NULL,
        waiting_list_closes_at timestamptz NOT NULL,
        max_per_customer smallint NOT NULL CHECK (max_per_customer > 0),
        status text NOT NULL CHECK (status IN ('DRAFT', 'PUBLISHED', 'CANCELLED')),
        published_at timestamptz,
        cancel_reason text NOT NULL,
        ballot_closes_at timestamptz,
        ballot_seed bytea,
        ballot_drawn_at timestamptz,
        CHECK (CASE status WHEN 'DRAFT' THEN published_at IS NULL
                           WHEN 'PUBLISHED' THEN published_at IS NOT NULL ELSE true END),
        CHECK ((ballot_closes_at IS NULL) = (ballot_seed IS NULL))
    )
    """,
    "CREATE INDEX event_starts_at ON event (starts_at)",
    # The row that is locked by whoever changes any seat of the event. It is updated in place.
    """
    CREATE TABLE inventory (
        event_id uuid PRIMARY KEY REFERENCES event,
        capacity integer NOT NULL CHECK (capacity >= 0),
        reserved integer NOT NULL CHECK (reserved >= 0),
        held integer NOT NULL CHECK (held >= 0),
        next_place bigint NOT NULL,
        version bigint NOT NULL
    ) WITH (fillfactor = 10)
    """,
    # No foreign keys on hot tables: everything of an event is written with its inventory locked,
    # and nothing is ever deleted.
    """
    CREATE TABLE reservation (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('ACTIVE', 'RELEASED', 'CANCELLED')),
        quantity smallint NOT NULL CHECK (quantity >= 0),
        reserved_at timestamptz NOT NULL,
        version bigint NOT NULL,
        UNIQUE (event_id, customer_id)
    )
    """,
    "CREATE INDEX reservation_customer_id ON reservation (customer_id)",
    """
    CREATE TABLE ticket (
        id uuid PRIMARY KEY,
        reservation_id uuid NOT NULL,
        event_id uuid NOT NULL,
        token bytea NOT NULL,
        code text NOT NULL,
        status text NOT NULL CHECK (status IN ('ACTIVE', 'RELEASED', 'CANCELLED')),
        used_at timestamptz,
        UNIQUE (event_id, code)
    )
    """,
    "CREATE INDEX ticket_reservation_id ON ticket (reservation_id)",
    "COMMENT ON COLUMN ticket.id IS 'follows from the token: domain/tickets.py'",
    """
    CREATE TABLE reservation_change (
        event_id uuid NOT NULL,
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        reservation_id uuid NOT NULL,
        happened_at timestamptz NOT NULL,
        kind text NOT NULL CHECK (kind IN ('RESERVED', 'ACCEPTED', 'RELEASED', 'CANCELLED')),
        tickets smallint NOT NULL,
        staff_account_id uuid,
        reason text NOT NULL,
        PRIMARY KEY (event_id, sequence)
    )
    """,
    """
    CREATE TABLE waitlist_entry (
        id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('WAITING', 'OFFERED', 'ACCEPTED', 'DECLINED',
                                               'EXPIRED', 'REVOKED', 'LEFT', 'CLOSED')),
        wanted smallint NOT NULL CHECK (wanted > 0),
        least smallint NOT NULL CHECK (least BETWEEN 1 AND wanted),
        place bigint NOT NULL,
        joined_at timestamptz NOT NULL,
        skips integer NOT NULL,
        pooled smallint NOT NULL CHECK (pooled >= 0),
        drawn_as integer
    )
    """,
    "COMMENT ON COLUMN waitlist_entry.drawn_as IS 'its number in the drawn order of a ballot'",
    "CREATE INDEX waitlist_entry_customer_id ON waitlist_entry (customer_id)",
    """
    CREATE UNIQUE INDEX waitlist_entry_live ON waitlist_entry (event_id, customer_id)
        WHERE status IN ('WAITING', 'OFFERED')
    """,
    """
    CREATE INDEX waitlist_entry_in_line ON waitlist_entry (event_id, place)
        WHERE status IN ('WAITING', 'OFFERED')
    """,
    """
    CREATE TABLE offer (
        id uuid PRIMARY KEY,
        entry_id uuid NOT NULL,
        event_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('OPEN', 'ACCEPTED', 'DECLINED', 'EXPIRED',
                                               'REVOKED')),
        tickets smallint NOT NULL CHECK (tickets > 0),
        made_at timestamptz NOT NULL,
        warn_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        told_at timestamptz,
        warned boolean NOT NULL DEFAULT false,
        ended_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX offer_open ON offer (entry_id) WHERE status = 'OPEN'",
    "CREATE INDEX offer_open_event ON offer (event_id) WHERE status = 'OPEN'",
    """
    CREATE TABLE door_record (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL,
        reservation_id uuid,
        kind text NOT NULL CHECK (kind IN ('ADMIT', 'UNDO')),
        ticket_id uuid,
        shown text NOT NULL,
        guests smallint NOT NULL CHECK (guests > 0),
        device text NOT NULL,
        nonce text NOT NULL,
        happened_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        staff_account_id uuid NOT NULL,
        conflict boolean NOT NULL,
        UNIQUE (event_id, device, nonce)
    )
    """,
    "CREATE INDEX door_record_reservation_id ON door_record (reservation_id)",
    # What identity has told. A name is asked for where it was told that something has changed.
    """
    CREATE TABLE customer (
        id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE,
        name text NOT NULL,
        revision integer NOT NULL,
        named_revision integer NOT NULL
    )
    """,
    "CREATE INDEX customer_unnamed ON customer (id) WHERE named_revision < revision",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _CREATE:
        op.execute(statement)
