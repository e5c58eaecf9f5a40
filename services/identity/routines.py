"""What goes on by itself, in every replica."""

from datetime import timedelta

from kit.clock import Clock
from kit.repeat import repeat
from services.identity.domain.store import Stores

TIDY_SECONDS = 3600.0
KEPT = timedelta(days=60)
"""For how long what is over is kept: as long as anybody may ask about it."""


async def tidy(stores: Stores, clock: Clock) -> None:
    """Forgets what is over, again and again, until it is cancelled."""

    async def forget() -> None:
        now = clock.now()
        async with stores() as store:
            await store.forget_old(now, before=now - KEPT)

    await repeat("not tidied", forget, TIDY_SECONDS)
