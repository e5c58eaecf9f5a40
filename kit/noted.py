"""What the log says of a call beside its outcome: whose it was, and how they showed it.

A call ends with one line in the log. Whoever learns on the way what belongs there notes it here:
ids and fixed words, never what a person has written or is called.
"""

import contextlib
from collections.abc import Generator, Mapping
from contextvars import ContextVar

_facts: ContextVar[dict[str, str] | None] = ContextVar("kit_noted", default=None)


@contextlib.contextmanager
def noting() -> Generator[Mapping[str, str]]:
    """Collects what is noted during a call."""
    facts: dict[str, str] = {}
    token = _facts.set(facts)
    try:
        yield facts
    finally:
        _facts.reset(token)


def note(**facts: object) -> None:
    """Adds facts to the line that the present call ends with; what is None is left out.

    What is noted later replaces what was noted before, and outside of a call nothing is.
    """
    noted = _facts.get()
    if noted is not None:
        noted.update((name, str(fact)) for name, fact in facts.items() if fact is not None)
