"""All RPCs together."""

from services.consent.servicer.consents import Consents
from services.consent.servicer.notices import Notices
from services.consent.servicer.permissions import Permissions
from services.consent.servicer.privacy import Privacy
from services.consent.servicer.records import Records
from services.consent.servicer.suppressions import Suppressions


class ConsentServicer(Notices, Consents, Records, Permissions, Suppressions, Privacy):
    """One method for each RPC of `ConsentService`, which says what it does."""
