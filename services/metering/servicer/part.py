"""What the parts of the servicer have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.ids import Ids
from kit.postgres import Connection
from kit.server import Call
from services.metering.domain.store import Reader, Store
from services.metering.handlers.held import Point
from services.metering.handlers.rates import RateBooks


@dataclass(frozen=True)
class Part:
    """What the parts of the servicer work with.

    Attributes:
        database: Where readings, prices and contracts are.
        reader_of: Makes what reads on a connection.
        store_of: Makes the store of a transaction.
        rate_books: What holds the rates.
        clock: Tells the time.
        ids: Makes identifiers.
    """

    database: Database
    reader_of: Callable[[Connection], Reader]
    store_of: Callable[[Transaction], Store]
    rate_books: RateBooks
    clock: Clock
    ids: Ids

    def point(self, connection: Connection, gsrn: str, call: Call) -> Point:
        """Returns a metering point as the caller asks for it."""
        return Point(
            self.reader_of(connection),
            self.rate_books,
            call.caller.customer_ids,
            gsrn,
            self.clock.now(),
        )
