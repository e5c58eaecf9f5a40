"""The tables of identity, and every query on them."""

from services.identity.storage.store import Post, PostgresStore, PostgresStores

__all__ = ["Post", "PostgresStore", "PostgresStores"]
