"""Who may call an RPC: declared in the protos, proven by certificate and internal token."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import MethodDescriptor
from joserfc.jwk import ECKey

from kit import errors, jwt
from kit.clock import Clock
from kundeapp.access.v1 import access_pb2

INTERNAL_TOKEN = jwt.TokenKind("kundeapp-internal+jwt", "kundeapp-gateway", "kundeapp-internal")
INTERNAL_TOKEN_LIFETIME = timedelta(seconds=60)

SECOND_FACTOR = "mfa"
"""The method of RFC 8176 that says that more than one factor was shown."""

GATEWAY = "gateway"
"""The workload that speaks for people, as its certificate names it."""

NETWORK = "x-client-network"
"""The metadata in which the gateway, and nobody else, says which network a call comes from."""

RECENT = timedelta(minutes=10)
"""For how long a proof of who one is counts for what must not be done with a stolen token."""

_REMEMBERED_TOKENS = 20_000


class UndeclaredAccess(Exception):  # noqa: N818 - names what it found
    """An RPC does not say who may call it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the process, by its certificate, and the person it calls for, by the token.

    Attributes:
        workload: The process, as its certificate names it; empty in a token that is not yet used.
        account_id: The account that is logged in, None for nobody.
        customer_ids: The customers that the account stands for.
        roles: The duties of a member of staff, names of `kundeapp.access.v1.Staff.Role`.
        session_id: The session, None for nobody.
        authenticated_at: When the person last proved who they are.
        methods: How they proved it (RFC 8176).
    """

    workload: str = ""
    account_id: UUID | None = None
    customer_ids: tuple[UUID, ...] = ()
    roles: frozenset[str] = frozenset()
    session_id: UUID | None = None
    authenticated_at: datetime | None = None
    methods: tuple[str, ...] = ()

    @property
    def account(self) -> UUID:
        """The account that is logged in.

        Raises:
            Unauthenticated: If nobody is.
        """
        if self.account_id is None:
            raise errors.Unauthenticated
        return self.account_id

    def holds(self, roles: frozenset[str]) -> bool:
        """Tells whether the person has one of these duties, and has shown a second factor.

        Without one, duties count for nothing.
        """
        return SECOND_FACTOR in self.methods and not self.roles.isdisjoint(roles)


class ReauthenticationNeeded(errors.Unauthenticated):
    """The person must prove who they are once more, as RFC 9470 has it."""

    reason = "REAUTHENTICATION_NEEDED"


def require_recent_login(caller: Caller, now: datetime) -> None:
    """Lets a caller pass who has proven who they are lately, for sensitive changes.

    Raises:
        Unauthenticated: If nobody is logged in.
        ReauthenticationNeeded: If it is longer ago than ten minutes.
    """
    _require_login(caller)
    if caller.authenticated_at is None or now - caller.authenticated_at > RECENT:
        raise ReauthenticationNeeded


def rule_of(method: MethodDescriptor) -> access_pb2.Rule:
    """Returns the rule that an RPC declares.

    Raises:
        UndeclaredAccess: If it declares none.
    """
    rule = method.GetOptions().Extensions[access_pb2.rule]
    if rule.WhichOneof("caller") is None:
        raise UndeclaredAccess(method.full_name)
    return rule


def admit(rule: access_pb2.Rule, caller: Caller) -> None:
    """Lets a caller pass, or refuses.

    Raises:
        Unauthenticated: If somebody must log in first.
        Denied: If the caller may not.
    """
    match rule.WhichOneof("caller"):
        case "public":
            return
        case "customer":
            _require_login(caller)
        case "staff":
            _require_login(caller)
            allowed = frozenset(map(access_pb2.Staff.Role.Name, rule.staff.roles))
            if caller.roles.isdisjoint(allowed):
                raise errors.Denied
            if not caller.holds(allowed):
                # Logging in again helps: no member of staff gets in without a second factor.
                raise errors.Unauthenticated
        case "internal":
            if caller.workload not in rule.internal.workloads:
                raise errors.Denied
        case _:
            raise errors.Denied


def _require_login(caller: Caller) -> None:
    if caller.account_id is None:
        raise errors.Unauthenticated


def claims_of(caller: Caller) -> dict[str, Any]:
    """Returns what a token says of a person; an access token and an internal one say the same."""
    return {
        "sub": str(caller.account_id),
        "sid": str(caller.session_id),
        "customers": [str(customer) for customer in caller.customer_ids],
        "roles": sorted(caller.roles),
        "auth_time": int(caller.authenticated_at.timestamp()) if caller.authenticated_at else None,
        "amr": list(caller.methods),
    }


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Returns the person that a verified token speaks of.

    Raises:
        InvalidToken: If a claim is missing or of the wrong type.
    """
    try:
        return Caller(
            account_id=UUID(claims["sub"]),
            customer_ids=tuple(UUID(customer) for customer in claims["customers"]),
            roles=frozenset(str(role) for role in claims["roles"]),
            session_id=UUID(claims["sid"]),
            authenticated_at=datetime.fromtimestamp(claims["auth_time"], UTC),
            methods=tuple(str(method) for method in claims["amr"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise jwt.InvalidToken("claims are missing or of a wrong type") from error


@dataclass(frozen=True, slots=True)
class InternalToken:
    """A token for the way from the gateway to the services.

    Attributes:
        value: The token itself.
        expires_at: When it stops working.
    """

    value: str
    expires_at: datetime


def mint_internal_token(key: ECKey, caller: Caller, now: datetime) -> InternalToken:
    """Returns an internal token that speaks of a person for a minute."""
    expires_at = now.replace(microsecond=0) + INTERNAL_TOKEN_LIFETIME
    claims = {
        **claims_of(caller),
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return InternalToken(jwt.sign(INTERNAL_TOKEN, key, claims), expires_at)


class InternalTokens:
    """Reads internal tokens; a token that was read before is not verified again while it lives."""

    def __init__(self, keys: jwt.KeyFile, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._remembered: dict[tuple[str, str], tuple[Caller, float]] = {}

    def caller(self, token: str, workload: str) -> Caller:
        """Returns who a workload calls for.

        Raises:
            Unauthenticated: If the token is not valid at this moment.
        """
        now = self._clock.now()
        known = self._remembered.get((workload, token))
        if known is None or known[1] <= now.timestamp():
            known = self._read(token, workload, now)
            if len(self._remembered) >= _REMEMBERED_TOKENS:
                # The oldest, which expires first.
                del self._remembered[next(iter(self._remembered))]
            self._remembered[workload, token] = known
        return known[0]

    def _read(self, token: str, workload: str, now: datetime) -> tuple[Caller, float]:
        try:
            claims = jwt.verify(INTERNAL_TOKEN, self._keys.keys(), token, now)
            return replace(caller_of(claims), workload=workload), float(claims["exp"])
        except jwt.InvalidToken as error:
            raise errors.Unauthenticated from error
