"""The tables of events, and every query on them."""

from services.events.storage.reader import PostgresReader
from services.events.storage.store import PostgresStore, PostgresStores

__all__ = ["PostgresReader", "PostgresStore", "PostgresStores"]
