"""The tables of consent, and every query on them."""

from services.consent.storage.store import PostgresStore, PostgresStores, PostgresWritingStores

__all__ = ["PostgresStore", "PostgresStores", "PostgresWritingStores"]
