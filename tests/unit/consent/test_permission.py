"""May we send? Each rule by itself, and which reason is told first."""

from dataclasses import replace
from typing import Any, Final

import pytest

from services.consent.domain.channels import Channel
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Decision
from services.consent.domain.permission import Permission, Standing, permission_of

EVERY_CHANNEL = pytest.mark.parametrize("channel", Channel)
WITH_ADDRESS = pytest.mark.parametrize(
    "channel", [Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.PUSH]
)


def standing(channel: Channel = Channel.EMAIL, **changes: Any) -> Standing:
    """Returns the standing of somebody who may be written to, but for some changes."""
    allowed = Standing(
        channel=channel,
        is_offered=True,
        status=Status.ACTIVE,
        decision=Decision.GIVEN,
        is_superseded=False,
        is_current=True,
        has_address=True,
        is_confirmed=True,
        is_suppressed=False,
    )
    return replace(allowed, **changes)


@EVERY_CHANNEL
def test_who_has_agreed_and_has_a_confirmed_address_may_be_written_to(channel: Channel) -> None:
    assert permission_of(standing(channel)) is Permission.ALLOWED


@EVERY_CHANNEL
def test_a_purpose_that_does_not_have_the_channel_allows_nothing(channel: Channel) -> None:
    assert permission_of(standing(channel, is_offered=False)) is Permission.UNKNOWN_PURPOSE


@EVERY_CHANNEL
@pytest.mark.parametrize("status", [None, Status.MOVED, Status.DECEASED, Status.ERASED])
def test_who_is_unknown_or_moved_or_deceased_or_erased_is_no_customer(
    channel: Channel, status: Status | None
) -> None:
    assert permission_of(standing(channel, status=status)) is Permission.NOT_A_CUSTOMER


@EVERY_CHANNEL
@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (None, Permission.NO_DECISION),
        (Decision.WITHDRAWN, Permission.WITHDRAWN),
        (Decision.EXPIRED, Permission.EXPIRED),
    ],
)
def test_no_row_is_a_no_and_so_is_every_row_but_a_yes(
    channel: Channel, decision: Decision | None, reason: Permission
) -> None:
    assert permission_of(standing(channel, decision=decision)) is reason


@EVERY_CHANNEL
def test_a_yes_to_a_notice_that_has_changed_materially_counts_no_longer(channel: Channel) -> None:
    assert permission_of(standing(channel, is_superseded=True)) is Permission.NOTICE_SUPERSEDED


@WITH_ADDRESS
def test_without_an_address_nobody_is_written_to(channel: Channel) -> None:
    found = permission_of(standing(channel, has_address=False, is_confirmed=False))
    assert found is Permission.NO_ADDRESS


@WITH_ADDRESS
def test_an_address_must_have_been_confirmed_by_its_owner(channel: Channel) -> None:
    assert permission_of(standing(channel, is_confirmed=False)) is Permission.NOT_CONFIRMED


@WITH_ADDRESS
def test_while_identity_is_asked_an_address_counts_as_not_confirmed(channel: Channel) -> None:
    assert permission_of(standing(channel, is_current=False)) is Permission.NOT_CONFIRMED


@WITH_ADDRESS
def test_while_identity_is_asked_nobody_says_that_there_is_no_address(channel: Channel) -> None:
    found = permission_of(standing(channel, is_current=False, has_address=False))
    assert found is Permission.NOT_CONFIRMED


@WITH_ADDRESS
def test_a_suppressed_address_is_not_written_to(channel: Channel) -> None:
    assert permission_of(standing(channel, is_suppressed=True)) is Permission.SUPPRESSED


def test_by_post_the_suite_knows_no_address_to_look_at() -> None:
    found = standing(
        Channel.POST, is_current=False, has_address=False, is_confirmed=False, is_suppressed=True
    )
    assert permission_of(found) is Permission.ALLOWED


IN_ORDER: Final[tuple[tuple[Permission, dict[str, Any]], ...]] = (
    (Permission.UNKNOWN_PURPOSE, {"is_offered": False}),
    (Permission.NOT_A_CUSTOMER, {"status": Status.MOVED}),
    (Permission.WITHDRAWN, {"decision": Decision.WITHDRAWN}),
    (Permission.NOTICE_SUPERSEDED, {"is_superseded": True}),
    (Permission.NO_ADDRESS, {"has_address": False}),
    (Permission.NOT_CONFIRMED, {"is_confirmed": False}),
    (Permission.SUPPRESSED, {"is_suppressed": True}),
)


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_of_several_reasons_the_first_one_is_told(first: int) -> None:
    faults = {name: value for _, each in IN_ORDER[first:] for name, value in each.items()}
    assert permission_of(standing(**faults)) is IN_ORDER[first][0]
