"""What a database looks like to the code that uses it, and what would be another to older code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import asyncpg

_COLUMNS = """
    SELECT class.relname AS of, attname AS name, format_type(atttypid, atttypmod) AS type,
        attnotnull AS is_required,
        atthasdef OR attidentity <> '' OR attgenerated <> '' AS has_default
    FROM pg_attribute
    JOIN pg_class AS class ON class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
        AND NOT relispartition AND attnum > 0 AND NOT attisdropped
"""
_CONSTRAINTS = """
    SELECT class.relname AS of, conname AS name, pg_get_constraintdef(con.oid) AS definition,
        contype IN ('p', 'u', 'x') AS is_key,
        ARRAY(SELECT attname::text FROM pg_attribute
              WHERE attrelid = conrelid AND attnum = ANY(conkey)) AS columns
    FROM pg_constraint AS con
    JOIN pg_class AS class ON class.oid = conrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT relispartition AND contype <> 'n'
    UNION ALL
    SELECT class.relname, index.relname, pg_get_indexdef(indexrelid), true,
        ARRAY(SELECT attname::text FROM pg_attribute
              WHERE attrelid = indrelid AND attnum = ANY(indkey))
    FROM pg_index
    JOIN pg_class AS class ON class.oid = indrelid
    JOIN pg_class AS index ON index.oid = indexrelid
    WHERE class.relnamespace = 'public'::regnamespace AND NOT class.relispartition AND indisunique
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_TRIGGERS = """
    SELECT class.relname AS of, tgname AS name, pg_get_triggerdef(pg_trigger.oid) AS definition
    FROM pg_trigger
    JOIN pg_class AS class ON class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT relispartition AND NOT tgisinternal
"""
_ROUTINES = """
    SELECT oid::regprocedure::text AS name, pg_get_function_result(oid) AS result
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Column:
    """A column of a table or view."""

    type: str
    is_required: bool
    has_default: bool


@dataclass(frozen=True)
class Constraint:
    """What rows of a table must be; a key is what they can be found or told apart by."""

    definition: str
    is_key: bool
    columns: frozenset[str]


@dataclass(frozen=True)
class Relation:
    """A table or view."""

    columns: Mapping[str, Column]
    constraints: Mapping[str, Constraint] = field(default_factory=dict[str, Constraint])
    triggers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Catalogue:
    """All of a database; routines by their signature, with what they return."""

    relations: Mapping[str, Relation]
    routines: Mapping[str, str]


async def catalogue_of(url: str) -> Catalogue:
    """Reads what a database looks like now."""
    connection = await asyncpg.connect(url)
    try:
        columns, constraints, triggers, routines = [
            await connection.fetch(query)
            for query in (_COLUMNS, _CONSTRAINTS, _TRIGGERS, _ROUTINES)
        ]
    finally:
        await connection.close()
    relations = {
        name: Relation(
            {
                row["name"]: Column(row["type"], row["is_required"], row["has_default"])
                for row in columns
                if row["of"] == name
            },
            {
                row["name"]: Constraint(row["definition"], row["is_key"], frozenset(row["columns"]))
                for row in constraints
                if row["of"] == name
            },
            {row["name"]: row["definition"] for row in triggers if row["of"] == name},
        )
        for name in {row["of"] for row in columns}
    }
    return Catalogue(relations, {row["name"]: row["result"] for row in routines})


def breaks(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Says what may break code that was written for what was before.

    Such code neither knows what is new nor can do without what is gone.
    """
    for name, relation in before.relations.items():
        if name in after.relations:
            yield from _breaks_of(name, relation, after.relations[name])
        else:
            yield f"{name} is gone"
    for name, result in before.routines.items():
        if after.routines.get(name) != result:
            yield f"{name} is gone or another"


def _breaks_of(table: str, before: Relation, after: Relation) -> Iterator[str]:
    for name, column in before.columns.items():
        if name in after.columns:
            yield from _breaks_of_column(f"{table}.{name}", column, after.columns[name])
        else:
            yield f"{table}.{name} is gone"
    added = after.columns.keys() - before.columns.keys()
    for name in added:
        column = after.columns[name]
        if column.is_required and not column.has_default:
            yield f"{table}.{name} is new and required"
    yield from _breaks_of_rules(table, before, after, frozenset(added))


def _breaks_of_rules(
    table: str, before: Relation, after: Relation, added: frozenset[str]
) -> Iterator[str]:
    for name, constraint in before.constraints.items():
        if constraint.is_key and name not in after.constraints:
            yield f"{table}.{name} is gone"
    for name, constraint in after.constraints.items():
        # What is only about new columns holds for the rows of whoever does not know them.
        is_about_new = bool(constraint.columns) and constraint.columns <= added
        if before.constraints.get(name) != constraint and not is_about_new:
            yield f"{table}.{name} is new or another"
    for name, definition in after.triggers.items():
        if before.triggers.get(name) != definition:
            yield f"{table}.{name} is new or another"


def _breaks_of_column(name: str, before: Column, after: Column) -> Iterator[str]:
    if after.type != before.type:
        yield f"{name} was {before.type} and is {after.type}"
    if after.is_required and not before.is_required:
        yield f"{name} is required"
    if after.is_required and before.has_default and not after.has_default:
        yield f"{name} has lost its default"
