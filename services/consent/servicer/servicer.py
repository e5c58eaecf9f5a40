"""All RPCs together."""

from services.consent.servicer.privacy import Privacy
from services.consent.servicer.reaching_us import ReachingUs


class ConsentServicer(Privacy, ReachingUs):
    """One method for each RPC of `ConsentService`, which says what it does."""
