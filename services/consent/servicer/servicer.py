"""All RPCs together."""

from services.consent.servicer.consents import Consents
from services.consent.servicer.mailings import Mailings
from services.consent.servicer.notices import Notices
from services.consent.servicer.permissions import Permissions
from services.consent.servicer.privacy import Privacy
from services.consent.servicer.reaching_us import ReachingUs
from services.consent.servicer.records import Records
from services.consent.servicer.releases import Releases
from services.consent.servicer.suppressions import Suppressions
from services.consent.servicer.unsubscribing import Unsubscribing


class ConsentServicer(
    Notices,
    Consents,
    Records,
    Permissions,
    Suppressions,
    Mailings,
    Unsubscribing,
    ReachingUs,
    Releases,
    Privacy,
):
    """One method for each RPC of `ConsentService`, which says what it does."""
