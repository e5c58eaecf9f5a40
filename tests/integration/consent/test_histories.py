"""Whatever happens in whatever order: the database answers as the rules do, written out slowly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import Unavailable
from kit.keyed_hash import SecretKey
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import Address, Contact, email_address, phone_number
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Decision
from services.consent.domain.permission import Permission
from services.consent.domain.suppression import Reason
from services.consent.handlers import audience, permission
from tests.integration.consent.people import People
from tests.integration.consent.world import House

EMAILS, MOBILES = 2, 2
PEOPLE = 3
_worlds = count()

customers = st.integers(0, PEOPLE - 1)
channels = st.sampled_from(Channel)


@dataclass(frozen=True)
class Decides:
    """A customer says yes or no to a channel."""

    customer: int
    channel: Channel
    decision: Decision


@dataclass(frozen=True)
class TurnsAllOff:
    """A customer says no to every channel."""

    customer: int


@dataclass(frozen=True)
class Publishes:
    """The notice has a new version."""

    is_material: bool


@dataclass(frozen=True)
class Readdresses:
    """A customer is reached otherwise, at an address that may have been another's; it is told."""

    customer: int
    email: int | None
    is_email_confirmed: bool
    mobile: int | None
    is_mobile_confirmed: bool
    has_account: bool


@dataclass(frozen=True)
class Learns:
    """Identity is asked, and answers or not."""

    is_up: bool


@dataclass(frozen=True)
class Suppresses:
    """Nothing is to be sent to an address."""

    mobile: bool
    which: int
    reason: Reason


@dataclass(frozen=True)
class Unsuppresses:
    """An address is written to again, as far as a reason goes."""

    mobile: bool
    which: int
    reason: Reason


@dataclass(frozen=True)
class Moves:
    """The register says of a customer where one is."""

    customer: int
    status: Status


@dataclass(frozen=True)
class Erases:
    """A customer is erased."""

    customer: int


@dataclass(frozen=True)
class RenewsKey:
    """New hashes are made with another key."""


Step: TypeAlias = (
    Decides
    | TurnsAllOff
    | Publishes
    | Readdresses
    | Learns
    | Suppresses
    | Unsuppresses
    | Moves
    | Erases
    | RenewsKey
)
reasons = st.sampled_from(Reason)
histories = st.lists(
    st.one_of(
        st.builds(
            Decides, customers, channels, st.sampled_from([Decision.GIVEN, Decision.WITHDRAWN])
        ),
        st.builds(
            Decides,
            customers,
            st.sampled_from([Channel.EMAIL, Channel.SMS]),
            st.just(Decision.GIVEN),
        ),
        st.builds(TurnsAllOff, customers),
        st.builds(Publishes, st.booleans()),
        st.builds(
            Readdresses,
            customers,
            st.none() | st.integers(0, EMAILS - 1),
            st.booleans(),
            st.none() | st.integers(0, MOBILES - 1),
            st.booleans(),
            st.booleans(),
        ),
        st.builds(Learns, st.sampled_from([True, True, True, False])),
        st.builds(Suppresses, st.booleans(), st.integers(0, 1), reasons),
        st.builds(Unsuppresses, st.booleans(), st.integers(0, 1), reasons),
        st.builds(Moves, customers, st.sampled_from([Status.ACTIVE, Status.MOVED])),
        st.builds(Erases, customers),
        st.builds(RenewsKey),
    ),
    max_size=25,
)


BEGINNING: Sequence[Step] = (
    *(Decides(0, channel, Decision.GIVEN) for channel in Channel),
    Readdresses(
        0,
        email=0,
        is_email_confirmed=True,
        mobile=0,
        is_mobile_confirmed=True,
        has_account=True,
    ),
    Learns(is_up=True),
)
"""One customer of the three is written to by every channel, whatever comes then."""


@dataclass
class Rules:
    """What the rules say, from all that has happened; it knows addresses, and no hash and no table.

    Attributes:
        statuses: Where each customer is in the register.
        decisions: What each has decided, in order, each with the version of the notice.
        material: The versions of the notice that were material.
        told: How each is reached, as identity knows it.
        learned: The customers of whom identity was asked since it last told of them.
        suppressed: What nothing is sent to, and why.
    """

    statuses: dict[UUID, Status]
    told: dict[UUID, Contact]
    decisions: list[tuple[UUID, Channel, Decision, int]] = field(
        default_factory=list[tuple[UUID, Channel, Decision, int]]
    )
    material: set[int] = field(default_factory=lambda: {1})
    learned: set[UUID] = field(default_factory=set[UUID])
    suppressed: set[tuple[Address, Reason]] = field(default_factory=set[tuple[Address, Reason]])

    def permission(  # noqa: C901, PLR0911 - one line for each rule
        self, customer: UUID, channel: Channel
    ) -> Permission:
        """Says whether a customer may be written to."""
        if self.statuses[customer] is not Status.ACTIVE:
            return Permission.NOT_A_CUSTOMER
        decided = [
            (decision, version)
            for who, way, decision, version in self.decisions
            if (who, way) == (customer, channel)
        ]
        if not decided:
            return Permission.NO_DECISION
        decision, version = decided[-1]
        if decision is Decision.WITHDRAWN:
            return Permission.WITHDRAWN
        if any(material > version for material in self.material):
            return Permission.NOTICE_SUPERSEDED
        if channel is Channel.POST:
            return Permission.ALLOWED
        if customer not in self.learned:
            return Permission.NOT_CONFIRMED
        contact = self.told[customer]
        if channel is Channel.PUSH:
            return Permission.ALLOWED if contact.account_id else Permission.NO_ADDRESS
        address, is_confirmed = (
            (contact.email, contact.is_email_confirmed)
            if channel is Channel.EMAIL
            else (contact.mobile, contact.is_mobile_confirmed)
        )
        if address is None:
            return Permission.NO_ADDRESS
        if not is_confirmed:
            return Permission.NOT_CONFIRMED
        if any(who == address for who, _ in self.suppressed):
            return Permission.SUPPRESSED
        return Permission.ALLOWED


@dataclass
class World:
    """The service and the rules, to which the same happens.

    Attributes:
        people: The service.
        rules: The rules.
        ids: The customers.
        name: Tells its addresses from those of other worlds in the same database.
    """

    people: People
    rules: Rules
    ids: Sequence[UUID]
    name: int

    @staticmethod
    async def begun(house: House) -> "World":
        """Returns a world in which nothing was decided."""
        number = next(_worlds)
        # A purpose has letters only.
        purpose = "world-" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
        people = People(house, purpose=purpose, notice=purpose)
        await people.offer()
        ids = [uuid4() for _ in range(PEOPLE)]
        for customer_id in ids:
            people.register.known[customer_id] = Contact()
            await people.tell(customer_id)
        return World(
            people,
            Rules(dict.fromkeys(ids, Status.ACTIVE), dict.fromkeys(ids, Contact())),
            ids,
            number,
        )

    def address(self, *, mobile: bool, which: int) -> Address:
        """Returns an address of this world."""
        if mobile:
            return phone_number(f"+479{self.name * 10 + which:07d}")
        return email_address(f"kari{which}@world{self.name}.example.no")

    async def happen(self, step: Step) -> None:  # noqa: C901, PLR0912 - one case for each
        """Does a step, and tells the rules."""
        people, rules = self.people, self.rules
        match step:
            case Decides(customer, channel, decision):
                await self._decide(self.ids[customer], channel, decision)
            case TurnsAllOff(customer):
                for channel in Channel:
                    await self._decide(self.ids[customer], channel, Decision.WITHDRAWN)
            case Publishes(is_material):
                await people.publish(is_material=is_material)
                if is_material:
                    rules.material.add(people.version)
            case Readdresses():
                await self._readdress(step)
            case Learns(is_up):
                people.register.is_up = is_up
                try:
                    await people.learn()
                except Unavailable:
                    assert not is_up
                else:
                    rules.learned |= set(self.ids)
            case Suppresses(mobile, which, reason):
                address = self.address(mobile=mobile, which=which)
                await people.suppress(address, reason)
                rules.suppressed.add((address, reason))
            case Unsuppresses(mobile, which, reason):
                address = self.address(mobile=mobile, which=which)
                if (address, reason) in rules.suppressed:
                    await people.unsuppress(address.value, reason)
                    rules.suppressed.remove((address, reason))
            case Moves(customer, status):
                await people.tell(self.ids[customer], status)
                if rules.statuses[self.ids[customer]] is not Status.ERASED:
                    rules.statuses[self.ids[customer]] = status
                    rules.learned.discard(self.ids[customer])
            case Erases(customer):
                await people.erase(self.ids[customer])
                rules.statuses[self.ids[customer]] = Status.ERASED
            case RenewsKey():
                number = len(people.keys)
                people.keys = (SecretKey(f"key{number}", bytes([number]) * 32), *people.keys)

    async def _decide(self, customer_id: UUID, channel: Channel, decision: Decision) -> None:
        await self.people.house.record(self.people.said(decision, customer_id, channel))
        said = (customer_id, channel, decision, self.people.version)
        self.rules.decisions.append(said)

    async def _readdress(self, step: Readdresses) -> None:
        contact = Contact(
            account_id=uuid4() if step.has_account else None,
            email=None if step.email is None else self.address(mobile=False, which=step.email),
            is_email_confirmed=step.is_email_confirmed,
            mobile=None if step.mobile is None else self.address(mobile=True, which=step.mobile),
            is_mobile_confirmed=step.is_mobile_confirmed,
        )
        customer_id = self.ids[step.customer]
        await self.people.readdress(customer_id, contact)
        self.rules.told[customer_id] = contact
        self.rules.learned.discard(customer_id)

    async def told(self) -> Mapping[UUID, Mapping[Channel, Permission]]:
        """Returns what the database says of everybody."""
        async with self.people.house.store() as store:
            return await permission.permissions(
                store, self.people.purpose, self.ids, tuple(Channel)
            )

    def ruled(self) -> Mapping[UUID, Mapping[Channel, Permission]]:
        """Returns what the rules say of everybody."""
        return {
            customer_id: {
                channel: self.rules.permission(customer_id, channel) for channel in Channel
            }
            for customer_id in self.ids
        }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories)
async def test_the_database_answers_as_the_rules_do(house: House, history: list[Step]) -> None:
    world = await World.begun(house)
    for step in (*BEGINNING, *history):
        await world.happen(step)
    told = await world.told()
    assert told == world.ruled()

    decided = world.rules.decisions
    for customer_id, permissions in told.items():
        yes = {
            channel
            for channel in Channel
            if [what for who, way, what, _ in decided if (who, way) == (customer_id, channel)][-1:]
            == [Decision.GIVEN]
        }
        allowed = {each for each, said in permissions.items() if said is Permission.ALLOWED}
        assert allowed <= yes, "somebody is written to who has not said yes, or no since"

    for channel in Channel:
        allowed = {each for each in world.ids if told[each][channel] is Permission.ALLOWED}
        assert set(await world.people.audience(channel)) == allowed
        async with house.store() as store:
            counted = await audience.count_audience(store, world.people.purpose, channel)
        assert counted.channels[0].allowed == len(allowed)
