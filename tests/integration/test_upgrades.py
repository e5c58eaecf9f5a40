"""The release before goes on working while and after a migration runs.

What it cannot stand is named here, unless the migration itself says in `older_code` how such code
fares, such as that the release before has stopped using it: then it is the second step of two.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import asyncpg
import pytest

import services.consent.migrations
import services.events.migrations
import services.identity.migrations
import services.metering.migrations
from kit import migrations
from kit.testing import Neighbours
from tests.integration.catalogue import breaks, catalogue_of

_BEFORE = """
    CREATE TABLE guest (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        note text,
        seats integer NOT NULL DEFAULT 1,
        number text UNIQUE,
        state text CHECK (state IN ('A', 'B'))
    );
    CREATE TABLE event (id bigint PRIMARY KEY);
    CREATE UNIQUE INDEX guest_note ON guest (note);
    CREATE VIEW guest_name AS SELECT id, name FROM guest;
    CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
"""

HARMLESS = [
    "CREATE TABLE new (id bigint PRIMARY KEY, name text NOT NULL)",
    "ALTER TABLE guest ADD COLUMN email text",
    "ALTER TABLE guest ADD COLUMN email text NOT NULL DEFAULT ''",
    "ALTER TABLE guest ADD COLUMN email text CHECK (email LIKE '%@%')",
    "ALTER TABLE guest ADD COLUMN event_id bigint UNIQUE REFERENCES event (id)",
    "ALTER TABLE guest ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE guest ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE guest DROP CONSTRAINT guest_state_check",
    "CREATE INDEX guest_state ON guest (state)",
    "CREATE OR REPLACE VIEW guest_name AS SELECT id, name, seats FROM guest",
    "CREATE OR REPLACE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n + n'",
    "COMMENT ON TABLE guest IS 'Somebody who comes'",
]

PLANTED = {
    "DROP TABLE event": "event is gone",
    "ALTER TABLE event RENAME TO happening": "event is gone",
    "ALTER TABLE guest DROP COLUMN seats": "guest.seats is gone",
    "ALTER TABLE guest RENAME COLUMN seats TO places": "guest.seats is gone",
    "ALTER TABLE guest ALTER COLUMN seats TYPE text": "guest.seats was integer and is text",
    "ALTER TABLE guest ALTER COLUMN note SET NOT NULL": "guest.note is required",
    "ALTER TABLE guest ALTER COLUMN seats DROP DEFAULT": "guest.seats has lost its default",
    "ALTER TABLE guest ADD COLUMN email text NOT NULL": "guest.email is new and required",
    "ALTER TABLE guest ADD CONSTRAINT few CHECK (seats < 9)": "guest.few is new or another",
    "ALTER TABLE guest ADD CONSTRAINT one UNIQUE (name)": "guest.one is new or another",
    "CREATE UNIQUE INDEX one ON guest (lower(name))": "guest.one is new or another",
    "ALTER TABLE guest ADD CONSTRAINT at FOREIGN KEY (id) REFERENCES event (id)": (
        "guest.at is new or another"
    ),
    """
    ALTER TABLE guest DROP CONSTRAINT guest_state_check,
        ADD CONSTRAINT guest_state_check CHECK (state IN ('A', 'B', 'C'))
    """: "guest.guest_state_check is new or another",
    "ALTER TABLE guest DROP CONSTRAINT guest_number_key": "guest.guest_number_key is gone",
    "DROP INDEX guest_note": "guest.guest_note is gone",
    "DROP VIEW guest_name": "guest_name is gone",
    "DROP FUNCTION twice": "twice(integer) is gone or another",
    """
    CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$no$$; END';
    CREATE TRIGGER never BEFORE DELETE ON guest FOR EACH STATEMENT EXECUTE FUNCTION no();
    """: "guest.never is new or another",
    # However it is written.
    "DO $$ BEGIN EXECUTE 'ALTER TABLE guest DROP ' || 'seats'; END $$": "guest.seats is gone",
}


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(services.identity.migrations, id="identity"),
        pytest.param(services.metering.migrations, id="metering"),
        pytest.param(services.consent.migrations, id="consent"),
        pytest.param(services.events.migrations, id="events"),
    ],
)
async def test_the_release_before_stands_every_migration(
    neighbours: Neighbours, service: ModuleType
) -> None:
    folder = Path(str(service.__file__)).parent
    url = await neighbours.empty_database()
    before = await catalogue_of(url)
    scripts = [*migrations.revisions(folder).walk_revisions()][::-1]
    assert len(scripts) > 1
    for script in scripts:
        await migrations.upgrade(folder, url, script.revision)
        after = await catalogue_of(url)
        said = cast("Mapping[str, str]", getattr(script.module, "older_code", {}))
        problems = unexplained([*breaks(before, after)], said)
        assert problems == [], f"{script.path}: {problems}; see CONTRIBUTING.md, a new table"
        before = after


@pytest.mark.parametrize("statement", HARMLESS)
async def test_what_older_code_need_not_know_is_harmless(
    neighbours: Neighbours, statement: str
) -> None:
    assert await _breaks_of(neighbours, statement) == []


@pytest.mark.parametrize(("statement", "finding"), PLANTED.items())
async def test_what_older_code_cannot_stand_is_named(
    neighbours: Neighbours, statement: str, finding: str
) -> None:
    assert await _breaks_of(neighbours, statement) == [finding]


def test_a_second_step_must_name_what_it_takes_away_and_why() -> None:
    found = ["guest.seats is gone"]
    assert unexplained(found, {}) == found
    assert unexplained(found, {"guest.seats is gone": "has not read it since 0007"}) == []
    assert unexplained(found, {"guest.seats is gone": " "}) == found


def test_an_explanation_of_nothing_is_refused() -> None:
    stale = {"guest.seats is gone": "has not read it since 0007"}
    assert unexplained([], stale) == ["guest.seats is gone"]


def unexplained(found: Sequence[str], said: Mapping[str, str]) -> Sequence[str]:
    """Returns what is found without an explanation, and what is explained and not found."""
    explained = {what for what, why in said.items() if why.strip()}
    return sorted(explained.symmetric_difference(found))


async def _breaks_of(neighbours: Neighbours, statement: str) -> Sequence[str]:
    """Returns what a statement breaks."""
    url = await neighbours.empty_database()
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(_BEFORE)
        before = await catalogue_of(url)
        await connection.execute(statement)
        return [*breaks(before, await catalogue_of(url))]
    finally:
        await connection.close()
