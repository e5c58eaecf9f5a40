"""The rate book: what is loaded, and what holds now."""

import asyncio
from dataclasses import dataclass
from typing import Final

from services.metering.domain.pricing import RateBook, parse_rate_book, rate_book_of
from services.metering.domain.store import Reader, Store

_NO_BOOK: Final = 0


@dataclass(frozen=True)
class RatesImported:
    """What an import of rates did, in rates; see `ImportRatesReport`."""

    rows: int
    created: int
    changed: int
    removed: int
    unchanged: int
    revision: int


class RateBooks:
    """The rate book that holds, which is read anew only once another was loaded.

    Nothing is built in: until a book is loaded it is empty, and every cost unknown.
    """

    def __init__(self) -> None:
        self._known = (_NO_BOOK, rate_book_of(()))

    async def current(self, reader: Reader) -> RateBook:
        """Returns the book of now."""
        return await self.at(await reader.rate_revision(), reader)

    async def at(self, revision: int, reader: Reader) -> RateBook:
        """Returns a book by its number, 0 for none; whoever knows that saves a round trip."""
        known, book = self._known
        if revision != known:
            book = rate_book_of(await reader.rates(revision))
            self._known = revision, book
        return book


async def import_rates(store: Store, *, text: str) -> RatesImported:
    """Takes a book of rates in place of the one before; the same again changes nothing.

    Raises:
        BadFile: If it is none; see `parse_rate_book`.
    """
    rows = (await asyncio.to_thread(parse_rate_book, text)).rows
    revision, known = await store.lock_rates()
    before = {row.key: row for row in known}
    after = {row.key: row for row in rows}
    unchanged = sum(before.get(key) == row for key, row in after.items())
    if not unchanged == len(before) == len(after):
        revision = await store.save_rates(rows, text)
    return RatesImported(
        rows=len(after),
        created=len(after.keys() - before.keys()),
        changed=len(after.keys() & before.keys()) - unchanged,
        removed=len(before.keys() - after.keys()),
        unchanged=unchanged,
        revision=revision,
    )
