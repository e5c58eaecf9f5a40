"""Mailings."""

from collections.abc import Mapping
from datetime import UTC
from typing import TypeVar
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.moments import moment_of
from kit.server import Call
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import mailings_pb2 as pb
from services.consent.domain.mailings import LANGUAGES, Mailing, Progress, Text
from services.consent.domain.store import Store
from services.consent.handlers import mailings
from services.consent.servicer.fields import uuid_of
from services.consent.servicer.part import Part

_Word = TypeVar("_Word", bound=str)


class Mailings(Part):
    """Mailings."""

    async def CreateMailing(self, request: pb.CreateMailingRequest, call: Call) -> pb.Mailing:
        """Writes a draft."""

        async def create(store: Store) -> pb.Mailing:
            return _mailing(
                await mailings.create(
                    store,
                    self.newsroom,
                    request.purpose,
                    _texts_of(request.texts),
                    _account_of(call),
                )
            )

        return await self.once(call, request, create, pb.Mailing)

    async def UpdateMailing(self, request: pb.UpdateMailingRequest, call: Call) -> pb.Mailing:
        """Changes what is given of a mailing."""

        async def update(store: Store) -> pb.Mailing:
            return _mailing(
                await mailings.update(
                    store,
                    self.newsroom,
                    uuid_of("mailing_id", request.mailing_id),
                    request.version,
                    request.purpose if request.HasField("purpose") else None,
                    _texts_of(request.texts) if request.HasField("texts") else None,
                    _account_of(call),
                )
            )

        return await self.once(call, request, update, pb.Mailing)

    async def GetMailing(self, request: pb.GetMailingRequest, _call: Call) -> pb.Mailing:
        """Shows a mailing."""
        async with self.stores() as store:
            found = await mailings.get(store, uuid_of("mailing_id", request.mailing_id))
        return _mailing(*found)

    async def ListMailings(
        self, request: pb.ListMailingsRequest, _call: Call
    ) -> pb.ListMailingsResponse:
        """Lists the mailings."""
        async with self.stores() as store:
            found, following = await mailings.list_newest_first(
                store, request.page_size, request.page_token
            )
        return pb.ListMailingsResponse(
            mailings=[_mailing(*each) for each in found], next_page_token=following
        )

    async def PreviewMailing(
        self, request: pb.PreviewMailingRequest, call: Call
    ) -> pb.PreviewMailingResponse:
        """Shows what a mailing says, and who would get it."""
        language = _language_of(request.language, call)
        async with self.stores() as store:
            preview = await mailings.preview(
                store, self.newsroom, uuid_of("mailing_id", request.mailing_id), language
            )
        return pb.PreviewMailingResponse(
            subject=preview.words.subject,
            text=preview.words.text,
            html=preview.words.html,
            short=preview.words.short,
            by_channel=[
                pb.PreviewMailingResponse.ByChannel(
                    channel=consents_pb2.Channel.Value(channel), customers=customers
                )
                for channel, customers in preview.reach.by_channel.items()
            ],
            left_out=[
                pb.PreviewMailingResponse.LeftOut(reason=reason, customers=customers)
                for reason, customers in _most_first(preview.reach.left_out)
            ],
        )

    async def SendTestMailing(
        self, request: pb.SendTestMailingRequest, call: Call
    ) -> pb.SendTestMailingResponse:
        """Mails a mailing to the caller."""

        async def send(store: Store) -> pb.SendTestMailingResponse:
            await mailings.send_test(
                store,
                self.newsroom,
                uuid_of("mailing_id", request.mailing_id),
                _language_of(request.language, call),
                _account_of(call),
            )
            return pb.SendTestMailingResponse()

        return await self.once(call, request, send, pb.SendTestMailingResponse)

    async def ScheduleMailing(self, request: pb.ScheduleMailingRequest, call: Call) -> pb.Mailing:
        """Has a mailing sent."""

        async def schedule(store: Store) -> pb.Mailing:
            return _mailing(
                await mailings.schedule(
                    store,
                    self.newsroom,
                    uuid_of("mailing_id", request.mailing_id),
                    request.version,
                    moment_of(request, "send_at"),
                    _account_of(call),
                )
            )

        return await self.once(call, request, schedule, pb.Mailing)

    async def UnscheduleMailing(
        self, request: pb.UnscheduleMailingRequest, call: Call
    ) -> pb.Mailing:
        """Makes a draft of a mailing that is scheduled."""

        async def unschedule(store: Store) -> pb.Mailing:
            mailing_id = uuid_of("mailing_id", request.mailing_id)
            return _mailing(await mailings.unschedule(store, mailing_id, request.version))

        return await self.once(call, request, unschedule, pb.Mailing)

    async def StopMailing(self, request: pb.StopMailingRequest, call: Call) -> pb.Mailing:
        """Stops a mailing."""

        async def stop(store: Store) -> pb.Mailing:
            mailing_id = uuid_of("mailing_id", request.mailing_id)
            await mailings.stop(store, self.newsroom, mailing_id, _account_of(call))
            return _mailing(*await mailings.get(store, mailing_id))

        return await self.once(call, request, stop, pb.Mailing)

    async def DeleteMailing(
        self, request: pb.DeleteMailingRequest, call: Call
    ) -> pb.DeleteMailingResponse:
        """Deletes a mailing."""

        async def delete(store: Store) -> pb.DeleteMailingResponse:
            await mailings.delete(store, uuid_of("mailing_id", request.mailing_id), request.version)
            return pb.DeleteMailingResponse()

        return await self.once(call, request, delete, pb.DeleteMailingResponse)


def _most_first(counts: Mapping[_Word, int]) -> list[tuple[_Word, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _account_of(call: Call) -> UUID:
    account_id = call.caller.account_id
    if account_id is None:
        raise ValueError("staff have accounts")
    return account_id


def _language_of(language: str, call: Call) -> str:
    if language and language not in LANGUAGES:
        raise Invalid(FieldError("language", "NOT_A_LANGUAGE"))
    return language or call.language


def _texts_of(texts: pb.MailingTexts) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for language in LANGUAGES:
        if texts.HasField(language):
            text: pb.MailingText = getattr(texts, language)
            found[language] = Text(text.subject, text.body)
    return found


def _mailing(mailing: Mailing, progress: Progress | None = None) -> pb.Mailing:
    answer = pb.Mailing(
        id=str(mailing.id),
        version=mailing.version,
        state=pb.Mailing.State.Value(mailing.state),
        kind=mailing.kind,
        title=mailing.title,
        purpose=mailing.purpose,
        created_by=str(mailing.created_by or ""),
        changed_by=str(mailing.changed_by or ""),
        scheduled_by=str(mailing.scheduled_by or ""),
        stopped_by=str(mailing.stopped_by or ""),
        progress=_progress(progress or Progress()),
    )
    for language, text in mailing.texts.items():
        getattr(answer.texts, language).MergeFrom(
            pb.MailingText(subject=text.subject, body=text.body)
        )
    for name in ("created_at", "changed_at", "send_at", "starts_at", "ended_at"):
        moment = getattr(mailing, name)
        if moment is not None:
            getattr(answer, name).FromDatetime(moment.astimezone(UTC))
    return answer


def _progress(progress: Progress) -> pb.MailingProgress:
    return pb.MailingProgress(
        sent=progress.sent,
        waiting=progress.waiting,
        dropped=[
            pb.MailingProgress.Dropped(reason=reason, customers=customers)
            for reason, customers in _most_first(progress.dropped)
        ],
    )
