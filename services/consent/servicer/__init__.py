"""gRPC in: from protobuf to a use case, and back."""

from services.consent.servicer.servicer import ConsentServicer

__all__ = ["ConsentServicer"]
