"""What imports read and write, in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

import numpy as np
from sqlmodel import col, select

from kit.database import Transaction
from services.metering.domain.calendar import Whole, date_of
from services.metering.domain.contracts import Contract
from services.metering.domain.layout import Layout
from services.metering.domain.prices import PriceDays
from services.metering.domain.pricing import RateRow
from services.metering.domain.readings import DayBlocks, Direction
from services.metering.storage import blocks, rates
from services.metering.storage.contracts import contract_of, midnight, terms_of
from services.metering.storage.tables import ContractRow, MeteringPointRow

_PRICES_LOCK = 0x70726963  # "pric": with the area's number, the advisory lock of its one import

_SAVE_BLOCKS = """
INSERT INTO day_block (
    metering_point_id, direction, day, sum_wh, highest_wh, missing, estimated,
    wh, qualities, registered
)
SELECT $1, $2, date '1970-01-01' + day, sum_wh, highest_wh, missing, estimated,
    wh, qualities, registered
FROM unnest(
    $3::integer[], $4::integer[], $5::integer[], $6::smallint[], $7::smallint[],
    $8::bytea[], $9::bytea[], $10::bytea[]
) AS written (day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered)
ON CONFLICT (metering_point_id, direction, day) DO UPDATE SET
    sum_wh = excluded.sum_wh,
    highest_wh = excluded.highest_wh,
    missing = excluded.missing,
    estimated = excluded.estimated,
    wh = excluded.wh,
    qualities = excluded.qualities,
    registered = excluded.registered
"""

_KEEP_REPLACED = """
INSERT INTO replaced_day_block (metering_point_id, direction, day, wh, qualities, registered)
SELECT $1, $2, date '1970-01-01' + day, wh, qualities, registered
FROM unnest($3::integer[], $4::bytea[], $5::bytea[], $6::bytea[])
    AS replaced (day, wh, qualities, registered)
"""

_SAVE_PRICES = """
INSERT INTO price_day (price_area, day, amounts)
SELECT $1, date '1970-01-01' + day, amounts
FROM unnest($2::integer[], $3::bytea[]) AS written (day, amounts)
ON CONFLICT (price_area, day) DO UPDATE SET amounts = excluded.amounts
"""


class PostgresStore:
    """A `Store` on PostgreSQL, within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._session = transaction.session
        self._connection = transaction.connection
        self._points: dict[str, int] = {}
        self._contracts: dict[tuple[str, str, date], ContractRow] = {}

    def publish(self, event: object) -> None:
        """Publishes a domain event, if and when the transaction commits."""
        self._transaction.publish(event)

    async def lock_point(self, gsrn: str) -> int | None:
        """Returns a metering point's id, and keeps other imports off it until the end."""
        return await self._connection.fetchval(
            "SELECT id FROM metering_point WHERE gsrn = $1 FOR NO KEY UPDATE", gsrn
        )

    async def blocks(self, point: int, direction: Direction, layout: Layout) -> DayBlocks:
        """Returns whole days; hours that are not stored are missing."""
        rows = await self._connection.fetch(
            """
            SELECT day - date '1970-01-01' AS day, wh, qualities, registered FROM day_block
            WHERE metering_point_id = $1 AND direction = $2
                AND day BETWEEN $3 AND $4 AND day - date '1970-01-01' = ANY ($5::integer[])
            ORDER BY day
            """,
            point,
            direction,
            date_of(int(layout.days[0])),
            date_of(int(layout.days[-1])),
            layout.days.tolist(),
        )
        all_days = DayBlocks.empty(layout)
        stored = Layout(np.array([row["day"] for row in rows], np.int64))
        at = layout.positions(stored.hours)
        all_days.wh[at] = blocks.read_wh(b"".join(row["wh"] for row in rows))
        all_days.qualities[at] = blocks.read_qualities(stored, (row["qualities"] for row in rows))
        all_days.registered[at] = blocks.read_registered(
            stored, (row["registered"] for row in rows)
        )
        return all_days

    async def save_blocks(
        self, point: int, direction: Direction, written: DayBlocks, replaced: DayBlocks
    ) -> None:
        """Stores whole days, and keeps what was replaced."""
        if len(written.layout.days) == 0:
            return
        await self._make_partitions(written.layout.days)
        await self._connection.execute(
            _SAVE_BLOCKS,
            point,
            direction,
            written.layout.days.tolist(),
            written.sums_wh().tolist(),
            written.highest_wh().tolist(),
            written.missing().tolist(),
            written.estimated().tolist(),
            *_columns(written),
        )
        if len(replaced.layout.days):
            await self._connection.execute(
                _KEEP_REPLACED, point, direction, replaced.layout.days.tolist(), *_columns(replaced)
            )

    async def lock_contracts(self, gsrns: Collection[str]) -> Sequence[Contract]:
        """Returns all contracts on points, which are made where they are new, and locks these."""
        in_order = sorted(gsrns)
        await self._connection.execute(
            """
            INSERT INTO metering_point (gsrn) SELECT unnest($1::text[])
            ON CONFLICT (gsrn) DO NOTHING
            """,
            in_order,
        )
        points = await self._connection.fetch(
            """
            SELECT gsrn, id FROM metering_point WHERE gsrn = ANY ($1::text[])
            ORDER BY gsrn FOR NO KEY UPDATE
            """,
            in_order,
        )
        self._points = {row["gsrn"]: row["id"] for row in points}
        rows = await self._session.exec(
            select(ContractRow, MeteringPointRow.gsrn)
            .join(MeteringPointRow)
            .where(col(ContractRow.metering_point_id).in_(self._points.values()))
        )
        contracts: list[Contract] = []
        for row, gsrn in rows:
            contract = contract_of(row.model_dump() | {"gsrn": gsrn})
            self._contracts[contract.key] = row
            contracts.append(contract)
        return contracts

    async def add_contracts(self, contracts: Sequence[Contract]) -> None:
        """Stores new contracts on locked points."""
        for contract in contracts:
            row = ContractRow(
                metering_point_id=self._points[contract.gsrn],
                customer_number=contract.customer_number,
                starts_at=midnight(contract.from_date),
                **terms_of(contract),
            )
            self._session.add(row)

    async def update_contracts(self, contracts: Sequence[Contract]) -> None:
        """Stores new terms of contracts on locked points."""
        for contract in contracts:
            self._contracts[contract.key].sqlmodel_update(terms_of(contract))

    async def lock_prices(self, price_area: str, layout: Layout) -> PriceDays:
        """Returns whole days of an area's prices, and keeps other imports off the area."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock($1, hashtext($2))", _PRICES_LOCK, price_area
        )
        rows = await self._connection.fetch(
            """
            SELECT day - date '1970-01-01' AS day, amounts FROM price_day
            WHERE price_area = $1 AND day - date '1970-01-01' = ANY ($2::integer[])
            ORDER BY day
            """,
            price_area,
            layout.days.tolist(),
        )
        all_days = PriceDays.empty(layout)
        stored = Layout(np.array([row["day"] for row in rows], np.int64))
        amounts = blocks.read_amounts(b"".join(row["amounts"] for row in rows))
        all_days.amounts[layout.positions(stored.hours)] = amounts
        return all_days

    async def save_prices(self, price_area: str, written: PriceDays) -> None:
        """Stores whole days of an area's prices."""
        if len(written.layout.days):
            await self._connection.execute(
                _SAVE_PRICES,
                price_area,
                written.layout.days.tolist(),
                blocks.amounts_of_days(written.layout, written.amounts),
            )

    async def lock_rates(self) -> tuple[int, Sequence[RateRow]]:
        """Returns the book that holds now and its number, and keeps other imports off it."""
        await rates.lock(self._connection)
        revision = await rates.newest(self._connection)
        return revision, await rates.read(self._connection, revision)

    async def save_rates(self, rows: Sequence[RateRow], text: str) -> int:
        """Stores a book with the file that it came from, and returns its number."""
        return await rates.save(self._connection, rows, text)

    async def save_customer(self, customer_id: UUID, customer_number: str) -> None:
        """Stores which number a customer has, unless the customer was erased."""
        await self._connection.execute(
            """
            INSERT INTO customer (id, number) VALUES ($1, $2)
            ON CONFLICT (id) DO UPDATE SET number = excluded.number
            WHERE customer.number IS NOT NULL
            """,
            customer_id,
            customer_number,
        )

    async def erase_customer(self, customer_id: UUID) -> None:
        """Forgets a customer's number and addresses; contracts stay, under the bare id."""
        await self._connection.execute(
            """
            UPDATE contract SET customer_number = $1::uuid::text, address = ''
            WHERE customer_number = (SELECT number FROM customer WHERE id = $1 FOR UPDATE)
            """,
            customer_id,
        )
        await self._connection.execute(
            """
            INSERT INTO customer (id, number) VALUES ($1, NULL)
            ON CONFLICT (id) DO UPDATE SET number = NULL
            """,
            customer_id,
        )

    async def _make_partitions(self, days: Whole) -> None:
        """Makes the partitions of months that have none yet.

        A table that is attached blocks neither readers nor writers of the others, as one that is
        created as a partition would. The lock lets one import make them and the next find them.
        """
        months = {_partition(month): month for month in _months(days)}
        missing = await self._without_table(months)
        if not missing:
            return
        await self._connection.execute("LOCK TABLE day_block IN SHARE UPDATE EXCLUSIVE MODE")
        for name in await self._without_table(missing):
            first, end = months[name], _next_month(months[name])
            await self._connection.execute(
                f"""
                CREATE TABLE {name} (LIKE day_block INCLUDING ALL);
                ALTER TABLE day_block ATTACH PARTITION {name}
                    FOR VALUES FROM ('{first}') TO ('{end}')
                """
            )

    async def _without_table(self, names: Iterable[str]) -> Sequence[str]:
        rows = await self._connection.fetch(
            "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL",
            list(names),
        )
        return [row["name"] for row in rows]


def _columns(days: DayBlocks) -> tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]:
    return (
        blocks.wh_of_days(days.layout, days.wh),
        blocks.qualities_of_days(days.layout, days.qualities, days.known),
        blocks.registered_of_days(days.layout, days.registered, days.known),
    )


def _months(days: Whole) -> Iterable[date]:
    return sorted({date_of(day).replace(day=1) for day in days.tolist()})


def _partition(month: date) -> str:
    return f"day_block_{month:%Y_%m}"


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
