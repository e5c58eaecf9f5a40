"""Letters on their way: to the courier, and what it asks and tells of them."""

from collections.abc import Callable, Mapping
from typing import Final

from kit.clock import Clock
from kit.courier import Attachment, Channel, Courier, Message, Unreachable
from kit.database import Transaction
from services.consent.domain.contacts import AddressHashes, email_address, phone_number
from services.consent.domain.kinds import KINDS
from services.consent.domain.letters import Letter, Permit
from services.consent.domain.mailings import MailingState
from services.consent.domain.permission import Permission
from services.consent.domain.quiet import QuietHours
from services.consent.domain.store import Store
from services.consent.domain.suppression import Reason
from services.consent.handlers.permission import locked_permission
from services.consent.handlers.suppression import Desk, suppress

_BOUNCED: Final = "refused by the mail server"


class CourierPost:
    """Sends letters by the courier."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    async def send(self, transaction: Transaction, *letters: Letter) -> None:
        """Has letters sent, if and when a transaction commits."""
        await self._courier.queue(transaction, *(message_of(letter) for letter in letters))


class ConsentPermits:
    """Says whether a letter may go, in the moment in which it goes."""

    def __init__(
        self,
        store_of: Callable[[Transaction], Store],
        hashes: AddressHashes,
        quiet: QuietHours,
        clock: Clock,
    ) -> None:
        self._store_of = store_of
        self._hashes = hashes
        self._quiet = quiet
        self._clock = clock

    async def holds(self, transaction: Transaction, message: Message) -> bool:
        """Returns whether the customer allows it and the mailing goes on, and keeps both so.

        Raises:
            Unreachable: If the letter has waited until the night; it is tried again.
        """
        kind = KINDS.get(message.purpose)
        if kind and not kind.is_urgent and self._quiet.morning_after(self._clock.now()):
            raise Unreachable("quiet hours")
        permit = Permit.read(message.permit)
        store = self._store_of(transaction)
        permission = await locked_permission(
            store,
            self._hashes,
            permit.purpose,
            permit.customer_id,
            permit.channel,
            message.recipient,
        )
        if permission is not Permission.ALLOWED or permit.mailing_id is None:
            return permission is Permission.ALLOWED
        return await store.lock_for_letter(permit.mailing_id) is MailingState.SENDING


class Bounces:
    """Hears of addresses at which nothing arrives, and has nothing sent there any longer."""

    def __init__(self, store_of: Callable[[Transaction], Store], desk: Desk) -> None:
        self._store_of = store_of
        self._desk = desk

    async def note(self, transaction: Transaction, message: Message) -> None:
        """Notes that the address of a message is dead."""
        match message.channel:
            case Channel.EMAIL:
                address = email_address(message.recipient)
            case Channel.SMS:
                address = phone_number(message.recipient)
            case Channel.PUSH:
                return  # An account without a device may have one again tomorrow.
        store = self._store_of(transaction)
        await suppress(store, self._desk, [address], Reason.HARD_BOUNCE, _BOUNCED)


def message_of(letter: Letter) -> Message:
    """Returns a letter as the courier takes it."""
    return Message(
        channel=Channel[letter.channel],
        recipient=letter.to,
        purpose=letter.kind,
        text=letter.text,
        subject=letter.subject,
        html=letter.html,
        headers=_headers(letter.unsubscribe_url),
        attachments=[Attachment(file.name, file.media_type, file.content) for file in letter.files],
        not_after=letter.not_after,
        permit=letter.permit.key if letter.permit else "",
    )


def _headers(unsubscribe_url: str) -> Mapping[str, str]:
    """Returns what a mail program takes leave by itself with (RFC 8058, 2017-01, 3.1)."""
    if not unsubscribe_url:
        return {}
    return {
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
