"""Every operation answers as the OpenAPI document says, whoever asks it for whatever.

What is asked is made up from the document (tests/security/probe.py), on the whole suite with its
demonstration.
"""

import secrets
from collections.abc import Callable

import pytest

from tests.e2e.suite import Suite
from tests.security.known import Caller, Callers
from tests.security.probe import Probe

MANY = 200

# How large a part of the operations that are there for such a caller succeeds once at least. The
# rest need a code from a letter, a passkey, an authenticator app or a third party.
CALLERS = pytest.mark.parametrize(
    ("caller_of", "part"), [(Callers.stranger, 0.5), (Callers.customer, 0.75), (Callers.staff, 0.9)]
)


@CALLERS
def test_every_answer_is_as_documented(
    callers: Callers, caller_of: Callable[[Callers], Caller], part: float
) -> None:
    _probe(callers.suite, caller_of(callers), part, examples=5, number=1)


@pytest.mark.probe
@CALLERS
def test_every_one_of_very_many_answers_is_as_documented(
    callers: Callers, caller_of: Callable[[Callers], Caller], part: float
) -> None:
    number = secrets.randbelow(10**9)
    print(f"\nThe requests are made from the number {number}.")  # noqa: T201 - to make them again
    _probe(callers.suite, caller_of(callers), part, examples=MANY, number=number)


def _probe(suite: Suite, caller: Caller, part: float, *, examples: int, number: int) -> None:
    probe = Probe(suite.url, caller)
    probe.call_all(examples=examples, number=number)

    assert not probe.wrong, "\n".join(probe.wrong.values())
    assert set(probe.statuses) == set(probe.operations)
    meant = [name for name in probe.operations if caller.is_meant(name)]
    succeeded = [name for name in meant if probe.has_succeeded(name)]
    assert len(succeeded) >= part * len(meant), sorted(set(meant) - set(succeeded))
