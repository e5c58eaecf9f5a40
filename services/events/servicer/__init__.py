"""gRPC in: from protobuf to a use case, and back."""

from services.events.servicer.servicer import EventsServicer

__all__ = ["EventsServicer"]
