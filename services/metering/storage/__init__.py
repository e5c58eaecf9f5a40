"""The tables of metering, and every query on them."""

from services.metering.storage.reader import PostgresReader
from services.metering.storage.store import PostgresStore

__all__ = ["PostgresReader", "PostgresStore"]
