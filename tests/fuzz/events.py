"""What events reads: tickets, page tokens, moments, and what devices at the door recorded."""

from datetime import datetime
from typing import Final
from uuid import UUID

from google.protobuf.message import DecodeError

from kit.errors import Invalid
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.paging import (
    moment_and_id,
    position_of,
    read_moment_and_id,
    read_number,
)
from services.events.domain.paging import (
    token_of as page_token_of,
)
from services.events.domain.tickets import code_of, token_of
from services.events.domain.tickets import text_of as text_of_token
from services.events.servicer.messages import changes_of, offline_record_of, uuid_of
from tests.fuzz.target import Target, read_or_refused, text_of

TOKEN: Final = bytes(range(16))
NOW: Final = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def tickets(data: bytes) -> None:
    """What a QR code says and what a person types; a token is written in one way only."""
    text = text_of(data)
    token = token_of(text)
    assert token is None or text_of_token(token) == text
    code = code_of(text)
    assert code is None or code_of(f"{code[:4]}-{code[4:]}") == code


def page_tokens(data: bytes) -> None:
    """Where a page begins, and identifiers."""
    text = text_of(data)
    for token in (text, page_token_of(text)):
        for read in (read_number, read_moment_and_id, UUID):
            read_or_refused(lambda token=token, read=read: position_of(token, read), Invalid)
    read_or_refused(lambda: uuid_of(text, "event_id"), Invalid)


def door_records(data: bytes) -> None:
    """What devices recorded while they were offline: all of it is taken, none is lost."""
    try:
        request = pb.SyncDoorRequest.FromString(data)
    except DecodeError:
        return
    for record in request.records:
        read = offline_record_of(record)
        assert read.guests
        assert isinstance(read.is_readable, bool)


def changes(data: bytes) -> None:
    """Events as staff describe them."""
    for kind in (pb.CreateEventRequest, pb.UpdateEventRequest):
        try:
            request = kind.FromString(data)
        except DecodeError:
            continue
        read_or_refused(lambda request=request: changes_of(request), Invalid)


def _door() -> bytes:
    request = pb.SyncDoorRequest(event_id=str(UUID(int=1)), device="7")
    record = request.records.add(kind=pb.SyncDoorRequest.Record.ADMIT, guests=2, nonce="1")
    record.ticket = text_of_token(TOKEN)
    record.happened_at.seconds = 1_772_452_800
    request.records.add(reservation_id=str(UUID(int=2)), kind=pb.SyncDoorRequest.Record.UNDO)
    return request.SerializeToString()


def _event() -> bytes:
    request = pb.CreateEventRequest(title="Haustkonsert", text="Kom!", venue="Volda", capacity=9)
    request.starts_at.FromDatetime(NOW)
    return request.SerializeToString()


TARGETS: Final = (
    Target(
        "tickets", tickets, [text_of_token(TOKEN).encode(), b"K7QX-2M4P", b"k7qx 2m4p"], (), 100
    ),
    Target(
        "page tokens of events",
        page_tokens,
        [
            page_token_of(17).encode(),
            page_token_of(moment_and_id(NOW, UUID(int=5))).encode(),
            moment_and_id(NOW, UUID(int=5)).encode(),
            b"17",
        ],
        inputs=40,
    ),
    Target("records of the door", door_records, [_door()], inputs=60),
    Target("events of staff", changes, [_event()], inputs=60),
)
