"""What customers are asked for."""

from collections.abc import Iterator

from kit.checks import check
from kit.errors import FieldError
from services.consent.domain import notices
from services.consent.domain.purposes import Outcome, Purpose
from services.consent.domain.store import Store
from services.consent.handlers.checks import line_error

LONGEST_NAME = 100
_RANKS = range(1000)


async def put_purpose(store: Store, purpose: Purpose) -> Outcome:
    """Makes a purpose, or changes it.

    Raises:
        Invalid: If something is wrong with it, or its notice is not published.
    """
    check(*_errors(purpose))
    await store.lock_notices()
    if not await store.notices([purpose.notice]):
        check(FieldError("purpose.notice", "UNKNOWN_NOTICE"))
    known = {each.id: each for each in await store.purposes()}.get(purpose.id)
    if known == purpose:
        return Outcome.UNCHANGED
    await store.put_purpose(purpose)
    return Outcome.CHANGED if known else Outcome.CREATED


def _errors(purpose: Purpose) -> Iterator[FieldError | None]:
    if not notices.is_slug(purpose.id):
        yield FieldError("purpose.id", "NOT_A_SLUG")
    if purpose.rank not in _RANKS:
        facts = {"minimum": _RANKS[0], "maximum": _RANKS[-1]}
        yield FieldError("purpose.rank", "OUT_OF_RANGE", facts)
    for number, channel in enumerate(purpose.channels):
        if channel in purpose.channels[:number]:
            yield FieldError(f"purpose.channels[{number}]", "DECIDED_TWICE")
    for language, name in purpose.names.items():
        yield line_error(f"purpose.name_{language}", name, LONGEST_NAME)
