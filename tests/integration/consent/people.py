"""Customers as identity knows them, and what they and others do, on the use cases of consent."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from kit.errors import Unavailable
from kit.ids import SystemIds
from kit.keyed_hash import SecretKey
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import (
    Address,
    Contact,
    email_address,
    known,
    phone_number,
)
from services.consent.domain.customers import Status
from services.consent.domain.ledger import NOTHING, Actor, By, Change, Decision, Shown
from services.consent.domain.permission import Permission
from services.consent.domain.purposes import Purpose
from services.consent.domain.suppression import Reason
from services.consent.handlers import audience, contacts, customers, permission, suppression
from services.consent.handlers.suppression import Desk
from services.consent.hashing import KeyedAddressHashes
from services.consent.storage import PostgresStore, PostgresStores
from tests.integration.consent.world import House

PURPOSE = "kraftklubben"
FIRST_KEY = SecretKey("first", b"1" * 32)
SECOND_KEY = SecretKey("second", b"2" * 32)
HIMSELF = By(Actor.CUSTOMER, "SELF_SERVICE")


@dataclass
class Register:
    """`Contacts` that identity would answer.

    Attributes:
        known: How each customer is reached.
        is_up: Whether it answers.
        asked: Whom it was asked for, each time.
        meanwhile: What happens while it is being asked.
    """

    known: dict[UUID, Contact] = field(default_factory=dict[UUID, Contact])
    is_up: bool = True
    asked: list[Collection[UUID]] = field(default_factory=list[Collection[UUID]])
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def contacts(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Contact]:
        """Returns how those are reached that are known."""
        self.asked.append(set(customer_ids))
        if not self.is_up:
            raise Unavailable
        answer = {each: self.known[each] for each in customer_ids if each in self.known}
        if self.meanwhile is not None:
            await self.meanwhile()
        return answer


@dataclass
class People:
    """Customers, and what becomes of them.

    Attributes:
        house: The use cases.
        register: Identity.
        keys: What addresses are hashed with, the current key first.
        purpose: What they are asked for.
        notice: The notice that says what it is about.
        version: The newest version of it.
    """

    house: House
    register: Register = field(default_factory=Register)
    keys: Sequence[SecretKey] = (FIRST_KEY,)
    purpose: str = PURPOSE
    notice: str = PURPOSE
    version: int = 0

    @property
    def stores(self) -> PostgresStores:
        """Opens transactions."""
        return PostgresStores(self.house.database)

    @property
    def hashes(self) -> KeyedAddressHashes:
        """Hashes under the keys that there are."""
        return KeyedAddressHashes(self.keys)

    @property
    def desk(self) -> Desk:
        """What suppressions are made with."""
        return Desk(self.hashes, SystemIds(), self.house.clock)

    async def offer(self, *channels: Channel) -> None:
        """Asks customers for a purpose with these channels."""
        await self.publish(is_material=True)
        names = {"nn": "Nytt", "nb": "Nytt", "en": "News"}
        async with self.house.store() as store:
            await store.put_purpose(
                Purpose(self.purpose, 1, self.notice, channels or tuple(Channel), names)
            )

    async def publish(self, *, is_material: bool) -> None:
        """Publishes the next version of the notice."""
        self.version += 1
        async with self.house.store() as store:
            await store.add_notice_version(
                self.notice, self.version, self.house.clock.now(), is_material=is_material
            )

    async def customer(self, contact: Contact | None = None) -> UUID:
        """Takes a customer in, and learns how the customer is reached."""
        customer_id = uuid4()
        self.register.known[customer_id] = contact or reachable()
        await self.tell(customer_id)
        await self.learn_all()
        return customer_id

    async def know(self, customer_id: UUID, contact: Contact) -> None:
        """Takes a customer in, and knows how one is reached without identity being asked."""
        await self.tell(customer_id)
        [row] = await self.house.sql(
            "SELECT contact_version FROM customer WHERE id = $1", customer_id
        )
        async with self.house.store() as store:
            await store.put_contacts(
                {customer_id: known(contact, self.hashes)}, {customer_id: row["contact_version"]}
            )

    async def tell(self, customer_id: UUID, status: Status = Status.ACTIVE) -> None:
        """Tells of a customer who has come, or whose entry in the register was changed."""
        async with self.house.store() as store:
            await customers.remember_customer(
                store, customer_id=customer_id, number=str(customer_id), status=status
            )

    async def readdress(self, customer_id: UUID, contact: Contact) -> None:
        """Has a customer reached otherwise, and tells of it."""
        self.register.known[customer_id] = contact
        async with self.house.store() as store:
            await contacts.contact_changed(store, customer_id=customer_id)

    async def erase(self, customer_id: UUID) -> None:
        """Erases a customer."""
        self.register.known.pop(customer_id, None)
        async with self.house.store() as store:
            await customers.erase_customer(store, self.house.clock, customer_id=customer_id)

    async def learn(self) -> bool:
        """Asks how those are reached who may be reached otherwise, also those asked for in vain."""
        self.house.clock.advance(contacts.LEASE)
        return await contacts.learn_contacts(
            self.stores, self.register, self.hashes, self.house.clock
        )

    async def learn_all(self) -> None:
        """Asks until nobody is to be asked for, whoever else is asking in vain."""
        while await self.house.sql("SELECT FROM customer WHERE ask_at IS NOT NULL"):
            await self.learn()

    def said(self, decision: Decision, customer_id: UUID, channel: Channel) -> Change:
        """Returns a decision of a customer's on the newest notice."""
        is_given = decision is Decision.GIVEN
        shown = Shown(self.version, b"1" * 32, "nn") if is_given else NOTHING
        return Change(customer_id, self.purpose, channel, decision, HIMSELF, shown)

    async def give(self, customer_id: UUID, *channels: Channel) -> None:
        """Says yes."""
        said = [self.said(Decision.GIVEN, customer_id, each) for each in channels]
        await self.house.record(*said)

    async def withdraw(self, customer_id: UUID, *channels: Channel) -> None:
        """Says no."""
        said = [self.said(Decision.WITHDRAWN, customer_id, each) for each in channels]
        await self.house.record(*said)

    async def suppress(self, address: Address, reason: Reason = Reason.MANUAL) -> int:
        """Has nothing sent to an address."""
        async with self.house.store() as store:
            return await suppression.suppress(store, self.desk, [address], reason)

    async def unsuppress(self, text: str, reason: Reason = Reason.MANUAL) -> None:
        """Has an address written to again."""
        async with self.house.store() as store:
            await suppression.remove(store, self.desk, text, reason, "Kunden bad om det.", uuid4())

    async def permission(self, customer_id: UUID, channel: Channel) -> Permission:
        """Asks whether a customer may be written to."""
        async with self.house.store() as store:
            found = await permission.permissions(store, self.purpose, [customer_id], [channel])
        return found[customer_id][channel]

    async def locked_permission(
        self, store: PostgresStore, customer_id: UUID, channel: Channel, recipient: str
    ) -> Permission:
        """Asks whether a customer may be written to, and keeps the answer true."""
        return await permission.locked_permission(
            store, self.hashes, self.purpose, customer_id, channel, recipient
        )

    async def audience(self, channel: Channel, as_of: int = 0) -> Sequence[UUID]:
        """Hands out who may be written to."""
        batches = audience.export_audience(self.stores, self.purpose, channel, as_of)
        return [each async for batch in batches for each in batch.customer_ids]


def reachable(
    email: str = "kari@example.no", mobile: str = "+4791234567", account_id: UUID | None = None
) -> Contact:
    """Returns somebody who is reached by every channel."""
    return Contact(
        account_id=account_id or uuid4(),
        language="nn",
        email=email_address(email),
        is_email_confirmed=True,
        mobile=phone_number(mobile),
        is_mobile_confirmed=True,
    )
