"""What the use cases ask of the world around them."""

from services.consent.domain.store.store import Store, Stores

__all__ = ["Store", "Stores"]
