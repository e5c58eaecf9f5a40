"""Whether a channel that is on leads to anybody, and what is said if it does not."""

from dataclasses import replace

import pytest

from services.consent.domain.contacts import UNKNOWN, email_address
from services.consent.domain.customers import Status
from services.consent.domain.suppression import Reason
from tests.integration.consent.people import People, reachable
from tests.integration.consent.world import Consent, Customer, Shown, no

CLUB = "kraftklubben"
KARI, OLA = Customer(), Customer()
KARIS = reachable(email="kari@example.no", account_id=KARI.account_id)
UNCONFIRMED = replace(KARIS, is_email_confirmed=False, is_mobile_confirmed=False)


@pytest.fixture
async def shown(consent: Consent) -> Shown:
    await consent.publish_shipped()
    return await consent.show(KARI)


async def _said(consent: Consent, language: str = "nn") -> tuple[bool, str]:
    """Returns whether news get to Kari, of whom the whole answer and its purpose say the same."""
    told = await consent.show(KARI, language=language)
    club = told.of(CLUB)
    assert (told.told.reachable, told.told.message) == (club.reachable, club.message)
    return club.reachable, club.message


async def test_with_all_channels_off_a_confirmed_address_is_not_reached(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    after = await consent.change(KARI, no(CLUB, "EMAIL"))
    assert not after.of(CLUB).reachable
    assert "alle kanalane er av" in after.of(CLUB).message
    assert not after.told.reachable


async def test_a_channel_that_is_on_without_a_confirmed_address_reaches_nobody(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    for contact in (UNKNOWN, UNCONFIRMED):
        await neighbourhood.know(KARI.id, contact)
        after = await consent.change(KARI, shown.yes(CLUB, "EMAIL"), shown.yes(CLUB, "SMS"))
        assert after.is_on(CLUB, "EMAIL")
        assert not after.told.reachable
    assert "ingen bekreftet adresse" in (await _said(consent, "nb"))[1]
    assert "no confirmed address" in (await _said(consent, "en"))[1]
    is_reachable, message = await _said(consent)
    assert not is_reachable
    assert "inga stadfesta adresse" in message
    assert "under Min profil" in message


async def test_a_channel_that_is_on_reaches_a_confirmed_address(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    after = await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    assert (after.told.reachable, after.told.message) == (True, "")
    assert await _said(consent) == (True, "")


async def test_an_address_confirmed_for_another_channel_does_not_help(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, replace(KARIS, is_mobile_confirmed=False))
    for channel in ("SMS", "PHONE"):
        after = await consent.change(KARI, shown.yes(CLUB, channel))
        assert not after.of(CLUB).reachable, channel
    assert (await consent.change(KARI, shown.yes(CLUB, "EMAIL"))).of(CLUB).reachable


@pytest.mark.parametrize("channel", ["POST", "PUSH"])
async def test_letters_and_the_app_need_no_address_that_is_confirmed(
    consent: Consent, shown: Shown, neighbourhood: People, channel: str
) -> None:
    await neighbourhood.know(KARI.id, UNCONFIRMED)
    assert (await consent.change(KARI, shown.yes(CLUB, channel))).of(CLUB).reachable


@pytest.mark.parametrize("reason", [Reason.HARD_BOUNCE, Reason.COMPLAINT])
async def test_an_address_that_is_suppressed_is_not_reached_until_it_no_longer_is(
    consent: Consent, shown: Shown, neighbourhood: People, reason: Reason
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    await neighbourhood.suppress(email_address("Kari@Example.no"), reason)

    is_reachable, message = await _said(consent)
    assert not is_reachable
    assert "adressa er sperra" in message

    await neighbourhood.unsuppress("kari@example.no", reason)
    assert await _said(consent) == (True, "")


async def test_an_address_that_has_changed_is_reached_once_it_is_confirmed(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    new = replace(KARIS, email=email_address("ny@example.no"))

    await neighbourhood.readdress(KARI.id, new)
    is_reachable, message = await _said(consent)
    assert not is_reachable
    assert "inga stadfesta adresse" in message

    await neighbourhood.know(KARI.id, replace(new, is_email_confirmed=False))
    assert not (await _said(consent))[0]
    await neighbourhood.know(KARI.id, new)
    assert await _said(consent) == (True, "")


async def test_who_is_no_customer_any_longer_is_not_reached_and_told_so(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"))
    await neighbourhood.tell(KARI.id, Status.MOVED)
    is_reachable, message = await _said(consent)
    assert not is_reachable
    assert "berre til kundar" in message


async def test_an_account_is_reached_if_one_of_its_customers_is(
    consent: Consent, shown: Shown, neighbourhood: People
) -> None:
    await neighbourhood.know(KARI.id, KARIS)
    await neighbourhood.know(OLA.id, UNCONFIRMED)
    for customer in (KARI, OLA):
        await consent.change(customer, shown.yes(CLUB, "EMAIL"))
    assert (await consent.show(KARI, OLA)).told.reachable
    assert not (await consent.show(OLA)).told.reachable
