"""gRPC in: from protobuf to a use case, and back."""

from services.identity.servicer.servicer import IdentityServicer

__all__ = ["IdentityServicer"]
