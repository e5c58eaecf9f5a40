"""Files that come in pieces."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from kit.errors import FieldError, Invalid
from services.metering.domain.calendar import Whole, local_moment_of
from services.metering.domain.files.reader import FileReader, Format

LARGEST_PIECE = 1024 * 1024
"""In bytes; of a file, in one message."""

Result = TypeVar("Result")


async def read(format_: Format[Result], pieces: AsyncIterator[bytes]) -> Result:
    """Reads a file as it comes, in a thread, so that other requests go on meanwhile."""
    reader = FileReader(format_)
    async for piece in pieces:
        check_piece(piece)
        await asyncio.to_thread(reader.feed, piece)
    return await asyncio.to_thread(reader.result)


def check_piece(piece: bytes) -> None:
    """Checks the size of a piece of a file.

    Raises:
        Invalid: If it is too large.
    """
    if len(piece) > LARGEST_PIECE:
        raise Invalid(FieldError("data", "PIECE_TOO_LARGE", {"limit": LARGEST_PIECE}))


def first_start(hours: Whole) -> str:
    """Returns when the first of some hours starts, by Norwegian clocks."""
    return local_moment_of(int(hours[0])).isoformat()


def last_end(hours: Whole) -> str:
    """Returns when the last of some hours ends, by Norwegian clocks."""
    return local_moment_of(int(hours[-1]) + 1).isoformat()
