"""What the use cases need of a database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from services.metering.domain.batches import SeriesKey
from services.metering.domain.calendar import Whole
from services.metering.domain.contracts import Contract
from services.metering.domain.exchange_rates import ExchangeRate
from services.metering.domain.held import Held
from services.metering.domain.layout import Layout
from services.metering.domain.outcomes import Outcomes
from services.metering.domain.period import Period
from services.metering.domain.prices import SpotDays
from services.metering.domain.pricing import RateRow
from services.metering.domain.readings import DayBlocks, Direction, Merge

UNKNOWN_SERIES: Final = -1
"""The number of a series whose metering point is not in the register."""


@dataclass(frozen=True)
class Position:
    """A place in the list of a customer's contracts: just after the one that it names."""

    gsrn: str
    first_hour: int

    @staticmethod
    def of(contract: Contract) -> "Position":
        """Returns the place just after a contract."""
        return Position(contract.gsrn, contract.first_hour)


class Reader(Protocol):
    """Reads, each one round trip and without a transaction."""

    async def held(
        self, gsrn: str, customers: Collection[UUID], direction: Direction, period: Period
    ) -> Held | None:
        """Returns what customers may see of a point; None if they hold it at no time in it."""
        ...

    async def address(self, gsrn: str, customers: Collection[UUID], period: Period) -> str:
        """Returns where a point is, as customers' last contract in a period says; empty if none."""
        ...

    async def contracts_of(
        self, customers: Collection[UUID], after: Position | None, limit: int
    ) -> Sequence[Contract]:
        """Returns the first contracts after a place, by GSRN and then by their start."""
        ...

    async def spot_days(self, price_area: str, layout: Layout) -> SpotDays:
        """Returns whole days of an area's prices; hours that have none are unknown."""
        ...

    async def held_days(
        self,
        customers: Collection[UUID],
        contract: Contract,
        direction: Direction,
        first_day: int,
        limit: int,
    ) -> DayBlocks:
        """Returns the first stored days of a contract that customers hold, from a day on."""
        ...

    async def rate_revision(self) -> int:
        """Returns the number of the rate book that holds now; 0 if none was loaded."""
        ...

    async def rates(self, revision: int) -> Sequence[RateRow]:
        """Returns the rates of a book."""
        ...


class Store(Protocol):
    """Reads and writes in one transaction."""

    async def lock_series(self, keys: Sequence[SeriesKey]) -> Whole:
        """Returns the number of each series, which is made where it is new, and locks these.

        Other imports are kept off them until the end. A series of a point that is not in the
        register has UNKNOWN_SERIES.
        """
        ...

    async def blocks(self, layout: Layout) -> DayBlocks:
        """Returns whole days of series; hours that are not stored are missing."""
        ...

    async def save_blocks(self, merged: Merge) -> None:
        """Stores whole days of series, and keeps what was replaced."""
        ...

    async def has_point(self, gsrn: str) -> bool:
        """Tells whether a metering point is in the register."""
        ...

    async def begin_import(self, key: bytes) -> int:
        """Returns how many batches of an import are stored, and notes that it has begun."""
        ...

    async def lock_import(self, key: bytes) -> int | None:
        """Returns how many batches of an import are stored, or None if it has ended.

        Nobody else stores a batch of it until the end of the transaction.
        """
        ...

    async def note_batch(self, key: bytes, outcomes: Outcomes) -> None:
        """Notes that one more batch of a locked import is stored, and what became of it."""
        ...

    async def end_import(self, key: bytes) -> Outcomes:
        """Returns what became of all batches of a locked import, and forgets it."""
        ...

    async def lock_contracts(self, gsrns: Collection[str]) -> Sequence[Contract]:
        """Returns all contracts on points, which are made where they are new, and locks these."""
        ...

    async def add_contracts(self, contracts: Sequence[Contract]) -> None:
        """Stores new contracts on locked points."""
        ...

    async def update_contracts(self, contracts: Sequence[Contract]) -> None:
        """Stores new terms of contracts on locked points."""
        ...

    async def remove_contracts(self, contracts: Sequence[Contract]) -> None:
        """Takes contracts off locked points."""
        ...

    async def lock_prices(self, price_area: str, layout: Layout) -> SpotDays:
        """Returns whole days of an area's prices, and keeps other imports off the area."""
        ...

    async def save_prices(self, price_area: str, written: SpotDays) -> None:
        """Stores whole days of an area's prices."""
        ...

    async def lock_rates(self) -> tuple[int, Sequence[RateRow]]:
        """Returns the book that holds now and its number, and keeps other imports off it."""
        ...

    async def save_rates(self, rows: Sequence[RateRow], text: str) -> int:
        """Stores a book with the file that it came from, and returns its number."""
        ...

    async def exchange_rates(self, first: date, last: date) -> Sequence[ExchangeRate]:
        """Returns the rates that were published from a date to another, by date."""
        ...

    async def lock_exchange_rates(self, dates: Collection[date]) -> Sequence[ExchangeRate]:
        """Returns the rates of dates, and keeps other imports of rates waiting."""
        ...

    async def save_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Stores rates, in place of those of the same dates."""
        ...

    async def save_customer(self, customer_id: UUID, customer_number: str) -> None:
        """Stores which number a customer has, unless the customer was erased."""
        ...

    async def erase_customer(self, customer_id: UUID) -> None:
        """Forgets a customer's number and addresses; contracts stay, under the bare id."""
        ...

    def publish(self, event: object) -> None:
        """Publishes a domain event, if and when the transaction commits."""
        ...
