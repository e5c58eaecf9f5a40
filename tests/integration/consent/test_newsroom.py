"""Mailings as event staff ask for them over gRPC."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from kit.testing import FrozenClock, Neighbours
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import mailings_pb2 as pb
from services.consent.config import Settings
from services.consent.domain.channels import Channel
from tests.integration.consent.press import PURPOSE, Press, reader
from tests.integration.consent.world import NOW, Consent, House, serving

TEXTS = pb.MailingTexts(nn=pb.MailingText(subject="Haust", body="Kom!"))
NINA = UUID("0190b2c4-7d1e-7c3a-9f55-3a6c1e0f4d21")


@pytest.fixture(autouse=True)
async def press(house: House) -> Press:
    press = Press(house)
    await press.offer()
    return press


class Desk:
    """Where a member of staff works.

    Attributes:
        consent: The service.
    """

    def __init__(self, consent: Consent) -> None:
        self.consent = consent

    async def ask(self, rpc: str, request: Any) -> Any:
        """Asks for something."""
        metadata = self.consent.staff("EVENT_STAFF", account_id=NINA)
        return await getattr(self.consent.stub, rpc)(request, metadata=metadata)

    async def refusal(self, rpc: str, request: Any) -> tuple[grpc.StatusCode, str]:
        """Asks for something in vain; returns what is said then."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.ask(rpc, request)
        return refused.value.code(), refused.value.details() or ""

    async def create(self, request_id: str = "") -> pb.Mailing:
        """Writes a draft."""
        return await self.ask(
            "CreateMailing",
            pb.CreateMailingRequest(request_id=request_id, purpose=PURPOSE, texts=TEXTS),
        )


@pytest.fixture
async def desk(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock, tmp_path: Path
) -> AsyncGenerator[Desk]:
    with_mailbox = settings.model_copy(update={"mailbox": tmp_path})
    async with serving(neighbours, with_mailbox, clock) as consent:
        yield Desk(consent)


async def test_a_mailing_is_written_changed_scheduled_and_deleted(desk: Desk) -> None:
    draft = await desk.create()
    assert (draft.state, draft.title, draft.created_by) == (pb.Mailing.DRAFT, "Haust", str(NINA))
    assert not draft.HasField("starts_at")
    english = pb.MailingTexts(nn=TEXTS.nn, en=pb.MailingText(subject="Autumn", body="Come!"))
    changed = await desk.ask(
        "UpdateMailing", pb.UpdateMailingRequest(mailing_id=draft.id, version=1, texts=english)
    )
    assert (changed.version, changed.texts.en.subject) == (2, "Autumn")

    request = pb.ScheduleMailingRequest(mailing_id=draft.id, version=2)
    request.send_at.FromDatetime(NOW + timedelta(hours=10))
    scheduled = await desk.ask("ScheduleMailing", request)
    assert scheduled.state == pb.Mailing.SCHEDULED
    assert scheduled.starts_at.ToDatetime(NOW.tzinfo) == NOW + timedelta(hours=18)
    unscheduled = await desk.ask(
        "UnscheduleMailing", pb.UnscheduleMailingRequest(mailing_id=draft.id, version=3)
    )
    assert await desk.ask("GetMailing", pb.GetMailingRequest(mailing_id=draft.id)) == unscheduled
    await desk.ask("DeleteMailing", pb.DeleteMailingRequest(mailing_id=draft.id, version=4))
    code, _ = await desk.refusal("GetMailing", pb.GetMailingRequest(mailing_id=draft.id))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_retry_writes_one_draft(desk: Desk) -> None:
    assert await desk.create("one") == await desk.create("one")
    assert (await desk.create("two")).id != (await desk.create("one")).id


async def test_another_version_and_another_state_are_refused_as_such(desk: Desk) -> None:
    draft = await desk.create()
    for rpc, request in (
        ("UpdateMailing", pb.UpdateMailingRequest(mailing_id=draft.id, version=2, texts=TEXTS)),
        ("ScheduleMailing", pb.ScheduleMailingRequest(mailing_id=draft.id, version=0)),
        ("DeleteMailing", pb.DeleteMailingRequest(mailing_id=draft.id, version=7)),
    ):
        assert (await desk.refusal(rpc, request))[0] is grpc.StatusCode.ABORTED
    unscheduling = pb.UnscheduleMailingRequest(mailing_id=draft.id, version=1)
    code, text = await desk.refusal("UnscheduleMailing", unscheduling)
    assert (code, "DRAFT" in text) == (grpc.StatusCode.FAILED_PRECONDITION, True)


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [
        ("CreateMailing", pb.CreateMailingRequest(purpose=PURPOSE)),
        ("CreateMailing", pb.CreateMailingRequest(purpose="nothing", texts=TEXTS)),
        ("GetMailing", pb.GetMailingRequest(mailing_id="none")),
        ("ListMailings", pb.ListMailingsRequest(page_size=-1)),
        ("ListMailings", pb.ListMailingsRequest(page_token="none")),
        ("PreviewMailing", pb.PreviewMailingRequest(mailing_id=str(NINA), language="se")),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: Desk, rpc: str, request_: Any) -> None:
    assert (await desk.refusal(rpc, request_))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_mailings_are_listed_in_pages_the_newest_first(desk: Desk) -> None:
    drafts = [(await desk.create()).id for _ in range(5)]
    listed: list[str] = []
    sizes: list[int] = []
    token = ""
    while True:
        request = pb.ListMailingsRequest(page_size=2, page_token=token)
        page = await desk.ask("ListMailings", request)
        listed += [each.id for each in page.mailings]
        sizes.append(len(page.mailings))
        token = page.next_page_token
        if not token:
            break
    assert (listed, sizes) == (drafts[::-1], [2, 2, 1])


async def test_a_preview_counts_nobody_twice(desk: Desk, press: Press) -> None:
    await press.people(*[reader("", "+4790000000")] * 3, agree=[Channel.POST])
    await press.people(reader(account_id=uuid4()), agree=[Channel.EMAIL, Channel.PUSH])
    await press.readers(1)
    draft = await desk.create()
    request = pb.PreviewMailingRequest(mailing_id=draft.id, language="nn")
    preview = await desk.ask("PreviewMailing", request)

    assert (preview.subject, "Kom!" in preview.text) == ("Haust", True)
    assert "/avmelding/eksempel" in preview.html
    assert "Kraftklubben: Haust" in preview.short
    assert preview.left_out == [
        pb.PreviewMailingResponse.LeftOut(reason="NO_DECISION", customers=3)
    ]
    assert preview.by_channel == [
        pb.PreviewMailingResponse.ByChannel(channel=consents_pb2.EMAIL, customers=2)
    ]


async def test_a_stopped_mailing_says_by_whom(desk: Desk, press: Press) -> None:
    await press.readers(2)
    draft = await desk.create()
    await desk.ask("ScheduleMailing", pb.ScheduleMailingRequest(mailing_id=draft.id, version=1))
    stopped = await desk.ask("StopMailing", pb.StopMailingRequest(mailing_id=draft.id))

    assert (stopped.state, stopped.stopped_by) == (pb.Mailing.STOPPED, str(NINA))
    assert stopped.HasField("ended_at")
    code, _ = await desk.refusal("StopMailing", pb.StopMailingRequest(mailing_id=draft.id))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    gone = pb.StopMailingRequest(mailing_id=str(uuid4()))
    assert (await desk.refusal("StopMailing", gone))[0] is grpc.StatusCode.NOT_FOUND
