"""All RPCs together."""

from services.consent.servicer.permissions import Permissions
from services.consent.servicer.privacy import Privacy
from services.consent.servicer.suppressions import Suppressions


class ConsentServicer(Privacy, Permissions, Suppressions):
    """One method for each RPC of `ConsentService`, which says what it does."""
