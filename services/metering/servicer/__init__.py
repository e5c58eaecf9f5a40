"""gRPC in: from protobuf to a use case, and back."""

from services.metering.servicer.servicer import MeteringServicer

__all__ = ["MeteringServicer"]
