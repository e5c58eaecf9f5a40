"""What the parts of the servicer have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.postgres import Connection
from services.metering.domain.price_list import PriceList
from services.metering.domain.store import Reader, Store


@dataclass(frozen=True)
class Part:
    """What the parts of the servicer work with.

    Attributes:
        database: Where readings, prices and contracts are.
        reader_of: Makes what reads on a connection.
        store_of: Makes the store of a transaction.
        price_list: What a product costs on top of the spot price.
        clock: Tells the time.
    """

    database: Database
    reader_of: Callable[[Connection], Reader]
    store_of: Callable[[Transaction], Store]
    price_list: PriceList
    clock: Clock
