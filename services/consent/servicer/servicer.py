"""All RPCs together."""

from services.consent.servicer.privacy import Privacy


class ConsentServicer(Privacy):
    """One method for each RPC of `ConsentService`, which says what it does."""
