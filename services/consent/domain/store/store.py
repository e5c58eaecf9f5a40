"""What the use cases ask of the world around them."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.consent.domain.store.anchors import AnchorStore
from services.consent.domain.store.audit import AuditStore
from services.consent.domain.store.consents import ConsentStore
from services.consent.domain.store.contacts import ContactStore
from services.consent.domain.store.customers import CustomerStore
from services.consent.domain.store.ledger import LedgerStore
from services.consent.domain.store.mailings import MailingStore
from services.consent.domain.store.notices import NoticeStore
from services.consent.domain.store.notifications import NotificationStore
from services.consent.domain.store.permission import PermissionStore
from services.consent.domain.store.suppression import SuppressionStore


class Store(
    CustomerStore,
    NoticeStore,
    LedgerStore,
    ConsentStore,
    AnchorStore,
    AuditStore,
    NotificationStore,
    MailingStore,
    ContactStore,
    SuppressionStore,
    PermissionStore,
    Protocol,
):
    """All that is kept, within one transaction."""


class Stores(Protocol):
    """Opens transactions."""

    def __call__(self) -> AbstractAsyncContextManager[Store]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        ...
