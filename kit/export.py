"""What a service holds about somebody, for the file that the gateway makes of all services'.

A service names its sections in order. A page of the export is a part of one of them, so that no
answer grows with the years.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from kit import access, audit
from kit.errors import FieldError, Invalid
from kit.postgres import Connection
from kit.server import Call
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse

RECORDS_A_PAGE = 200

Record: TypeAlias = Mapping[str, Any]
"""By JSON names, of what orjson writes: text, numbers, None, dates, moments, UUIDs, lists."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a section.

    Attributes:
        records: What is in it.
        next_position: Where the next part begins, empty on the last one.
    """

    records: Sequence[Record]
    next_position: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """All records of a kind.

    Attributes:
        name: The name in the file.
        read: Returns the part at a position, which is empty at the beginning; raises ValueError
            for what is no position.
    """

    name: str
    read: Callable[[str], Awaitable[Part]]


def whole(name: str, read: Callable[[], Awaitable[Sequence[Record]]]) -> Section:
    """Returns a section that never has more than a few records.

    Args:
        name: The name in the file.
        read: Returns all records.
    """

    async def read_all(position: str) -> Part:
        if position:
            raise ValueError(position)
        return Part(await read())

    return Section(name, read_all)


async def page(
    request: ExportMyDataRequest, call: Call, now: datetime, sections: Sequence[Section]
) -> ExportMyDataResponse:
    """Answers with the next part of what a service holds about the caller.

    Args:
        request: The request.
        call: The call, by somebody who has just logged in: the file says everything at once.
        now: The present moment.
        sections: What the service holds, at least one.

    Raises:
        Problem: If the login is too long ago.
        Invalid: If the token came from no such page.
    """
    access.require_recent_login(call.caller, now)
    name, _, position = request.page_token.partition("/")
    names = [section.name for section in sections]
    try:
        index = names.index(name) if request.page_token else 0
        part = await sections[index].read(position)
    except ValueError:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None
    following = ""
    if part.next_position:
        following = f"{names[index]}/{part.next_position}"
    elif index + 1 < len(names):
        following = f"{names[index + 1]}/"
    return ExportMyDataResponse(
        sections_json=orjson.dumps(
            {names[index]: part.records}, default=_text_of_id, option=orjson.OPT_UTC_Z
        ),
        next_page_token=following,
    )


def _text_of_id(value: object) -> str:
    """Writes asyncpg's own kind of UUID, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def staff_actions(connection: Connection, customers: Collection[UUID]) -> Section:
    """Returns what staff did to customers, for a service that has the log of it.

    Who it was is left out: the rights of the member of staff count too (GDPR art. 15(4); the Court
    of Justice in C-579/21).
    """

    async def read(position: str) -> Part:
        after = UUID(position) if position else None
        actions = await audit.actions_on(connection, customers, after, RECORDS_A_PAGE)
        records = [
            {"at": action.at, "action": action.action, "reason": action.reason}
            for action in actions
        ]
        return Part(records, str(actions[-1].id) if len(actions) == RECORDS_A_PAGE else "")

    return Section("staffActions", read)
