"""A minute of the soak with every change; `make soak` goes on for half an hour."""

import itertools

import pytest

from drills.faults.people import People
from tests.faults.flows import FLOWS
from tests.faults.schedule import FAULTS_A_ROUND, KILLS_A_ROUND, Round, rounds
from tests.faults.soak import BEGIN, KILLS, LEFT_OUT, Soak

_SEED = 2
_ROUNDS = 2
_FAULTS_A_ROUND = FAULTS_A_ROUND + KILLS_A_ROUND
_PLANTED = "nobody_was_told_that_something_failed: planted"
_FAULTS = {kind: ("one", "another") for kind in BEGIN if kind not in KILLS}


def _rounds(seed: int) -> list[Round]:
    flows = sorted(FLOWS.keys() - LEFT_OUT)
    return list(itertools.islice(rounds(seed, flows, _FAULTS, KILLS), 20))


def test_what_happens_follows_from_the_seed() -> None:
    assert _rounds(1) == _rounds(1)
    assert _rounds(1) != _rounds(2)


def test_every_flow_and_every_fault_comes_in_its_turn() -> None:
    all_of_them = _rounds(1)
    flows = {name for each in all_of_them for name, _ in each.flows}
    faults = {(fault.kind, fault.target) for each in all_of_them for fault in each.faults}
    kills = {kill.target for each in all_of_them for kill in each.kills}
    assert flows == FLOWS.keys() - LEFT_OUT
    assert faults == {(kind, target) for kind, targets in _FAULTS.items() for target in targets}
    assert kills == set(KILLS["killed"])


@pytest.fixture(scope="module")
def soaked(everybody: People) -> Soak:
    """Two rounds, in the second of which something is not well."""
    quiet = itertools.count(1)

    def plant(line: str) -> None:
        if line.endswith("quiet") and next(quiet) == _ROUNDS:
            everybody.journal.failures.append("planted")

    soak = Soak(everybody, _SEED, plant)
    soak.go_on(600)
    everybody.journal.failures.remove("planted")
    return soak


def test_all_is_well_however_much_goes_wrong(soaked: Soak) -> None:
    others = [each for each in soaked.violations if each != _PLANTED]
    assert not others, "\n".join([f"seed {_SEED}", *soaked.happened])
    assert soaked.faults.total() + soaked.left_out.total() == _ROUNDS * _FAULTS_A_ROUND


def test_what_is_not_well_ends_a_soak_and_is_told_with_all_that_led_to_it(soaked: Soak) -> None:
    assert _PLANTED in soaked.violations
    assert len([line for line in soaked.happened if "  round " in line]) == _ROUNDS
    assert any("killed: " in line for line in soaked.happened)
    assert any(line.endswith(f"VIOLATION: {_PLANTED}") for line in soaked.happened)
