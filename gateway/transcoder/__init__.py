"""JSON over HTTP to gRPC and back, from the `google.api.http` options in the protos.

What is decided once, at start, from the descriptors: the route table, and for each message type how
its JSON is read and written. What differs from proto3's JSON and why stands in
docs/decisions/0002-http-from-protos.md.
"""

from gateway.transcoder.binding import IDEMPOTENCY_KEY, Body, InvalidRoute, Route, Transcoder
from gateway.transcoder.cookies import InvalidCookie, Kept
from gateway.transcoder.routing import AmbiguousRoutes, Match
from gateway.transcoder.shapes import UnsupportedType
from gateway.transcoder.templates import InvalidTemplate

__all__ = [
    "IDEMPOTENCY_KEY",
    "AmbiguousRoutes",
    "Body",
    "InvalidCookie",
    "InvalidRoute",
    "InvalidTemplate",
    "Kept",
    "Match",
    "Route",
    "Transcoder",
    "UnsupportedType",
]
