"""What the parts of the store have in common."""

from kit.database import Transaction


class StorePart:
    """Reads and writes within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
