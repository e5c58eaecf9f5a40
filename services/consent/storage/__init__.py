"""The tables of consent, and every query on them."""

from services.consent.storage.store import PostgresStore, PostgresStores

__all__ = ["PostgresStore", "PostgresStores"]
