"""All RPCs together."""

from services.identity.servicer.accounts import Accounts
from services.identity.servicer.contact import Contacts
from services.identity.servicer.customers import Customers
from services.identity.servicer.federation import Federation
from services.identity.servicer.recovery import Recoveries
from services.identity.servicer.registration import Registrations
from services.identity.servicer.sessions import Sessions
from services.identity.servicer.staff import StaffAccounts


class IdentityServicer(
    Accounts,
    Contacts,
    Customers,
    Federation,
    Recoveries,
    Registrations,
    Sessions,
    StaffAccounts,
):
    """One method for each RPC of `IdentityService`, which says what it does."""
