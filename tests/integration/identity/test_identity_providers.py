"""Logins with third parties, each a real provider of OpenID Connect in a process of its own."""

import asyncio
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import orjson
import pytest

from kit.database import Transaction
from kit.local.processes import free_port
from kit.testing import FrozenClock, all_have_come
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.config import Settings
from services.identity.domain.federation import (
    Flow,
    FlowSecret,
    Provider,
    ProviderAnswer,
    ProviderIdentity,
    Providers,
    hash_of,
)
from services.identity.domain.problems import ProviderFlowEnded
from services.identity.domain.sessions import Client, Visitor
from services.identity.domain.store import Store
from services.identity.handlers import federation
from services.identity.handlers.federation import Return
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.world import EMAIL, Identity, StoresOf, refused
from tests.oidc_provider import provider as oidc
from tests.oidc_provider.provider import OidcProvider, client, log_in_at

WEB = "https://diside.example.no/innlogging/tilbake"
APP = "https://app.example.no/innlogging/tilbake"
SECRETS = {"bankid": "a secret & more: of ours", "vipps": "another secret"}
KARI, OLA = "9578-5999-4-1765512", "9578-5999-4-7654321"
LINKED_BY = "provider-linked"
AT_ONCE = 10


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Mapping[str, OidcProvider]]:
    """Two providers that have nothing in common."""
    oidc.install()
    folder = tmp_path_factory.mktemp("providers")
    how = {"bankid": "client_secret_basic", "vipps": "client_secret_post"}
    algorithms = {"bankid": "RS256", "vipps": "ES256"}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                OidcProvider(
                    folder / name,
                    [
                        client(
                            "kundeapp",
                            WEB,
                            APP,
                            client_secret=SECRETS[name],
                            token_endpoint_auth_method=how[name],
                            require_auth_time=name == "bankid",
                        )
                    ],
                    algorithms[name],
                )
            )
            for name in how
        }


@pytest.fixture
def clock() -> FrozenClock:
    """The providers go by the real clock."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def more_settings(providers: Mapping[str, OidcProvider], tmp_path: Path) -> Mapping[str, object]:
    """BankID and Vipps, the former of which is strong; one that is down; and a name too long."""
    folder = tmp_path / "settings"
    folder.mkdir()
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret)

    def entry(provider_id: str, name: str, issuer: str, **more: object) -> Mapping[str, object]:
        given = {"client_id": "kundeapp", "scopes": ["openid", "email"]}
        return {"id": provider_id, "name": name, "issuer": issuer, **given, **more}

    bankid, vipps = providers["bankid"].issuer, providers["vipps"].issuer
    secret = {name: {"client_secret_file": str(folder / name)} for name in SECRETS}
    post = {"authentication": "client_secret_post"}
    nobody = {"authentication": "none"}
    file = folder / "providers.json"
    file.write_bytes(
        orjson.dumps(
            [
                entry("bankid", "BankID", bankid, is_strong=True, **secret["bankid"]),
                entry("vipps", "Vipps", vipps, **post, **secret["vipps"]),
                entry("down", "Nede", f"http://localhost:{free_port()}", **nobody),
                entry("slash", "Skråstrek", bankid + "/", **nobody),
            ]
        )
    )
    return {"providers": file, "provider_redirect_web": WEB, "provider_redirect_app": APP}


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email=EMAIL)


async def begin(
    identity: Identity,
    provider_id: str = "bankid",
    *,
    where: pb.Client.ValueType = pb.WEB,
    session: pb.Session | None = None,
) -> pb.ProviderFlow:
    """Begins a login, or a linking by somebody who is logged in."""
    if session is None:
        request = pb.BeginProviderLoginRequest(provider_id=provider_id, client=where)
        return await identity.call("BeginProviderLogin", request)
    link = pb.BeginProviderLinkRequest(provider_id=provider_id, client=where)
    return await identity.call("BeginProviderLink", link, session=session)


async def complete(
    identity: Identity,
    flow_secret: str,
    answer: Mapping[str, str],
    *,
    request_id: str = "",
    device: str = "",
    session: pb.Session | None = None,
) -> pb.Session:
    """Completes a login."""
    request = pb.CompleteProviderLoginRequest(
        flow_secret=flow_secret, request_id=request_id, device=device, **told(answer)
    )
    return await identity.call("CompleteProviderLogin", request, session=session)


async def complete_link(
    identity: Identity,
    session: pb.Session,
    flow_secret: str,
    answer: Mapping[str, str],
    request_id: str = "",
) -> pb.LinkedIdentityProvider:
    request = pb.CompleteProviderLinkRequest(
        flow_secret=flow_secret, request_id=request_id, **told(answer)
    )
    return await identity.call("CompleteProviderLink", request, session=session)


def told(answer: Mapping[str, str]) -> dict[str, str]:
    return {name: answer.get(name, "") for name in ("state", "code", "iss")}


async def log_in_with(identity: Identity, subject: str, provider_id: str = "bankid") -> pb.Session:
    flow = await begin(identity, provider_id)
    return await complete(
        identity, flow.flow_secret, await log_in_at(flow.authorization_url, subject)
    )


async def link(
    identity: Identity, subject: str, provider_id: str = "bankid", *, email: str = EMAIL
) -> pb.LinkedIdentityProvider:
    """Logs in with the password, and links a provider."""
    session = await identity.log_in(email)
    flow = await begin(identity, provider_id, session=session)
    answer = await log_in_at(flow.authorization_url, subject)
    return await complete_link(identity, session, flow.flow_secret, answer)


async def linked(identity: Identity, session: pb.Session) -> Sequence[str]:
    answer: pb.ListMyIdentityProvidersResponse = await identity.call(
        "ListMyIdentityProviders", pb.ListMyIdentityProvidersRequest(), session=session
    )
    return [each.provider.id for each in answer.providers]


async def unlink(identity: Identity, session: pb.Session, provider_id: str = "bankid") -> None:
    request = pb.UnlinkIdentityProviderRequest(provider_id=provider_id)
    await identity.call("UnlinkIdentityProvider", request, session=session)


def with_parameter(url: str, name: str, value: str) -> str:
    """Returns a URL with another value of one of its parameters."""
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    assert name in query
    return parts._replace(query=urlencode(query | {name: value})).geturl()


async def count(identity: Identity, table: str) -> int:
    [row] = await identity.fetch(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours
    return row[0]


async def test_the_providers_are_listed_in_their_order(identity: Identity) -> None:
    answer: pb.ListIdentityProvidersResponse = await identity.call(
        "ListIdentityProviders", pb.ListIdentityProvidersRequest()
    )

    assert [(each.id, each.name) for each in answer.providers][:2] == [
        ("bankid", "BankID"),
        ("vipps", "Vipps"),
    ]


@pytest.mark.parametrize("provider_id", ["bankid", "vipps"])
async def test_a_customer_logs_in_with_a_provider_that_is_linked(
    identity: Identity, provider_id: str
) -> None:
    await link(identity, KARI, provider_id)
    session = await log_in_with(identity, KARI, provider_id)

    assert (await identity.me(session)).email == EMAIL
    assert session.client == pb.WEB
    assert await identity.refresh(session.refresh_token)


async def test_a_login_says_how_strong_it_was(identity: Identity) -> None:
    for provider_id in ("bankid", "vipps"):
        await link(identity, KARI, provider_id)

    bankid = await log_in_with(identity, KARI, "bankid")
    vipps = await log_in_with(identity, KARI, "vipps")
    assert identity.caller(bankid).methods == ("fed", "mfa")
    assert identity.caller(vipps).methods == ("fed",)


@pytest.mark.parametrize(("where", "redirect"), [(pb.WEB, WEB), (pb.APP, APP)])
async def test_a_customer_is_sent_back_to_where_they_began(
    identity: Identity, where: pb.Client.ValueType, redirect: str
) -> None:
    await link(identity, KARI)
    flow = await begin(identity, where=where)
    [redirect_uri] = parse_qs(urlsplit(flow.authorization_url).query)["redirect_uri"]
    answer = await log_in_at(flow.authorization_url, KARI)
    session = await complete(identity, flow.flow_secret, answer)

    assert redirect_uri == redirect
    assert flow.client == session.client == where


async def test_a_login_from_a_new_device_is_told_and_the_device_is_known_from_then_on(
    identity: Identity,
) -> None:
    await link(identity, KARI)
    session = await log_in_with(identity, KARI)
    assert session.device_token
    assert len(await identity.letters("new-device")) == 1

    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    request = pb.CompleteProviderLoginRequest(
        flow_secret=flow.flow_secret, device_token=session.device_token, **told(answer)
    )
    again: pb.Session = await identity.call("CompleteProviderLogin", request)
    assert not again.device_token
    assert len(await identity.letters("new-device")) == 1


async def test_whom_a_provider_remembered_has_not_proven_lately_who_they_are(
    identity: Identity,
) -> None:
    await link(identity, KARI)
    # The provider's clock stays behind: what it calls now is eleven minutes ago.
    identity.clock.advance(timedelta(minutes=11))
    session = await log_in_with(identity, KARI)

    devices: pb.ListMySessionsResponse = await identity.call(
        "ListMySessions", pb.ListMySessionsRequest(), session=session
    )
    [created_at] = [each.created_at for each in devices.sessions if each.current]
    assert created_at.ToDatetime(UTC) == identity.clock.now()
    with refused("REAUTHENTICATION_NEEDED"):
        await begin(identity, "vipps", session=session)


async def test_a_victims_email_that_somebody_registered_before_links_nothing(
    identity: Identity,
) -> None:
    """The provider says the same e-mail, and that it is verified."""
    assert oidc.EMAIL == EMAIL
    with refused("PROVIDER_NOT_LINKED"):
        await log_in_with(identity, KARI)

    assert await count(identity, "provider_link") == 0


async def test_an_attackers_state_in_a_victims_browser_is_refused(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    await link(identity, OLA, email="ola@example.no")
    attackers = await begin(identity)
    link_to_send = await log_in_at(attackers.authorization_url, OLA)

    victims = await begin(identity)
    for held in (victims.flow_secret, "", "x" * 43):
        with refused("PROVIDER_FLOW_ENDED" if held else "INVALID_FIELDS"):
            await complete(identity, held, link_to_send)


async def test_a_victims_state_and_code_are_no_use_to_an_attacker(identity: Identity) -> None:
    await link(identity, KARI)
    victims = await begin(identity)
    seen = await log_in_at(victims.authorization_url, KARI)
    attackers = await begin(identity)
    state = parse_qs(urlsplit(attackers.authorization_url).query)["state"][0]

    with refused("PROVIDER_FLOW_ENDED"):
        await complete(identity, attackers.flow_secret, seen)
    with refused("PROVIDER_LOGIN_FAILED"):  # another flow's code: PKCE
        await complete(identity, attackers.flow_secret, {**seen, "state": state})


async def test_what_a_provider_sent_back_works_once(identity: Identity) -> None:
    await link(identity, KARI)
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    await complete(identity, flow.flow_secret, answer)

    with refused("PROVIDER_FLOW_ENDED"):
        await complete(identity, flow.flow_secret, answer)


async def test_a_code_that_failed_is_used_up_too(identity: Identity) -> None:
    await link(identity, KARI)
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    with refused("PROVIDER_LOGIN_FAILED"):
        await complete(identity, flow.flow_secret, {**answer, "code": "another"})

    with refused("PROVIDER_FLOW_ENDED"):
        await complete(identity, flow.flow_secret, answer)


async def test_a_retry_gets_the_first_answer(identity: Identity) -> None:
    await link(identity, KARI)
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    first = await complete(identity, flow.flow_secret, answer, request_id="a-key")
    again = await complete(identity, flow.flow_secret, answer, request_id="a-key")

    assert again == first
    with refused("IDEMPOTENCY_KEY_REUSED"):
        await complete(identity, "x" * 43, answer, request_id="a-key")


@pytest.mark.parametrize("told_by", ["the other provider", "nobody"])
async def test_the_code_of_another_provider_is_refused(identity: Identity, told_by: str) -> None:
    """A mix-up: the browser comes back from BankID with the state of a login with Vipps."""
    for provider_id in ("bankid", "vipps"):
        await link(identity, KARI, provider_id)
    bankid, vipps = await begin(identity, "bankid"), await begin(identity, "vipps")
    answer = await log_in_at(bankid.authorization_url, KARI)
    state = parse_qs(urlsplit(vipps.authorization_url).query)["state"][0]
    mixed_up = {**answer, "state": state} | ({"iss": ""} if told_by == "nobody" else {})

    with refused("PROVIDER_LOGIN_FAILED"):
        await complete(identity, vipps.flow_secret, mixed_up)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("nonce", "another"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("redirect_uri", APP),
    ],
)
async def test_a_login_that_was_tampered_with_on_its_way_is_refused(
    identity: Identity, parameter: str, value: str
) -> None:
    await link(identity, KARI)
    flow = await begin(identity, where=pb.WEB)
    tampered = with_parameter(flow.authorization_url, parameter, value)
    answer = await log_in_at(tampered, KARI)

    with refused("PROVIDER_LOGIN_FAILED"):
        await complete(identity, flow.flow_secret, answer)


async def test_an_issuer_is_compared_to_the_letter(identity: Identity) -> None:
    with refused("PROVIDER_UNAVAILABLE"):
        await begin(identity, "slash")

    assert await begin(identity, "bankid")


async def test_a_provider_that_is_down_takes_nobody_along(identity: Identity) -> None:
    await link(identity, KARI)
    with refused("PROVIDER_UNAVAILABLE"):
        await begin(identity, "down")

    assert await log_in_with(identity, KARI)
    assert await identity.log_in()


async def test_a_login_takes_ten_minutes_at_most(identity: Identity) -> None:
    await link(identity, KARI)
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    assert flow.expires_at.ToDatetime(UTC) == identity.clock.now() + timedelta(minutes=10)

    identity.clock.advance(timedelta(minutes=10))
    with refused("PROVIDER_FLOW_ENDED"):
        await complete(identity, flow.flow_secret, answer)


async def test_flows_that_were_never_completed_are_forgotten(identity: Identity) -> None:
    await begin(identity)
    identity.clock.advance(timedelta(minutes=10))
    await begin(identity)

    assert await count(identity, "provider_flow") == 1


async def test_nothing_at_rest_completes_a_login(identity: Identity) -> None:
    flow = await begin(identity)
    [row] = await identity.fetch("SELECT * FROM provider_flow")
    state = parse_qs(urlsplit(flow.authorization_url).query)["state"][0]
    secret = FlowSecret(flow.flow_secret)

    assert row["state"] == hash_of(state)
    assert row["secret"] == hash_of(flow.flow_secret)
    assert len(state) == len(flow.flow_secret) == 43
    for value in (state, secret.value, secret.verifier, secret.nonce):
        assert value not in str(dict(row))


@pytest.mark.parametrize("field", ["state", "code", "flow_secret"])
async def test_what_is_missing_is_named_and_uses_nothing_up(identity: Identity, field: str) -> None:
    await link(identity, KARI)
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)
    given = {**answer, "flow_secret": flow.flow_secret, field: ""}
    with refused("INVALID_FIELDS") as refusal:
        await complete(identity, given.pop("flow_secret"), given)

    assert refusal.fields == [(field, "REQUIRED_FIELD")]
    with refused("INVALID_FIELDS"):
        await complete(identity, flow.flow_secret, answer, device="x" * 101)
    assert await complete(identity, flow.flow_secret, answer)


async def test_an_unknown_provider_is_not_found(identity: Identity) -> None:
    session = await identity.log_in()
    with refused("NOT_FOUND"):
        await begin(identity, "buypass")
    with refused("NOT_FOUND"):
        await begin(identity, "buypass", session=session)
    with refused("NOT_FOUND"):
        await unlink(identity, session, "buypass")


async def test_nobody_begins_logins_without_end(identity: Identity) -> None:
    for _ in range(100):
        await begin(identity)

    with refused("TOO_MANY_REQUESTS"):
        await begin(identity)
    identity.clock.advance(timedelta(minutes=1))
    assert await begin(identity)


async def test_a_link_is_listed_and_told(identity: Identity) -> None:
    session = await identity.log_in()
    assert await linked(identity, session) == []
    answer = await link(identity, KARI)

    assert await linked(identity, session) == ["bankid"]
    assert answer.linked_at.ToDatetime(UTC) == identity.clock.now()
    [letter] = await identity.letters(LINKED_BY)
    assert letter["To"] == EMAIL
    assert "BankID vart kopla til kontoen din" in letter.get_content()


async def test_linking_and_unlinking_need_a_recent_login(identity: Identity) -> None:
    session = await identity.log_in()
    await link(identity, KARI)
    identity.clock.advance(timedelta(minutes=10, seconds=1))

    with refused("REAUTHENTICATION_NEEDED"):
        await begin(identity, session=session)
    with refused("REAUTHENTICATION_NEEDED"):
        await unlink(identity, session)
    assert await linked(identity, session) == ["bankid"]


async def test_a_linking_is_completed_by_the_account_that_began_it(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    kari, ola = await identity.log_in(), await identity.log_in("ola@example.no")
    flow = await begin(identity, session=kari)
    answer = await log_in_at(flow.authorization_url, KARI)

    with refused("PROVIDER_FLOW_ENDED"):
        await complete_link(identity, ola, flow.flow_secret, answer)
    with refused("PROVIDER_FLOW_ENDED"):
        await complete(identity, flow.flow_secret, answer)
    assert await complete_link(identity, kari, flow.flow_secret, answer)


async def test_a_login_links_nothing_to_whoever_is_logged_in(identity: Identity) -> None:
    session = await identity.log_in()
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)

    with refused("PROVIDER_FLOW_ENDED"):
        await complete_link(identity, session, flow.flow_secret, answer)
    with refused("PROVIDER_NOT_LINKED"):
        await complete(identity, flow.flow_secret, answer, session=session)


async def test_a_person_at_a_provider_has_one_account(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    await link(identity, KARI)

    with refused("PROVIDER_LINKED_ELSEWHERE"):
        await link(identity, KARI, email="ola@example.no")
    assert (await identity.me(await log_in_with(identity, KARI))).email == EMAIL


async def test_an_account_is_one_person_at_each_provider(identity: Identity) -> None:
    await link(identity, KARI)
    with refused("PROVIDER_LINKED_ALREADY"):
        await link(identity, OLA)

    await link(identity, OLA, "vipps")
    assert await linked(identity, await identity.log_in()) == ["bankid", "vipps"]


async def test_the_same_subject_at_another_provider_is_another_person(identity: Identity) -> None:
    await link(identity, KARI, "bankid")

    with refused("PROVIDER_NOT_LINKED"):
        await log_in_with(identity, KARI, "vipps")


async def test_linking_again_changes_nothing_and_is_not_told_again(identity: Identity) -> None:
    first = await link(identity, KARI)
    identity.clock.advance(timedelta(minutes=1))
    again = await link(identity, KARI)

    assert again == first
    assert len(await identity.letters(LINKED_BY)) == 1


async def test_a_linking_that_is_retried_gets_the_first_answer(identity: Identity) -> None:
    session = await identity.log_in()
    flow = await begin(identity, session=session)
    answer = await log_in_at(flow.authorization_url, KARI)
    first = await complete_link(identity, session, flow.flow_secret, answer, "a-key")

    assert await complete_link(identity, session, flow.flow_secret, answer, "a-key") == first


async def test_what_is_unlinked_logs_nobody_in_and_is_told(identity: Identity) -> None:
    await link(identity, KARI)
    session = await identity.log_in()
    await unlink(identity, session)

    with refused("PROVIDER_NOT_LINKED"):
        await log_in_with(identity, KARI)
    with refused("NOT_FOUND"):
        await unlink(identity, session)
    [letter] = await identity.letters("provider-unlinked")
    assert re.search("BankID vart kopla frå kontoen din", letter.get_content())


async def test_two_completions_at_once_begin_one_session(identity: Identity) -> None:
    await link(identity, KARI)
    before = await count(identity, "session")
    flow = await begin(identity)
    answer = await log_in_at(flow.authorization_url, KARI)

    async def attempt() -> None:
        with refused("PROVIDER_FLOW_ENDED", or_none=True):
            await complete(identity, flow.flow_secret, answer)

    await asyncio.gather(*(attempt() for _ in range(AT_ONCE)))
    assert await count(identity, "session") == before + 1


@dataclass(frozen=True)
class Gullible:
    """A provider that takes a code as often as it is shown."""

    provider: Provider

    def all(self) -> tuple[Provider, ...]:
        return (self.provider,)

    def get(self, provider_id: str) -> Provider:
        assert provider_id == self.provider.id
        return self.provider

    async def authorization_url(
        self, provider_id: str, client: Client, state: str, secret: FlowSecret
    ) -> str:
        return f"https://{provider_id}.example.no/{client}?state={state}&nonce={secret.nonce}"

    async def identify(
        self, flow: Flow, secret: FlowSecret, answer: ProviderAnswer
    ) -> ProviderIdentity:
        assert answer.code == secret.verifier
        return ProviderIdentity(self.provider.issuer, KARI, flow.expires_at)


class NaiveStore(PostgresStore):
    """Reads a flow before it deletes it."""

    everybody_has_read: asyncio.Barrier

    async def take_flow(
        self,
        state: bytes,
        secret: bytes,
        account_id: UUID | None,
        now: datetime,  # noqa: ARG002 - as the store has it
    ) -> Flow | None:
        row = await self._connection.fetchrow(
            "SELECT * FROM provider_flow WHERE state = $1 AND secret = $2", state, secret
        )
        assert row is not None
        await all_have_come(self.everybody_has_read)
        await self._connection.execute("DELETE FROM provider_flow WHERE state = $1", state)
        return Flow(row["provider_id"], Client(row["client"]), account_id, row["expires_at"])


async def sessions_begun_at_once(
    identity: Identity, store_of: Callable[[Transaction, Post], Store]
) -> int:
    """Completes one login many times at once, with a provider that does not mind."""
    await link(identity, KARI)
    [row] = await identity.fetch("SELECT issuer FROM provider_link")
    gullible: Providers = Gullible(Provider("bankid", "BankID", row["issuer"], is_strong=True))
    with identity.cheap_hashes() as hashes:
        stores = StoresOf(identity.database, store_of)
        servicer = identity.servicer(hashes, stores, gullible)
    begun = await federation.begin_login(
        servicer.gate, servicer.federation, "bankid", Client.WEB, network=""
    )
    state = parse_qs(urlsplit(begun.authorization_url).query)["state"][0]
    back = Return(state, begun.secret, ProviderAnswer(begun.secret.verifier, ""))
    before = await count(identity, "session")

    async def attempt() -> None:
        vouched = await federation.prove(servicer.federation, back, account_id=None)
        async with servicer.stores() as store:
            await federation.create_session(store, servicer.issuer, vouched, Visitor())

    attempts = await asyncio.gather(*(attempt() for _ in range(AT_ONCE)), return_exceptions=True)
    failures = [each for each in attempts if each is not None]
    assert all(isinstance(each, ProviderFlowEnded) for each in failures), failures
    return await count(identity, "session") - before


async def test_ten_completions_at_once_take_the_flow_once(identity: Identity) -> None:
    assert await sessions_begun_at_once(identity, PostgresStore) == 1


async def test_reading_the_flow_first_would_begin_ten_sessions(identity: Identity) -> None:
    NaiveStore.everybody_has_read = asyncio.Barrier(AT_ONCE)

    assert await sessions_begun_at_once(identity, NaiveStore) == AT_ONCE


async def test_ten_linkings_at_once_link_one_account(identity: Identity) -> None:
    """Ten accounts want to be the same person; the table itself lets one."""
    await link(identity, KARI)
    sessions = [await identity.log_in()]
    for number in range(100_002, 100_005):
        await identity.customer(str(number))
        await identity.register(str(number), email=f"{number}@example.no")
        sessions.append(await identity.log_in(f"{number}@example.no"))
    flows = [await begin(identity, "vipps", session=session) for session in sessions]
    answers = [await log_in_at(flow.authorization_url, OLA) for flow in flows]

    async def attempt(session: pb.Session, flow: pb.ProviderFlow, answer: dict[str, str]) -> None:
        with refused("PROVIDER_LINKED_ELSEWHERE", or_none=True):
            await complete_link(identity, session, flow.flow_secret, answer)

    await asyncio.gather(*map(attempt, sessions, flows, answers))
    assert await count(identity, "provider_link") == 2


def test_providers_need_somewhere_to_send_people_back_to(identity: Identity) -> None:
    told = identity.settings.model_dump() | {"provider_redirect_app": ""}

    with pytest.raises(ValueError, match="PROVIDER_REDIRECT_APP"):
        Settings.model_validate(told)
