"""How a customer's question grows with what is stored: by points and by years.

    .venv/bin/python -m bench.usage_growth

Each question is asked of points at random, on one connection, in turns with `SELECT 1`:

- asyncpg: the statement that metering sends, and nothing else.
- store: the same through `PostgresReader`, which makes arrays of it.
- answer: the same, priced line by line and added up, with view BASIC or FULL.

Tables are filled by SQL, with the same values each day: a row is as wide as a real one. Figures are
medians in microseconds, and in brackets how many times `SELECT 1` they are.
"""

import asyncio
import functools
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import uvloop

import services.metering
from bench.measure import table
from kit import migrations, postgres
from kit.local.postgres import LocalPostgres
from kit.postgres import Connection
from services.metering.domain.held import HeldHours
from services.metering.domain.period import Period, Resolution
from services.metering.domain.pricing import RateBook, parse_rate_book
from services.metering.domain.readings import Direction
from services.metering.domain.usage import usage_of
from services.metering.storage import PostgresReader

if TYPE_CHECKING:  # the class is in the stubs only
    from asyncpg.connection import LoggedQuery

YEARS = ((100, 1), (100, 2), (100, 3), (100, 4), (100, 5))
"""Points, and years of each."""
POINTS = ((1_000, 1), (10_000, 1))
"""Points, and years of each."""
REPEATS = 200
END = date(2027, 1, 1)

RATES = Path(services.metering.__file__).with_name("rates.toml").read_text()
_MIGRATIONS = Path(services.metering.__file__).with_name("migrations")
_MONTH = Period(date(2026, 4, 1), date(2026, 5, 1))
_YEAR = Period(date(2026, 1, 1), END)

_FILL = """
INSERT INTO metering_point (gsrn)
    SELECT to_char(700000000000000000 + number, 'FM000000000000000000')
    FROM generate_series({known} + 1, {points}) AS number;
INSERT INTO contract (
    metering_point_id, customer_number, starts_at, ends_at, price_area, grid_company, product,
    address
)
    SELECT id, id::text, '2020-01-01T00:00+01:00', 'infinity', 'NO5', 'BKK', 'SPOT', ''
    FROM metering_point WHERE id > {known};
INSERT INTO customer (id, number)
    SELECT lpad(to_hex(id), 32, '0')::uuid, id::text FROM metering_point WHERE id > {known};
INSERT INTO series (metering_point_id, direction)
    SELECT id, 1 FROM metering_point WHERE id > {known} ORDER BY id;
"""
_FILL_MONTH = """
CREATE TABLE IF NOT EXISTS day_block_{month:%Y_%m} PARTITION OF day_block
    FOR VALUES FROM ('{month}') TO ('{end}');
INSERT INTO day_block (
    series_id, day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered
)
    SELECT series.id, day, 1000 * hours, 1000, 0, 0, decode(repeat('e8030000', hours), 'hex'),
        '\\x01', '\\x0000000000000000'
    FROM series, local_days('{month}', '{end}')
    WHERE series.id > {known}
    ORDER BY series.id, day;
INSERT INTO price_day (price_area, day, amounts)
    SELECT 'NO5', day, decode(repeat('a0860100', hours), 'hex')
    FROM local_days('{month}', '{end}')
ON CONFLICT DO NOTHING;
"""
_LOCAL_DAYS = """
CREATE FUNCTION local_days(first date, last date, OUT day date, OUT hours integer)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT day, extract(epoch FROM
        (day + 1)::timestamp AT TIME ZONE 'Europe/Oslo' - day::timestamp AT TIME ZONE 'Europe/Oslo'
    )::integer / 3600
    FROM (SELECT first + number AS day FROM generate_series(0, last - first - 1) AS number) AS days
$$
"""


@dataclass(frozen=True)
class Question:
    """What is asked of a point.

    Attributes:
        name: What people call it.
        period: The dates.
        resolution: The length of a bucket.
        by_component: Whether view FULL is asked for.
    """

    name: str
    period: Period
    resolution: Resolution
    by_component: bool = False


QUESTIONS = (
    Question("a month of days", _MONTH, Resolution.DAY),
    Question("a year of months", _YEAR, Resolution.MONTH),
    Question("a year of months, FULL", _YEAR, Resolution.MONTH, by_component=True),
    Question("a year of hours", _YEAR, Resolution.HOUR),
    Question("a year of hours, FULL", _YEAR, Resolution.HOUR, by_component=True),
)

SELECT_1 = "SELECT 1"
WAYS = (SELECT_1, "asyncpg", "store", "answer")

Ask = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Result:
    """How long a question took.

    Attributes:
        points: How many points are stored.
        years: How many years of each.
        question: What was asked.
        micros: The median of each way in microseconds.
    """

    points: int
    years: int
    question: str
    micros: Mapping[str, float]


def measure() -> Sequence[Result]:
    """Fills databases of its own step by step, and asks at each."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="kundeapp-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        with LocalPostgres(folder / "postgres") as server:
            for database, sizes in (("years", YEARS), ("points", POINTS)):
                server.create_database(database)
                results += uvloop.run(_measure(server.url(database), sizes))
    return results


def report(results: Sequence[Result]) -> str:
    """Returns the figures as a table."""
    header = ("question", "points", "years", *(f"{way}, µs" for way in WAYS))
    return table(header, (_row(result) for result in results))


def _row(result: Result) -> Sequence[str]:
    base = result.micros[SELECT_1]
    cells = (f"{result.micros[way]:,.0f} ({result.micros[way] / base:.1f})" for way in WAYS[1:])
    return result.question, f"{result.points:,}", f"{result.years}", f"{base:,.0f}", *cells


async def _measure(url: str, sizes: Sequence[tuple[int, int]]) -> Sequence[Result]:
    await migrations.upgrade(_MIGRATIONS, url)
    book = parse_rate_book(RATES)
    connection = await postgres.connect(url)
    try:
        await connection.execute(_LOCAL_DAYS)
        results: list[Result] = []
        known, known_years = 0, 0
        for points, years in sizes:
            await _fill(connection, (known, points), (known_years, years))
            known, known_years = points, years
            results += [
                Result(points, years, question.name, await _ask(connection, question, points, book))
                for question in QUESTIONS
            ]
        return results
    finally:
        await connection.close()


async def _fill(connection: Connection, points: tuple[int, int], years: tuple[int, int]) -> None:
    """Adds points, or years before those that are there."""
    known, wanted = points
    await connection.execute(_FILL.format(known=known, points=wanted))
    old = set(_months(years[0]))
    for month in _months(years[1]):
        since = known if month in old else 0
        end = (month + timedelta(days=31)).replace(day=1)
        await connection.execute(_FILL_MONTH.format(month=month, end=end, known=since))
    await connection.execute("ANALYZE")


def _months(years: int) -> Sequence[date]:
    return [date(END.year - years + at // 12, at % 12 + 1, 1) for at in range(12 * years)]


async def _ask(
    connection: Connection, question: Question, points: int, book: RateBook
) -> Mapping[str, float]:
    months = question.period.months
    reader = PostgresReader(connection)

    async def store(point: int) -> HeldHours:
        held = await reader.held(_gsrn(point), _customers(point), Direction.CONSUMPTION, months)
        if held is None:
            raise LookupError(point)
        return HeldHours.of(held, months)

    async def answer(point: int) -> object:
        use = (await store(point)).priced(book, Direction.CONSUMPTION)
        return usage_of(
            use.within(question.period), question.resolution, by_component=question.by_component
        )

    ways: Mapping[str, Ask] = {
        SELECT_1: functools.partial(_select_1, connection),
        "asyncpg": await _statement(connection, store),
        "store": store,
        "answer": answer,
    }
    chance = random.Random(1)  # noqa: S311 - to be foreseeable is the point
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(REPEATS):
        point = chance.randint(1, points)
        for way, ask in ways.items():
            began = time.perf_counter()
            await ask(point)
            taken[way].append(time.perf_counter() - began)
    return {way: statistics.median(times) * 1e6 for way, times in taken.items()}


async def _select_1(connection: Connection, _point: int) -> object:
    return await connection.fetchrow(SELECT_1)


async def _statement(connection: Connection, ask: Ask) -> Ask:
    """Returns what metering asks its database, of any point."""
    await ask(1)  # asyncpg asks for types first
    sent: asyncio.Future[LoggedQuery] = asyncio.get_running_loop().create_future()
    with connection.query_logger(sent.set_result):
        await ask(1)
        statement = await sent

    async def again(point: int) -> object:
        rest = statement.args[2:]
        return await connection.fetchrow(statement.query, _gsrn(point), _customers(point), *rest)

    return again


def _gsrn(point: int) -> str:
    return f"{700000000000000000 + point}"


def _customers(point: int) -> Sequence[UUID]:
    return (UUID(int=point),)


if __name__ == "__main__":
    print(report(measure()))
