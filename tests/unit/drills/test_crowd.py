"""The crowd comes by its plan, and is patient as people are."""

import asyncio

import orjson
import pytest

from drills.crowd import Crowd, Habits, Kind, Person, Sale
from drills.ingress import Answer, Ask
from kit.testing import all_have_come, eventually

AT_ONCE = Habits(looking=0, pressing=0, returning=0)
SOMEBODY = Person(7)
LOGGED_IN = Answer(200, None, orjson.dumps({"accessToken": "a token"}))
COME_BACK = Answer(503, 0, orjson.dumps({"code": "OVERLOADED"}))
SOLD_OUT = Answer(409, None, orjson.dumps({"code": "NOT_ENOUGH_TICKETS", "available": 0}))
DONE = Answer(200, None, b"{}")


class Script:
    """A gateway that answers what a test wants, the last answer again and again."""

    def __init__(self, **answers: list[Answer]) -> None:
        self._answers = answers
        self.asked: list[Ask] = []

    async def ask(self, request: Ask) -> Answer:
        self.asked.append(request)
        answers = self._answers.get(request.path.rpartition("/")[2], [DONE])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def watch(self, request: Ask) -> Answer:
        return await self.ask(request)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_everyone_comes_although_nobody_is_answered() -> None:
    barrier = asyncio.Barrier(20)

    class Stalled(Script):
        async def ask(self, request: Ask) -> Answer:
            await all_have_come(barrier)
            return await super().ask(request)

    crowd = Crowd(Stalled(sessions=[LOGGED_IN]))
    begin = now()

    async def visit(number: int, moment: float) -> None:
        await crowd.log_in(Person(number), moment)

    # Whoever waited for the one before would wait for ever.
    await crowd.come([begin] * 20, visit)
    assert len(crowd.asked) == 20


async def test_what_was_asked_late_counts_from_when_it_was_planned() -> None:
    crowd = Crowd(Script(sessions=[LOGGED_IN]))
    await crowd.log_in(SOMEBODY, now() - 60)
    [asked] = crowd.asked
    assert asked.seconds >= 60 > asked.done - asked.sent


async def test_who_is_told_to_come_back_does_with_the_same_request() -> None:
    script = Script(sessions=[LOGGED_IN], reservations=[COME_BACK, COME_BACK, SOLD_OUT])
    crowd = Crowd(script, AT_ONCE)
    await crowd.want_tickets(SOMEBODY, now(), Sale("e", now()))

    reservations = [ask for ask in script.asked if ask.path.endswith("/reservations")]
    assert len(reservations) == 3
    assert len(set(map(Ask.written, reservations))) == 1
    assert [each.is_told_to_wait for each in crowd.asked if each.kind is Kind.RESERVATION] == [
        True,
        True,
        False,
    ]
    assert [ask.path for ask in script.asked][-1] == "/v1/events/e/waitlistEntries"


@pytest.mark.parametrize("answer", [Answer(500, None, b"{}"), Answer(0, None, b"TimeoutError")])
async def test_who_gets_another_answer_leaves(answer: Answer) -> None:
    script = Script(sessions=[answer])
    crowd = Crowd(script, AT_ONCE)
    await crowd.want_tickets(SOMEBODY, now(), Sale("e", now()))
    assert [ask.path for ask in script.asked] == ["/v1/sessions"]


async def test_who_waits_leaves_when_it_is_over() -> None:
    crowd = Crowd(Script(sessions=[Answer(503, 3600, COME_BACK.body)]))
    waiting = asyncio.create_task(crowd.log_in(SOMEBODY, now()))
    await eventually(lambda: crowd.asked)
    assert not waiting.done()
    crowd.is_over.set()
    assert await waiting is None
    assert crowd.gone == [Kind.LOGIN]


def test_the_crowd_comes_from_many_networks_and_a_third_from_four_of_a_carrier() -> None:
    networks = [Person(number).network for number in range(12_000)]
    assert len(set(networks)) == 8_000 + 4
