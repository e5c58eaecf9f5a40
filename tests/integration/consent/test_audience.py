"""Who may be written to for a purpose: counted, handed out, and asked for by other services."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import grpc
import pytest

from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import email_address
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Decision
from services.consent.handlers import audience
from services.consent.storage import permission as queries
from tests.integration.consent.people import People, reachable
from tests.integration.consent.world import Consent, refused

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceAsyncStub

EMAIL, SMS = Channel.EMAIL, Channel.SMS
FROM_WHAT_HOLDS = """
decided AS (
    SELECT customer_id, channel, decision, notice_version
    FROM consent
    WHERE purpose = $1 AND channel = $2 AND $3::bigint > 0 AND customer_id > $4
    ORDER BY customer_id
    LIMIT $5
)
"""


@pytest.fixture
async def people(neighbourhood: People) -> People:
    await neighbourhood.offer()
    return neighbourhood


def stub_on(channel: grpc.aio.Channel) -> "ConsentServiceAsyncStub":
    return ConsentServiceStub(channel)


async def crowd(people: People, size: int) -> Sequence[UUID]:
    """Returns customers who have said yes to mail, in the order of their ids."""
    ids = sorted(uuid4() for _ in range(size))
    for place, customer_id in enumerate(ids):
        people.register.known[customer_id] = reachable(email=f"kari{place}@example.no")
        await people.tell(customer_id)
    await people.learn_all()
    await people.house.record(
        *(people.said(Decision.GIVEN, customer_id, EMAIL) for customer_id in ids)
    )
    return ids


async def export(
    consent: Consent, channel: consents_pb2.Channel.ValueType = consents_pb2.EMAIL, as_of: int = 0
) -> Sequence[pb.ExportAudienceResponse]:
    call = consent.stub.ExportAudience(
        pb.ExportAudienceRequest(purpose="kraftklubben", channel=channel, as_of_position=as_of),
        metadata=consent.staff("EVENT_STAFF"),
    )
    return [message async for message in call]


async def count(
    consent: Consent, channel: consents_pb2.Channel.ValueType = consents_pb2.CHANNEL_UNSPECIFIED
) -> pb.CountAudienceResponse:
    return await consent.stub.CountAudience(
        pb.CountAudienceRequest(purpose="kraftklubben", channel=channel),
        metadata=consent.staff("EVENT_STAFF"),
    )


async def test_the_first_message_says_the_position_and_the_others_who_it_is(
    people: People, consent: Consent
) -> None:
    ids = await crowd(people, 3)
    first, *others = await export(consent)
    assert (first.ledger_position, first.customer_ids) == (3, [])
    assert [each for message in others for each in message.customer_ids] == [str(e) for e in ids]


async def test_an_audience_comes_in_pages(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "_PAGE", 2)
    ids = await crowd(people, 7)
    await people.withdraw(ids[2], EMAIL)
    await people.withdraw(ids[3], EMAIL)
    batches = [
        batch async for batch in audience.export_audience(people.stores, people.purpose, EMAIL, 0)
    ]
    assert [list(batch.customer_ids) for batch in batches] == [
        [],
        list(ids[:2]),
        list(ids[4:6]),
        list(ids[6:]),
    ]
    assert {batch.position for batch in batches} == {9}


async def test_nobody_is_an_audience_too(people: People, consent: Consent) -> None:
    assert people.version == 1
    [first] = await export(consent)
    assert (first.ledger_position, first.customer_ids) == (0, [])


async def test_an_audience_as_of_a_position_holds_who_had_agreed_by_then(people: People) -> None:
    early, late = await crowd(people, 2)
    await people.withdraw(early, EMAIL)
    assert await people.audience(EMAIL, as_of=1) == [early]
    assert await people.audience(EMAIL, as_of=2) == sorted([early, late])
    assert await people.audience(EMAIL, as_of=3) == [late]
    assert await people.audience(EMAIL) == [late]


async def test_an_old_audience_holds_nobody_who_is_no_customer_or_suppressed_today(
    people: People,
) -> None:
    moved, suppressed, kept = await crowd(people, 3)
    await people.tell(moved, Status.MOVED)
    await people.suppress(email_address("kari1@example.no"))
    await people.withdraw(kept, EMAIL)
    assert await people.audience(EMAIL, as_of=3) == [kept]
    assert suppressed not in await people.audience(EMAIL)


async def test_a_decision_about_one_channel_or_purpose_says_nothing_about_another(
    people: People,
) -> None:
    await crowd(people, 1)
    assert await people.audience(SMS) == []
    people.purpose = "power-saving"
    await people.offer()
    assert await people.audience(EMAIL) == []


async def test_an_export_is_exact_while_decisions_go_on(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported, agreed = await _export_while_everybody_decides(people, monkeypatch)
    assert exported == agreed


async def test_an_export_of_what_holds_now_would_not_be(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_AUDIENCE", FROM_WHAT_HOLDS)
    exported, agreed = await _export_while_everybody_decides(people, monkeypatch)
    assert exported != agreed


async def _export_while_everybody_decides(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Returns who was handed out, and who had agreed when it began."""
    monkeypatch.setattr(audience, "_PAGE", 4)
    ids = await crowd(people, 24)
    for customer_id in ids[::2]:
        await people.withdraw(customer_id, EMAIL)
    agreed = list(ids[1::2])
    stop = asyncio.Event()

    async def turn_over(customers: Sequence[UUID]) -> None:
        while not stop.is_set():
            for customer_id in customers:
                await people.give(customer_id, EMAIL)
                await people.withdraw(customer_id, EMAIL)

    exported = list[UUID]()
    async with asyncio.TaskGroup() as group:
        deciding = [group.create_task(turn_over(ids[each::2])) for each in range(2)]
        batches = audience.export_audience(people.stores, people.purpose, EMAIL, 0)
        first = await anext(batches)
        agreed = await _agreed(people, first.position)
        async for batch in batches:
            exported += batch.customer_ids
            # Everybody decides anew before the next page is read.
            for customer_id in ids:
                await people.withdraw(customer_id, EMAIL)
            for customer_id in ids[::3]:
                await people.give(customer_id, EMAIL)
        stop.set()
        await asyncio.gather(*deciding)
    return exported, agreed


async def _agreed(people: People, position: int) -> Sequence[UUID]:
    """Returns who had said yes by a position, by reading the ledger from its beginning."""
    last = {
        entry.customer_id: entry.decision
        for entry in await people.house.entries()
        if entry.position <= position
    }
    return sorted(each for each, decision in last.items() if decision is Decision.GIVEN)


async def test_the_audience_is_counted_with_who_is_left_out_and_why(
    people: People, consent: Consent
) -> None:
    ids = await crowd(people, 6)
    await people.withdraw(ids[0], EMAIL)
    await people.tell(ids[1], Status.MOVED)
    await people.suppress(email_address("kari2@example.no"))
    await people.readdress(ids[3], reachable(email="ny@example.no"))
    await people.give(ids[4], SMS)

    counted = await count(consent)

    assert counted.ledger_position == 8
    by_channel = {each.channel: each for each in counted.channels}
    assert list(by_channel) == list(consents_pb2.Channel.values())[1:]
    mail, sms = by_channel[consents_pb2.EMAIL], by_channel[consents_pb2.SMS]
    assert (mail.consented, mail.allowed) == (5, 2)
    assert {pb.Permission.Name(each.reason): each.customers for each in mail.left_out} == {
        "WITHDRAWN": 1,
        "NOT_A_CUSTOMER": 1,
        "SUPPRESSED": 1,
        "NOT_CONFIRMED": 1,
    }
    assert (sms.consented, sms.allowed, list(sms.left_out)) == (1, 1, [])
    assert list((await count(consent, consents_pb2.SMS)).channels) == [sms]


@pytest.mark.parametrize(
    ("purpose", "channel", "as_of", "expected"),
    [
        ("nothing", "EMAIL", 0, ("purpose", "UNKNOWN_PURPOSE")),
        ("mail-only", "SMS", 0, ("channel", "UNKNOWN_CHANNEL")),
        ("mail-only", "CHANNEL_UNSPECIFIED", 0, ("channel", "REQUIRED_FIELD")),
        ("mail-only", "EMAIL", 1, ("as_of_position", "POSITION_NOT_REACHED")),
        ("mail-only", "EMAIL", -1, ("as_of_position", "POSITION_NOT_REACHED")),
    ],
)
async def test_what_makes_no_sense_is_refused_before_the_first_message(  # noqa: PLR0917
    people: People,
    consent: Consent,
    purpose: str,
    channel: str,
    as_of: int,
    expected: tuple[str, str],
) -> None:
    people.purpose = "mail-only"
    await people.offer(EMAIL)
    request = pb.ExportAudienceRequest(
        purpose=purpose, channel=consents_pb2.Channel.Value(channel), as_of_position=as_of
    )
    with refused("INVALID_FIELDS") as refusing:
        async for _ in consent.stub.ExportAudience(request, metadata=consent.staff()):
            raise AssertionError("something was handed out")
    assert refusing.refusal.fields == [expected]


async def test_another_service_is_told_whom_it_may_write_to_and_why_not(
    people: People, consent: Consent
) -> None:
    [kari] = await crowd(people, 1)
    stranger = uuid4()
    async with consent.neighbours.channel(consent.port, workload="events") as channel:
        answer = await stub_on(channel).BatchCheckPermissions(
            pb.BatchCheckPermissionsRequest(
                purpose="kraftklubben",
                channels=[consents_pb2.EMAIL, consents_pb2.SMS],
                customer_ids=[str(kari), str(stranger)],
            )
        )
    assert [
        (
            UUID(each.customer_id),
            consents_pb2.Channel.Name(each.channel),
            pb.Permission.Name(each.permission),
        )
        for each in answer.permissions
    ] == [
        (kari, "EMAIL", "ALLOWED"),
        (kari, "SMS", "NO_DECISION"),
        (stranger, "EMAIL", "NOT_A_CUSTOMER"),
        (stranger, "SMS", "NOT_A_CUSTOMER"),
    ]


async def test_a_question_without_what_it_needs_is_refused_by_name(consent: Consent) -> None:
    async with consent.neighbours.channel(consent.port, workload="events") as channel:
        stub = stub_on(channel)
        for request, field in (
            (
                pb.BatchCheckPermissionsRequest(purpose="kraftklubben"),
                ("channels", "REQUIRED_FIELD"),
            ),
            (
                pb.BatchCheckPermissionsRequest(
                    channels=[consents_pb2.EMAIL], customer_ids=["kari"]
                ),
                ("customer_ids[0]", "NOT_A_UUID"),
            ),
            (
                pb.BatchCheckPermissionsRequest(
                    channels=[consents_pb2.EMAIL], customer_ids=[str(uuid4())] * 1001
                ),
                ("customer_ids", "TOO_MANY_RECORDS"),
            ),
        ):
            with refused("INVALID_FIELDS") as refusing:
                await stub.BatchCheckPermissions(request)
            assert refusing.refusal.fields == [field]
