"""A service of the suite as the CLI asks it, for the member of staff who is logged in."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Generic, TypeVar

import grpc

from cli.services import Metadata, for_staff
from kit.tls import Identity

_TIMEOUT = 30.0

_Stub = TypeVar("_Stub")

if TYPE_CHECKING:
    _Request = TypeVar("_Request")
    _Answer = TypeVar("_Answer")


class StaffService(ABC, Generic[_Stub]):
    """What the staff sides of services have in common.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def __init__(self, target: str, tls: Identity, token: Callable[[], str]) -> None:
        """Takes where the service is, the certificate to show, and how to get a token."""
        self._target = target
        self._tls = tls
        self._token = token

    @abstractmethod
    def _stub(self, channel: grpc.Channel) -> _Stub:
        """Returns the service on a channel."""

    @contextlib.contextmanager
    def _for_staff(self) -> "Generator[tuple[_Stub, Metadata]]":
        """Opens a channel, and says for whom calls on it are."""
        with for_staff(self._target, self._tls, self._token) as (channel, metadata):
            yield self._stub(channel), metadata

    def _ask(
        self,
        rpc: "Callable[[_Stub], grpc.UnaryUnaryMultiCallable[_Request, _Answer]]",
        request: "_Request",
        *,
        timeout: float = _TIMEOUT,
    ) -> "_Answer":
        """Calls an RPC.

        Args:
            rpc: Returns it of the service.
            request: What is asked.
            timeout: How long it may take, in seconds.
        """
        with self._for_staff() as (stub, metadata):
            return rpc(stub)(request, metadata=metadata, timeout=timeout)
