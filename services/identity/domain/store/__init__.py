"""What the use cases ask of the world around them."""

from services.identity.domain.store.store import (
    AccessToken,
    AccessTokens,
    Event,
    PasskeyCeremonies,
    PasswordHashes,
    Pieces,
    Seal,
    Store,
    Stores,
)

__all__ = [
    "AccessToken",
    "AccessTokens",
    "Event",
    "PasskeyCeremonies",
    "PasswordHashes",
    "Pieces",
    "Seal",
    "Store",
    "Stores",
]
