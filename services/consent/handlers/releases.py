"""Tickets that are given back by a link in a letter. Events keeps them, and decides."""

from dataclasses import dataclass

from kit.clock import Clock
from services.consent.domain.releases import (
    LinkExpired,
    LinkUnknown,
    ReleaseLink,
    ReleaseTokens,
    Reservation,
    Reservations,
)


@dataclass(frozen=True, slots=True)
class Returns:
    """What tickets are given back with.

    Attributes:
        tokens: Reads links.
        reservations: Where the tickets are.
        clock: Tells the time.
    """

    tokens: ReleaseTokens
    reservations: Reservations
    clock: Clock


async def look(returns: Returns, token: str) -> Reservation:
    """Returns the reservation that a link is about.

    Raises:
        LinkUnknown: If the link was not made here, or there is no such reservation.
        LinkExpired: If its event has begun.
        Unavailable: If events is out of reach.
    """
    return await returns.reservations.get(_read(returns, token))


async def release(
    returns: Returns, token: str, *, quantity: int | None, request_id: str
) -> Reservation:
    """Gives tickets back, and returns what is left.

    Args:
        returns: What it is done with.
        token: Of the link.
        quantity: How many, None for all.
        request_id: A retry with the same one returns the first answer.

    Raises:
        LinkUnknown: If the link was not made here, or there is no such reservation.
        LinkExpired: If its event has begun.
        Problem: As events refuses it.
        Unavailable: If events is out of reach.
    """
    link = _read(returns, token)
    return await returns.reservations.release(link, quantity, request_id)


def _read(returns: Returns, token: str) -> ReleaseLink:
    link = returns.tokens.read(token)
    if link is None:
        raise LinkUnknown
    if returns.clock.now() >= link.expires_at:
        raise LinkExpired
    return link
