"""A minute of the soak with every change; `make soak` goes on for half an hour."""

import itertools

from drills.faults.people import People
from tests.faults.flows import FLOWS
from tests.faults.schedule import Round, rounds
from tests.faults.soak import BEGIN, KILLS, LEFT_OUT, Soak

_SEED = 2
_ROUNDS = 2
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


def test_all_is_well_however_much_goes_wrong(people: People) -> None:
    under_way = Soak(people, _SEED)
    under_way.go_on(60, _ROUNDS)
    assert not under_way.violations, "\n".join([f"seed {_SEED}", *under_way.happened])
    assert under_way.faults.total() + under_way.left_out.total() == _ROUNDS * 7


def test_what_is_not_well_ends_a_soak_and_is_told_with_all_that_led_to_it(people: People) -> None:
    def plant(line: str) -> None:
        if line.endswith("quiet"):
            people.journal.failures.append("planted")

    under_way = Soak(people, _SEED, plant)
    under_way.go_on(60)
    people.journal.failures.remove("planted")

    assert under_way.violations == ["nobody_was_told_that_something_failed: planted"]
    assert len([line for line in under_way.happened if "  round " in line]) == 1
    assert any("killed: " in line for line in under_way.happened)
    assert "VIOLATION" in under_way.happened[-1]
