"""Logging in with a provider, and linking one to an account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kit import errors
from kit.checks import check, required
from kit.clock import Clock
from kit.ids import Ids
from kit.noted import note
from services.identity.domain.federation import (
    FLOW_LIFETIME,
    Flow,
    FlowSecret,
    Link,
    Provider,
    ProviderAnswer,
    ProviderIdentity,
    Providers,
    hash_of,
)
from services.identity.domain.problems import (
    ProviderFlowEnded,
    ProviderLinkedAlready,
    ProviderLinkedElsewhere,
    ProviderNotEnough,
    ProviderNotLinked,
)
from services.identity.domain.sessions import Client, Visitor
from services.identity.domain.store import Store, Stores
from services.identity.domain.throttles import PROVIDER_BY_NETWORK
from services.identity.handlers.accounts import get_me
from services.identity.handlers.checks import device_error
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import Issuer, OpenSession, begin_session


@dataclass(frozen=True, slots=True)
class Federation:
    """What logins with providers are made with.

    Attributes:
        providers: The providers.
        stores: Opens transactions.
    """

    providers: Providers
    stores: Stores
    ids: Ids
    clock: Clock


@dataclass(frozen=True, slots=True)
class BegunFlow:
    """A flow, and what whoever began it takes along.

    Attributes:
        flow: The flow.
        authorization_url: Where to go.
        secret: What to show when it is completed.
    """

    flow: Flow
    authorization_url: str = field(repr=False)
    secret: FlowSecret


@dataclass(frozen=True, slots=True)
class Return:
    """What somebody comes back with from a provider.

    Attributes:
        state: The state that the provider sent back.
        secret: What they were given when they began.
        answer: The rest of what the provider sent back.
    """

    state: str = field(repr=False)
    secret: FlowSecret
    answer: ProviderAnswer


@dataclass(frozen=True, slots=True)
class Vouched:
    """A provider vouches for somebody.

    Attributes:
        provider: The provider.
        identity: The person.
        client: Where the flow was begun.
    """

    provider: Provider
    identity: ProviderIdentity
    client: Client


async def begin_login(
    gate: Gate, federation: Federation, provider_id: str, client: Client, network: str
) -> BegunFlow:
    """Begins a login.

    Raises:
        NotFound: If there is no such provider.
        TooManyTries: If there were too many from here.
        ProviderUnavailable: If the provider does not answer.
    """
    federation.providers.get(provider_id)
    await gate.count([gate.throttles.attempt(PROVIDER_BY_NETWORK, network)])
    return await _begin(federation, provider_id, client, None)


async def begin_link(
    federation: Federation, provider_id: str, client: Client, account_id: UUID
) -> BegunFlow:
    """Begins to link a provider to an account, for its owner who has logged in lately.

    Raises:
        NotFound: If there is no such provider.
        ProviderUnavailable: If the provider does not answer.
    """
    return await _begin(federation, provider_id, client, account_id)


async def _begin(
    federation: Federation, provider_id: str, client: Client, account_id: UUID | None
) -> BegunFlow:
    state, secret = federation.ids.token(), FlowSecret(federation.ids.token())
    # Asked before anything is kept, and with no connection held.
    url = await federation.providers.authorization_url(provider_id, client, state, secret)
    now = federation.clock.now()
    flow = Flow(provider_id, client, account_id, now + FLOW_LIFETIME)
    async with federation.stores() as store:
        await store.add_flow(flow, hash_of(state), hash_of(secret.value), now)
    return BegunFlow(flow, url, secret)


async def prove(
    federation: Federation, back: Return, account_id: UUID | None, device: str = ""
) -> Vouched:
    """Asks the provider whom it vouches for, once, for whoever began the flow.

    Args:
        federation: What it is done with.
        back: What they came back with.
        account_id: The account that is to be linked, None for a login.
        device: What their device is called.

    Raises:
        Invalid: If something is missing.
        ProviderFlowEnded: If they began no such flow, or it is used up or over.
        ProviderLoginFailed: If the provider's answer does not hold.
        ProviderUnavailable: If the provider does not answer.
    """
    check(
        required("state", back.state),
        required("code", back.answer.code),
        required("flow_secret", back.secret.value),
        device_error(device),
    )
    state, secret = hash_of(back.state), hash_of(back.secret.value)
    async with federation.stores() as store:
        flow = await store.take_flow(state, secret, account_id, federation.clock.now())
    if flow is None:
        raise ProviderFlowEnded
    identity = await federation.providers.identify(flow, back.secret, back.answer)
    return Vouched(federation.providers.get(flow.provider_id), identity, flow.client)


async def create_session(
    store: Store, issuer: Issuer, vouched: Vouched, visitor: Visitor
) -> OpenSession:
    """Begins a session for somebody whom a provider vouches for.

    Raises:
        ProviderNotLinked: If no account is linked to them; what the provider knows of their e-mail
            makes no difference.
        ProviderNotEnough: If the account needs two factors, and a login there takes one.
    """
    account_id = await store.account_linked_to(vouched.identity)
    note(account=account_id)
    account = None if account_id is None else await store.account(account_id)
    if account is None:
        raise ProviderNotLinked(vouched.provider.name)
    has_app = (await store.second_factors(account.id)).totp
    if (has_app or account.roles) and not vouched.provider.is_strong:
        raise ProviderNotEnough(vouched.provider.name)
    return await begin_session(
        store,
        issuer,
        account,
        visitor,
        vouched.provider.methods,
        authenticated_at=vouched.identity.authenticated_at,
    )


async def link(store: Store, clock: Clock, account_id: UUID, vouched: Vouched) -> datetime:
    """Links an account to somebody whom a provider vouches for, and tells its owner.

    Doing the same again changes nothing.

    Returns:
        Since when they are linked.

    Raises:
        ProviderLinkedElsewhere: If another account is linked to this person.
        ProviderLinkedAlready: If the account is linked to somebody else there.
    """
    account = await get_me(store, account_id)
    provider, identity, now = vouched.provider, vouched.identity, clock.now()
    if not await store.add_link(Link(identity.issuer, identity.subject, account_id, now)):
        linked_account = await store.account_linked_to(identity)
        if linked_account is None:
            raise ProviderLinkedAlready(provider.name)
        if linked_account != account_id:
            raise ProviderLinkedElsewhere(provider.name)
        return (await store.links_of(account_id))[identity.issuer]
    await store.send(
        account.letter("provider-linked", provider=provider.name, when=now.isoformat())
    )
    return now


async def list_links(
    store: Store, providers: Providers, account_id: UUID
) -> Sequence[tuple[Provider, datetime]]:
    """Returns which of the providers are linked to an account, and since when."""
    links = await store.links_of(account_id)
    return [(each, links[each.issuer]) for each in providers.all() if each.issuer in links]


async def unlink(
    store: Store, providers: Providers, clock: Clock, account_id: UUID, provider_id: str
) -> None:
    """Unlinks a provider from an account, and tells its owner.

    Raises:
        NotFound: If there is no such provider, or it is not linked.
    """
    provider = providers.get(provider_id)
    account = await get_me(store, account_id)
    if not await store.remove_link(account_id, provider.issuer):
        raise errors.NotFound
    await store.send(
        account.letter("provider-unlinked", provider=provider.name, when=clock.now().isoformat())
    )
