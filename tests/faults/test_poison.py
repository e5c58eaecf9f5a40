"""What no consumer can handle is set aside: others go on, and it can be handled later."""

import pytest

from cli.operations.service import OperationsService
from cli.outcome import CommandError
from cli.session import Sessions
from drills.faults.people import People, again
from drills.faults.poison import Poison
from drills.faults.settling import settle
from tests.faults import kills

_CUSTOMERS = "metering-customers"
_BREAK = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'a mistake of ours'; END $$;
CREATE TRIGGER broken BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION broken();
"""
_MEND = "DROP TRIGGER broken ON customer; DROP FUNCTION broken"


def test_poison_is_set_aside_and_everybody_else_goes_on(people: People) -> None:
    poison = Poison(people.suite)

    def fail() -> None:
        poison.confuse()
        poison.confuse("kundeapp.events.reservation.poison.confirmed")  # the gateways hear of it
        poison.fail()
        poison.fail(b"\xff\xff")

    flows = ("customers_are_imported", "tickets_go_to_the_next_in_line")
    kills.run_together(flows, people, fail, all_holds=False)

    assert len(poison.buried("metering")) == 2
    assert poison.clear() == []
    kills.require_all_holds(people)


def test_what_was_not_set_aside_is_missed(people: People) -> None:
    poison = Poison(people.suite)
    event = poison.fail()
    settle(people)
    assert poison.clear() == []
    poison.failing.append(event)
    assert [each for each in poison.clear() if str(event) in each]


def test_what_a_mistake_of_ours_has_set_aside_is_handled_once_it_is_mended(people: People) -> None:
    suite = people.suite
    operations = OperationsService.of(
        suite.settings, "metering", Sessions.of(suite.settings).internal_token
    )
    suite.plan.postgres.run_sql(_BREAK, "metering")
    try:
        [kari] = people.imported(1)
        settle(people)
        [letter] = again(lambda: operations.dead_letters(settled=False))
        assert (letter.consumer, "a mistake of ours" in letter.failure) == (_CUSTOMERS, True)
        assert _refusal(operations, letter.event_id) == "DEAD_LETTER_FAILS_AGAIN"
    finally:
        suite.plan.postgres.run_sql(_MEND, "metering")

    operations.replay(_CUSTOMERS, letter.event_id, "It is mended")

    assert _refusal(operations, letter.event_id) == "DEAD_LETTER_SETTLED"
    people.register(kari)
    people.point(kari)
    kills.require_all_holds(people)


def _refusal(operations: OperationsService, event_id: str) -> str:
    with pytest.raises(CommandError) as refused:
        operations.replay(_CUSTOMERS, event_id, "To see what happens")
    return refused.value.code
