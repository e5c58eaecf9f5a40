"""Who holds a metering point, from when to when, and on what terms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from services.metering.domain.calendar import END_HOUR, local_date_of, local_moment_of, moment_of
from services.metering.domain.pricing import Premises, Terms
from services.metering.domain.problems import BadFile, Refused


@dataclass(frozen=True)
class Contract:
    """One customer's hold on a metering point.

    Price area, grid company and address belong to the contract and not to the point: borders of
    areas are redrawn, and what a customer paid must not change with them.

    Attributes:
        gsrn: The metering point.
        customer_number: The customer who holds it.
        first_hour: The first hour by number.
        end_hour: The hour that it ends before; None while it lasts. In a file it may be the first
            hour as well: such a contract never was.
        price_area: NO1 to NO5.
        grid_company: The company that owns the grid.
        product: The power product.
        premises: What the point supplies.
        address: Where the point is.
    """

    gsrn: str
    customer_number: str
    first_hour: int
    end_hour: int | None
    price_area: str
    grid_company: str
    product: str
    premises: Premises
    address: str

    @property
    def key(self) -> "ContractKey":
        """What tells one contract from another; the rest may be updated."""
        return self.gsrn, self.customer_number, self.first_hour

    @property
    def never_was(self) -> bool:
        """Whether it holds no hour at all."""
        return self.end_hour == self.first_hour

    @property
    def from_date(self) -> date:
        """The first local date, of which the first hours may not be held."""
        return local_date_of(moment_of(self.first_hour))

    @property
    def to_date(self) -> date | None:
        """The date after the last one, of which the last hours may not be held; None if none."""
        if self.end_hour is None:
            return None
        return local_date_of(moment_of(self.end_hour - 1)) + timedelta(days=1)


ContractKey = tuple[str, str, int]
"""GSRN, customer number and first hour."""


@dataclass(frozen=True)
class Holding:
    """A stretch of hours in which somebody holds a metering point on the same terms.

    Attributes:
        first_hour: The first hour by number.
        end_hour: The hour that it ends before; the calendar's end while it lasts.
        customer_number: Who holds it; peaks and caps are counted for each customer alone.
        price_area: NO1 to NO5.
        grid_company: The company that owns the grid.
        product: The power product.
        premises: What the point supplies.
    """

    first_hour: int
    end_hour: int
    customer_number: str
    price_area: str
    grid_company: str
    product: str
    premises: Premises

    @property
    def terms(self) -> Terms:
        """What decides which rates hold."""
        return Terms(self.price_area, self.grid_company, self.product, self.premises)

    def within(self, first_hour: int, end_hour: int) -> "Holding | None":
        """Returns the part between two hours, or None if there is none."""
        first = max(self.first_hour, first_hour)
        end = min(self.end_hour, end_hour)
        return replace(self, first_hour=first, end_hour=end) if first < end else None


@dataclass(frozen=True)
class NumberedContract:
    """A contract from a file.

    Attributes:
        line: The line of the file, from 1.
        contract: The contract.
    """

    line: int
    contract: Contract


@dataclass(frozen=True)
class ContractChanges:
    """What a file of contracts does.

    Attributes:
        created: Contracts that were not there before.
        changed: Contracts that have other terms now.
        removed: Contracts that never were after all.
        unchanged: How many rows changed nothing.
    """

    created: Sequence[Contract]
    changed: Sequence[Contract]
    removed: Sequence[Contract]
    unchanged: int


def contract_changes(
    known: Iterable[Contract], rows: Sequence[NumberedContract]
) -> ContractChanges:
    """Compares a file with the contracts on its metering points.

    Args:
        known: Every contract on the points of the file.
        rows: The file; no two rows have the same key.

    Raises:
        BadFile: If two customers, or one twice, would hold a point at once. All rows are looked at
            together, so that a move may come as one file: one contract ends, another begins.
    """
    before = {contract.key: contract for contract in known}
    named = {row.contract.key: row.contract for row in rows}
    after = {key: contract for key, contract in (before | named).items() if not contract.never_was}
    _refuse_overlaps(after, {row.contract.key: row.line for row in rows})
    created = [contract for key, contract in after.items() if key not in before]
    changed = [contract for key, contract in after.items() if before.get(key, contract) != contract]
    removed = [contract for key, contract in before.items() if key not in after]
    return ContractChanges(
        created, changed, removed, len(rows) - len(created) - len(changed) - len(removed)
    )


def _refuse_overlaps(
    contracts: Mapping[ContractKey, Contract], lines: Mapping[ContractKey, int]
) -> None:
    in_order = sorted(contracts.values(), key=lambda contract: (contract.gsrn, contract.first_hour))
    problems = {
        max(lines.get(earlier.key, 0), lines.get(later.key, 0)): Refused(
            "CONTRACTS_OVERLAP", gsrn=later.gsrn, **{"from": _start(later)}
        )
        for earlier, later in pairwise(in_order)
        if earlier.gsrn == later.gsrn and later.first_hour < _end_hour(earlier)
    }
    if problems:
        raise BadFile(
            [problem.at_line(line) for line, problem in sorted(problems.items())], len(problems)
        )


def _end_hour(contract: Contract) -> int:
    return END_HOUR if contract.end_hour is None else contract.end_hour


def _start(contract: Contract) -> str:
    """Says when a contract starts: the date alone if that is at midnight."""
    moment = local_moment_of(contract.first_hour)
    return moment.isoformat() if moment.hour else moment.date().isoformat()
