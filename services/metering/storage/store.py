"""What imports read and write, in one transaction."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import col, select

from kit.database import Transaction
from services.metering.domain.calendar import moment_of
from services.metering.domain.contracts import Contract, ContractKey
from services.metering.domain.pricing import RateRow
from services.metering.storage import rates
from services.metering.storage.contracts import contract_of, terms_of
from services.metering.storage.imports import StoredImports
from services.metering.storage.prices import StoredPrices
from services.metering.storage.readings import StoredReadings
from services.metering.storage.tables import ContractRow, MeteringPointRow


class PostgresStore(StoredReadings, StoredImports, StoredPrices):
    """A `Store` on PostgreSQL, within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self._session = transaction.session
        self._points: dict[str, int] = {}
        self._contracts: dict[ContractKey, ContractRow] = {}

    def publish(self, event: object) -> None:
        """Publishes a domain event, if and when the transaction commits."""
        self._transaction.publish(event)

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
                starts_at=moment_of(contract.first_hour),
                **terms_of(contract),
            )
            self._session.add(row)

    async def update_contracts(self, contracts: Sequence[Contract]) -> None:
        """Stores new terms of contracts on locked points."""
        for contract in contracts:
            self._contracts[contract.key].sqlmodel_update(terms_of(contract))

    async def remove_contracts(self, contracts: Sequence[Contract]) -> None:
        """Takes contracts off locked points."""
        for contract in contracts:
            await self._session.delete(self._contracts[contract.key])

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
