"""What customers agree to: shown, changed, withdrawn, and handed out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit import errors
from kit.checks import check
from kit.clock import Clock
from kit.errors import FieldError, Invalid
from kit.ids import Ids
from services.consent.domain import consents
from services.consent.domain.consents import Agreed
from services.consent.domain.customers import Status
from services.consent.domain.ledger import (
    LATEST_UPLOAD,
    TOLERANCE,
    Actor,
    By,
    Change,
    Consent,
    Decision,
    Entry,
    Pair,
    Shown,
    Source,
)
from services.consent.domain.problems import NobodyToDecideFor, NoticeChanged
from services.consent.domain.purposes import Purpose
from services.consent.domain.store import Store
from services.consent.handlers.checks import line_error
from services.consent.handlers.ledger import record
from services.consent.handlers.permission import permissions

MOST_CHANGES = 100
LONGEST_REASON = 500
USUAL_PAGE = 50
LARGEST_PAGE = 200
_LARGEST_POSITION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A switch that was moved.

    Attributes:
        purpose: The purpose.
        channel: The channel; empty for a purpose without channels.
        is_given: Whether it is a yes.
        shown: The text that was shown.
        happened_at: When it was decided; None if at this moment.
    """

    purpose: str
    channel: str
    is_given: bool
    shown: Shown
    happened_at: datetime | None

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.purpose, self.channel


async def agreed(store: Store, customers: Sequence[UUID]) -> Sequence[Agreed]:
    """Returns what somebody has agreed to, in the order in which it is shown.

    Args:
        store: The store.
        customers: The customers whom the account stands for.
    """
    purposes = await store.purposes()
    notices = await store.notices({purpose.notice for purpose in purposes})
    by_customer: dict[UUID, dict[Pair, Consent]] = {each: {} for each in customers}
    for consent in await store.consents_of(customers):
        by_customer[consent.customer_id][consent.pair] = consent
    return [
        consents.agreed(
            purpose,
            notices[purpose.notice],
            list(by_customer.values()),
            list((await permissions(store, purpose.id, customers, purpose.channels)).values()),
        )
        for purpose in purposes
    ]


async def change(
    store: Store, clock: Clock, customers: Sequence[UUID], account_id: UUID, asked: Sequence[Asked]
) -> Sequence[Entry]:
    """Gives and withdraws for an account: all of it, or nothing.

    Args:
        store: The store.
        clock: Tells the time.
        customers: The customers whom the account stands for.
        account_id: The account.
        asked: The switches that were moved.

    Raises:
        Invalid: If something is wrong with a change, which is named.
        NoticeChanged: If a yes was given to another text than the current one.
        NobodyToDecideFor: If the account stands for nobody.
    """
    purposes = {purpose.id: purpose for purpose in await store.purposes()}
    now = clock.now()
    check(*_request_errors(asked), *_errors(asked, purposes, now))
    await _check_texts(store, asked, purposes)
    by = By(Actor.CUSTOMER, Source.SELF_SERVICE, account_id)
    changes = [
        Change(
            customer_id,
            each.purpose,
            each.channel,
            Decision.GIVEN if each.is_given else Decision.WITHDRAWN,
            by,
            each.shown,
            _happened_at(each, now),
        )
        for customer_id in customers
        for each in asked
    ]
    return await _record_for(store, clock, customers, changes)


async def withdraw_all(
    store: Store, clock: Clock, customers: Sequence[UUID], by: By
) -> Sequence[Entry]:
    """Withdraws everything with a channel, also what is no longer asked for.

    Raises:
        NobodyToDecideFor: If there is nobody.
    """
    asked = [pair for purpose in await store.purposes() for pair in purpose.pairs]
    given = [consent.pair for consent in await store.consents_of(customers)]
    pairs = dict.fromkeys(pair for pair in (*asked, *given) if pair[1])
    return await withdraw(store, clock, customers, list(pairs), by)


async def withdraw(
    store: Store, clock: Clock, customers: Sequence[UUID], pairs: Sequence[Pair], by: By
) -> Sequence[Entry]:
    """Withdraws what was given of some purposes and channels.

    Raises:
        NobodyToDecideFor: If there is nobody.
    """
    changes = [
        Change(customer_id, purpose, channel, Decision.WITHDRAWN, by)
        for customer_id in customers
        for purpose, channel in pairs
    ]
    return await _record_for(store, clock, customers, changes)


@dataclass(frozen=True, slots=True)
class Care:
    """Who of the staff does something for which customer, and why.

    Attributes:
        staff_account_id: The member of staff.
        customer_id: The customer.
        reason: Why, in the words of the member of staff.
        ids: Makes identifiers.
        clock: Tells the time.
    """

    staff_account_id: UUID
    customer_id: UUID
    reason: str
    ids: Ids
    clock: Clock


async def withdraw_for(store: Store, care: Care, pairs: Sequence[Pair]) -> Sequence[Entry]:
    """Withdraws for a customer who calls.

    Args:
        store: The store.
        care: Who does so, and for whom.
        pairs: What is withdrawn; everything with a channel if there are none.

    Raises:
        Invalid: If no reason is given, or what is withdrawn is nothing that is asked for.
        NotFound: If there is no such customer.
    """
    check(line_error("reason", care.reason, LONGEST_REASON))
    purposes = {purpose.id: purpose for purpose in await store.purposes()}
    check(
        *(
            _pair_error(f"pairs[{number}]", pair, purposes, pairs[:number])
            for number, pair in enumerate(pairs)
        )
    )
    if await store.status_of(care.customer_id) in {None, Status.ERASED}:
        raise errors.NotFound
    await store.write_down(
        care.ids.new_id(),
        care.clock.now(),
        staff_account_id=care.staff_account_id,
        customer_id=care.customer_id,
        action="WithdrawForCustomer",
        reason=care.reason.strip(),
    )
    by = By(Actor.STAFF, Source.STAFF, care.staff_account_id)
    if pairs:
        return await withdraw(store, care.clock, [care.customer_id], pairs, by)
    return await withdraw_all(store, care.clock, [care.customer_id], by)


async def history(
    store: Store, customers: Sequence[UUID], page_size: int, page_token: str
) -> tuple[Sequence[Entry], str]:
    """Returns a page of decisions, the newest first, and where the next one begins.

    Raises:
        Invalid: If the size is negative, or the token came from no page.
    """
    if page_size < 0:
        facts = {"minimum": 0, "maximum": LARGEST_PAGE}
        raise Invalid(FieldError("page_size", "OUT_OF_RANGE", facts))
    size = min(page_size or USUAL_PAGE, LARGEST_PAGE)
    try:
        before = position_of(page_token)
    except ValueError:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None
    found = await store.entries_of(customers, before, size + 1)
    page = found[:size]
    return page, str(page[-1].position) if len(found) > size else ""


def position_of(token: str) -> int | None:
    """Returns the position that a page token names, None for the beginning.

    Raises:
        ValueError: If it names none.
    """
    if not token:
        return None
    position = int(token)
    if not 0 <= position <= _LARGEST_POSITION:
        raise ValueError(token)
    return position


async def _record_for(
    store: Store, clock: Clock, customers: Sequence[UUID], changes: Sequence[Change]
) -> Sequence[Entry]:
    statuses = await store.lock_customers(customers)
    if all(status is Status.ERASED for status in statuses.values()):
        raise NobodyToDecideFor
    return await record(store, clock, changes)


def _request_errors(asked: Sequence[Asked]) -> Iterator[FieldError]:
    if not asked:
        yield FieldError("changes", "REQUIRED_FIELD")
    elif len(asked) > MOST_CHANGES:
        yield FieldError("changes", "TOO_MANY_RECORDS", {"limit": MOST_CHANGES})


def _errors(
    asked: Sequence[Asked], purposes: Mapping[str, Purpose], now: datetime
) -> Iterator[FieldError | None]:
    pairs = [each.pair for each in asked]
    for number, each in enumerate(asked):
        field = f"changes[{number}]"
        yield _pair_error(field, each.pair, purposes, pairs[:number])
        if each.is_given:
            yield from _text_errors(field, each.shown)
            yield _time_error(f"{field}.happened_at", each.happened_at, now)


def _pair_error(
    field: str, pair: Pair, purposes: Mapping[str, Purpose], before: Sequence[Pair]
) -> FieldError | None:
    purpose, channel = pair
    if purpose not in purposes:
        return FieldError(f"{field}.purpose", "UNKNOWN_PURPOSE")
    if pair not in purposes[purpose].pairs:
        return FieldError(f"{field}.channel", "UNKNOWN_CHANNEL")
    if pair in before:
        return FieldError(f"{field}.channel" if channel else f"{field}.purpose", "DECIDED_TWICE")
    return None


def _text_errors(field: str, shown: Shown) -> Iterator[FieldError]:
    if not shown.version:
        yield FieldError(f"{field}.notice_version", "REQUIRED_FIELD")
    if not shown.sha256:
        yield FieldError(f"{field}.notice_sha256", "REQUIRED_FIELD")
    if not shown.language:
        yield FieldError(f"{field}.language", "REQUIRED_FIELD")


def _time_error(field: str, happened_at: datetime | None, now: datetime) -> FieldError | None:
    if happened_at is None:
        return None
    if happened_at > now + TOLERANCE:
        return FieldError(field, "IN_FUTURE")
    if happened_at < now - LATEST_UPLOAD:
        return FieldError(field, "TOO_LONG_AGO", {"days": LATEST_UPLOAD.days})
    return None


def _happened_at(asked: Asked, now: datetime) -> datetime | None:
    """Returns when it was decided; a no is never refused for it, and so put where it may be."""
    if asked.happened_at is None or asked.is_given:
        return asked.happened_at
    return max(asked.happened_at, now - LATEST_UPLOAD)


async def _check_texts(
    store: Store, asked: Sequence[Asked], purposes: Mapping[str, Purpose]
) -> None:
    given = [(each, purposes[each.purpose].notice) for each in asked if each.is_given]
    notices = await store.notices({name for _, name in given})
    for each, name in given:
        notice, shown = notices[name], each.shown
        if not notice.was_shown(shown.version, shown.sha256, shown.language):
            raise NoticeChanged(name, notice.version)
