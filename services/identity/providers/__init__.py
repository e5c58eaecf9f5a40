"""Providers of logins: a relying party of OpenID Connect Core 1.0 with the authorization code flow.

PKCE with S256, a nonce, and the issuer in the answer, as RFC 9700 asks. docs/identity-providers.md
says how to configure it.
"""

from services.identity.providers.client import OpenIdProviders
from services.identity.providers.configured import providers_of
from services.identity.providers.http import open_client

__all__ = ["OpenIdProviders", "open_client", "providers_of"]
