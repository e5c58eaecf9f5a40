"""Wires between processes, for tests of what happens when they are slow, cut, or badly timed."""

from kit.testing.wires.moments import AFTER, BEFORE, Blind, Moment, Passage, Tap
from kit.testing.wires.nats import NatsTap
from kit.testing.wires.postgres import PostgresTap
from kit.testing.wires.smtp import SmtpTap
from kit.testing.wires.wire import CLIENT, SERVER, Wire, Wires

__all__ = [
    "AFTER",
    "BEFORE",
    "CLIENT",
    "SERVER",
    "Blind",
    "Moment",
    "NatsTap",
    "Passage",
    "PostgresTap",
    "SmtpTap",
    "Tap",
    "Wire",
    "Wires",
]
