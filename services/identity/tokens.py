"""Access tokens: JWTs (RFC 9068) signed with ES256."""

from datetime import datetime, timedelta

import orjson
from joserfc.jwk import ECKey

from kit import access, jwt
from kit.access import Caller
from kit.ids import Ids
from services.identity.domain.accounts import Account
from services.identity.domain.sessions import Session
from services.identity.domain.store import AccessToken


class SignedAccessTokens:
    """Signs with the first key of a file that is read again when it changes.

    A new key is put first and the old one kept after it for as long as its tokens live.
    """

    def __init__(
        self, keys: jwt.KeyFile, kind: jwt.TokenKind, lifetime: timedelta, ids: Ids
    ) -> None:
        self._keys = keys
        self._kind = kind
        self._lifetime = lifetime
        self._ids = ids

    def issue(self, session: Session, account: Account, now: datetime) -> AccessToken:
        """Returns a token for the account in its session, for no longer than the session lasts."""
        issued_at = now.replace(microsecond=0)
        expires_at = min(issued_at + self._lifetime, session.expires_at.replace(microsecond=0))
        caller = Caller(
            account_id=account.id,
            customer_ids=tuple(customer.id for customer in account.customers),
            roles=frozenset(account.roles),
            session_id=session.id,
            authenticated_at=session.authenticated_at,
            methods=session.methods,
        )
        claims = {
            **access.claims_of(caller),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(self._ids.new_id()),
        }
        return AccessToken(jwt.sign(self._kind, self._keys.signing_key(), claims), expires_at)

    def public_key_set(self) -> str:
        """Returns the public keys as a JWK Set (RFC 7517), the current one first."""
        keys = [
            key.as_dict(private=False)
            for key in self._keys.keys().keys
            if isinstance(key, ECKey)  # a secret key put here by mistake has no public part
        ]
        return orjson.dumps({"keys": keys}).decode()
