from dataclasses import replace
from datetime import date

import pytest

from kit import texts
from services.metering.domain.calendar import first_hour
from services.metering.domain.contracts import (
    Contract,
    Holding,
    NumberedContract,
    contract_changes,
)
from services.metering.domain.pricing import Premises
from services.metering.domain.problems import BadFile

KARI = Contract(
    gsrn="707057500000000001",
    customer_number="1001",
    first_hour=first_hour(date(2024, 1, 1)),
    end_hour=None,
    price_area="NO3",
    grid_company="Linja",
    product="SPOT",
    premises=Premises.HOME,
    address="Storgata 1, 6100 Volda",
)
OLA = replace(KARI, customer_number="1002", first_hour=first_hour(date(2026, 4, 15)))


def rows(*contracts: Contract) -> list[NumberedContract]:
    return [NumberedContract(line, contract) for line, contract in enumerate(contracts, 2)]


def test_a_contract_is_new_then_unchanged_then_changed() -> None:
    new = contract_changes([], rows(KARI))
    assert (new.created, new.changed, new.unchanged) == ([KARI], [], 0)
    again = contract_changes([KARI], rows(KARI))
    assert (again.created, again.changed, again.unchanged) == ([], [], 1)
    ended = replace(KARI, end_hour=OLA.first_hour)
    changed = contract_changes([KARI], rows(ended))
    assert (changed.created, changed.changed, changed.unchanged) == ([], [ended], 0)


def test_a_contract_that_never_was_is_taken_back_once() -> None:
    never = replace(OLA, end_hour=OLA.first_hour)
    taken_back = contract_changes([OLA], rows(never))
    assert (taken_back.created, taken_back.changed, taken_back.removed) == ([], [], [OLA])
    again = contract_changes([], rows(never))
    assert (again.created, again.removed, again.unchanged) == ([], [], 1)


def test_a_contract_begins_at_another_time_when_the_one_that_never_was_is_taken_back() -> None:
    ended = replace(KARI, end_hour=OLA.first_hour)
    never, earlier = replace(OLA, end_hour=OLA.first_hour), replace(OLA, first_hour=5)
    with pytest.raises(BadFile):
        contract_changes([OLA], rows(earlier))
    with pytest.raises(BadFile):
        contract_changes([ended, OLA], rows(never, KARI, earlier))
    changes = contract_changes([OLA], rows(never, earlier))
    assert (changes.created, changes.changed, changes.removed) == ([earlier], [], [OLA])


def test_two_contracts_on_a_point_at_once_are_refused_by_line() -> None:
    with pytest.raises(BadFile) as refused:
        contract_changes([], rows(KARI, OLA))
    [error] = refused.value.fields
    assert (error.field, error.reason) == ("line 3", "CONTRACTS_OVERLAP")
    text = texts.render(error.reason, "en", error.facts)
    assert text.startswith("Metering point 707057500000000001 already has a contract on 2026-04-15")


def test_a_new_contract_over_a_known_one_is_refused() -> None:
    with pytest.raises(BadFile):
        contract_changes([KARI], rows(OLA))
    with pytest.raises(BadFile):
        contract_changes([OLA], rows(replace(KARI, end_hour=OLA.first_hour + 1)))


def test_a_contract_that_begins_before_noon_meets_one_that_ends_at_noon() -> None:
    noon = OLA.first_hour + 12
    with pytest.raises(BadFile) as refused:
        contract_changes([], rows(replace(KARI, end_hour=noon), replace(OLA, first_hour=noon - 1)))
    [error] = refused.value.fields
    assert "15 April 2026 at 11:00" in texts.render(error.reason, "en", error.facts)
    later = replace(OLA, first_hour=noon)
    assert contract_changes([], rows(replace(KARI, end_hour=noon), later)).created[1] == later


def test_a_day_that_is_held_in_part_lies_between_the_dates_of_a_contract() -> None:
    assert (KARI.from_date, KARI.to_date) == (date(2024, 1, 1), None)
    assert replace(KARI, end_hour=OLA.first_hour).to_date == date(2026, 4, 15)
    part = replace(KARI, first_hour=OLA.first_hour + 12, end_hour=OLA.first_hour + 13)
    assert (part.from_date, part.to_date) == (date(2026, 4, 15), date(2026, 4, 16))


def test_a_move_in_one_file_is_taken_whatever_the_order_of_its_lines() -> None:
    ended = replace(KARI, end_hour=OLA.first_hour)
    for file in (rows(ended, OLA), rows(OLA, ended)):
        changes = contract_changes([KARI], file)
        assert (changes.created, changes.changed) == ([OLA], [ended])


def test_contracts_on_different_points_do_not_meet() -> None:
    other = replace(OLA, gsrn="707057500000000018")
    assert contract_changes([KARI], rows(other)).created == [other]


def test_a_holding_is_cut_to_a_range_and_is_half_open() -> None:
    holding = Holding(10, 20, "1001", "NO3", "Linja", "SPOT", Premises.HOME)
    assert holding.within(0, 100) == holding
    assert holding.within(15, 16) == replace(holding, first_hour=15, end_hour=16)
    assert holding.within(20, 30) is None
    assert holding.within(0, 10) is None
