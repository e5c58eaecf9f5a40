"""Logins with third parties."""

from datetime import datetime

from kit import access
from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.federation import FlowSecret, Provider, ProviderAnswer
from services.identity.domain.sessions import Visitor
from services.identity.domain.store import Store
from services.identity.handlers import federation
from services.identity.handlers.federation import BegunFlow, Return
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Federation(Part):
    """Logins with third parties."""

    async def ListIdentityProviders(
        self, _request: pb.ListIdentityProvidersRequest, _call: Call
    ) -> pb.ListIdentityProvidersResponse:
        """Lists the third parties that one can log in with."""
        providers = self.federation.providers.all()
        return pb.ListIdentityProvidersResponse(providers=map(_provider, providers))

    async def BeginProviderLogin(
        self, request: pb.BeginProviderLoginRequest, call: Call
    ) -> pb.ProviderFlow:
        """Begins a login."""
        client = messages.client_of(request.client)
        return _flow(
            await federation.begin_login(
                self.gate, self.federation, request.provider_id, client, call.network
            )
        )

    async def CompleteProviderLogin(
        self, request: pb.CompleteProviderLoginRequest, call: Call
    ) -> pb.Session:
        """Logs in."""
        known = await self.answered(call, request, pb.Session)
        if known is not None:
            return known
        vouched = await federation.prove(
            self.federation, _return(request), account_id=None, device=request.device
        )
        visitor = Visitor(vouched.client, request.device, request.device_token, call.network)

        async def create(store: Store) -> pb.Session:
            opened = await federation.create_session(store, self.issuer, vouched, visitor)
            return messages.session_of(opened)

        return await self.once(call, request, create, pb.Session)

    async def BeginProviderLink(
        self, request: pb.BeginProviderLinkRequest, call: Call
    ) -> pb.ProviderFlow:
        """Begins to link a third party to the caller's account."""
        access.require_recent_login(call.caller, self.clock.now())
        client = messages.client_of(request.client)
        return _flow(
            await federation.begin_link(
                self.federation, request.provider_id, client, call.caller.account
            )
        )

    async def CompleteProviderLink(
        self, request: pb.CompleteProviderLinkRequest, call: Call
    ) -> pb.LinkedIdentityProvider:
        """Links a third party to the caller's account."""
        known = await self.answered(call, request, pb.LinkedIdentityProvider)
        if known is not None:
            return known
        account_id = call.caller.account
        vouched = await federation.prove(self.federation, _return(request), account_id)

        async def link(store: Store) -> pb.LinkedIdentityProvider:
            linked_at = await federation.link(store, self.clock, account_id, vouched)
            return _link(vouched.provider, linked_at)

        return await self.once(call, request, link, pb.LinkedIdentityProvider)

    async def ListMyIdentityProviders(
        self, _request: pb.ListMyIdentityProvidersRequest, call: Call
    ) -> pb.ListMyIdentityProvidersResponse:
        """Lists the third parties that are linked to the caller's account."""
        async with self.stores() as store:
            links = await federation.list_links(
                store, self.federation.providers, call.caller.account
            )
        return pb.ListMyIdentityProvidersResponse(providers=[_link(*each) for each in links])

    async def UnlinkIdentityProvider(
        self, request: pb.UnlinkIdentityProviderRequest, call: Call
    ) -> pb.UnlinkIdentityProviderResponse:
        """Unlinks a third party from the caller's account."""
        access.require_recent_login(call.caller, self.clock.now())

        async def unlink(store: Store) -> pb.UnlinkIdentityProviderResponse:
            await federation.unlink(
                store,
                self.federation.providers,
                self.clock,
                call.caller.account,
                request.provider_id,
            )
            return pb.UnlinkIdentityProviderResponse()

        return await self.once(call, request, unlink, pb.UnlinkIdentityProviderResponse)


def _return(request: pb.CompleteProviderLoginRequest | pb.CompleteProviderLinkRequest) -> Return:
    answer = ProviderAnswer(request.code, request.iss)
    return Return(request.state, FlowSecret(request.flow_secret), answer)


def _provider(provider: Provider) -> pb.IdentityProvider:
    return pb.IdentityProvider(id=provider.id, name=provider.name)


def _flow(begun: BegunFlow) -> pb.ProviderFlow:
    answer = pb.ProviderFlow(
        authorization_url=begun.authorization_url,
        flow_secret=begun.secret.value,
        client=pb.Client.Value(begun.flow.client),
    )
    answer.expires_at.FromDatetime(begun.flow.expires_at)
    return answer


def _link(provider: Provider, linked_at: datetime) -> pb.LinkedIdentityProvider:
    answer = pb.LinkedIdentityProvider(provider=_provider(provider))
    answer.linked_at.FromDatetime(linked_at)
    return answer
