"""What tests stand on: a clock and identifiers that hold still, real PostgreSQL and real NATS."""

from kit.testing.fakes import FixedIds, FrozenClock
from kit.testing.neighbours import Neighbours

__all__ = ["FixedIds", "FrozenClock", "Neighbours"]
