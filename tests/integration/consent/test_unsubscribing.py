"""Taking leave by a link: without a login, for ever, and telling nobody anything."""

import json
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from kit.keyed_hash import secret_keys
from kit.testing import Neighbours
from kundeapp.consent.v1 import consents_pb2, mailings_pb2
from services.consent.config import Settings
from services.consent.domain.channels import Channel
from services.consent.domain.unsubscribing import Subscription
from services.consent.handlers import mailings
from services.consent.handlers.customers import erase_customer
from services.consent.tokens import KeyedUnsubscribeTokens
from tests.integration.consent.press import PURPOSE, Press, reader
from tests.integration.consent.world import Consent, Customer, House, serving


@pytest.fixture
async def press(house: House) -> Press:
    press = Press(house)
    await press.offer()
    return press


@pytest.fixture
def tokens(settings: Settings) -> KeyedUnsubscribeTokens:
    return KeyedUnsubscribeTokens(secret_keys(settings.secret_keys))


@pytest.fixture
async def kari(press: Press) -> Customer:
    [customer_id] = await press.people(reader(), agree=[Channel.EMAIL, Channel.SMS])
    return Customer(customer_id)


async def unsubscribe(
    consent: Consent, token: str, language: str = "nn"
) -> mailings_pb2.Subscription:
    return await consent.stub.Unsubscribe(
        mailings_pb2.UnsubscribeRequest(token=token), metadata=[("accept-language", language)]
    )


async def look(consent: Consent, token: str) -> mailings_pb2.Subscription:
    return await consent.stub.GetSubscription(mailings_pb2.GetSubscriptionRequest(token=token))


async def rows(press: Press) -> list[tuple[str, str, str, str]]:
    found = await press.house.sql("SELECT channel, decision, source, actor FROM ledger")
    return [tuple(row) for row in found]


async def test_a_link_withdraws_what_it_is_about_and_nothing_else(
    consent: Consent, press: Press, tokens: KeyedUnsubscribeTokens, kari: Customer
) -> None:
    token = tokens.of(Subscription(kari.id, PURPOSE, Channel.EMAIL))
    assert (await look(consent, token)).is_on
    answer = await unsubscribe(consent, token, "en")

    assert (answer.purpose, answer.purpose_name) == (PURPOSE, "The club")
    assert (answer.channel, answer.is_on) == (consents_pb2.EMAIL, False)
    assert await rows(press) == [("EMAIL", "WITHDRAWN", "UNSUBSCRIBE", "CUSTOMER")]
    assert not (await look(consent, token)).is_on
    assert (await look(consent, tokens.of(Subscription(kari.id, PURPOSE, Channel.SMS)))).is_on


async def test_following_a_link_again_writes_nothing_more_and_looking_never_does(
    consent: Consent, press: Press, tokens: KeyedUnsubscribeTokens, kari: Customer
) -> None:
    token = tokens.of(Subscription(kari.id, PURPOSE, Channel.EMAIL))
    await look(consent, token)
    assert await rows(press) == []
    first = await unsubscribe(consent, token)
    assert await unsubscribe(consent, token) == first
    assert len(await rows(press)) == 1


async def test_an_answer_tells_nothing_of_whose_link_it_is(
    consent: Consent, press: Press, tokens: KeyedUnsubscribeTokens, kari: Customer
) -> None:
    [erased] = await press.people(reader("erased@example.no"))
    [never] = await press.people(reader("never@example.no"))
    async with press.stores() as store:
        await erase_customer(store, press.house.clock, customer_id=erased)
    answers = [
        await unsubscribe(consent, tokens.of(Subscription(each, PURPOSE, Channel.EMAIL)))
        for each in (kari.id, never, erased)
    ]

    assert answers[0] == answers[1] == answers[2]
    assert len(await rows(press)) == 2


async def test_forged_and_unknown_links_get_the_same_answer(
    consent: Consent, press: Press, tokens: KeyedUnsubscribeTokens, kari: Customer
) -> None:
    good = tokens.of(Subscription(kari.id, PURPOSE, Channel.EMAIL))
    forged = ("A" if good[0] != "A" else "B") + good[1:]
    unknown = tokens.of(Subscription(uuid4(), PURPOSE, Channel.EMAIL))
    answers: set[tuple[object, ...]] = set()
    for token in (forged, unknown, good[:-1], "eksempel", "x" * 500):
        for ask in (unsubscribe, look):
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await ask(consent, token)
            error = refusal.value
            details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
            answers.add((error.code(), error.details(), details))

    assert len(answers) == 1
    assert next(iter(answers))[0] is grpc.StatusCode.NOT_FOUND
    assert await rows(press) == []


async def test_a_link_works_when_its_mailing_is_deleted(
    consent: Consent, press: Press, kari: Customer, tokens: KeyedUnsubscribeTokens
) -> None:
    mailing = await press.draft()
    token = tokens.of(Subscription(kari.id, PURPOSE, Channel.EMAIL))
    async with press.stores() as store:
        await mailings.delete(store, mailing.id, mailing.version)

    assert not (await unsubscribe(consent, token)).is_on
    assert len(await rows(press)) == 1


@pytest.fixture
def renewed(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a newer key before the ones that there are."""
    keys = json.loads(settings.secret_keys.read_text())["keys"]
    newer = {"kty": "oct", "kid": "newer", "k": "bmV3" * 11}
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [newer, *keys]}))
    return settings.model_copy(update={"secret_keys": path})


async def test_a_link_works_when_the_key_it_was_made_with_is_an_old_one(
    neighbours: Neighbours,
    renewed: Settings,
    press: Press,
    kari: Customer,
    tokens: KeyedUnsubscribeTokens,
) -> None:
    token = tokens.of(Subscription(kari.id, PURPOSE, Channel.EMAIL))
    async with serving(neighbours, renewed, press.house.clock) as consent:
        assert not (await unsubscribe(consent, token)).is_on
    assert len(await rows(press)) == 1
