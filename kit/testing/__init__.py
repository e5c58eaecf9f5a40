"""What tests stand on: a clock and identifiers that hold still, real PostgreSQL and real NATS."""

from kit.testing.fakes import FixedIds, FrozenClock
from kit.testing.logs import logged_by
from kit.testing.metrics import metric
from kit.testing.neighbours import Neighbours
from kit.testing.spans import recorded_spans
from kit.testing.waiting import all_have_come, eventually

__all__ = [
    "FixedIds",
    "FrozenClock",
    "Neighbours",
    "all_have_come",
    "eventually",
    "logged_by",
    "metric",
    "recorded_spans",
]
