"""What the use cases ask of the world around them."""

from services.identity.domain.store.store import (
    AccessToken,
    AccessTokens,
    Event,
    PasswordHashes,
    Pieces,
    Store,
    Stores,
)

__all__ = [
    "AccessToken",
    "AccessTokens",
    "Event",
    "PasswordHashes",
    "Pieces",
    "Store",
    "Stores",
]
