"""The links that end a subscription: for ever good, and nobody else can make one."""

import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.keyed_hash import SecretKey
from services.consent.domain.channels import Channel
from services.consent.domain.unsubscribing import Subscription
from services.consent.tokens import KeyedUnsubscribeTokens

OLD, NEW, OTHER = (SecretKey(name, name.encode() * 20) for name in ("old", "new", "other"))
TOKENS = KeyedUnsubscribeTokens([OLD])
KARIS = Subscription(UUID("0190b2c4-7d1e-7c3a-9f55-3a6c1e0f4d21"), "kraftklubben", Channel.EMAIL)
URL_SAFE = string.ascii_letters + string.digits + "-_"


@given(
    st.uuids(),
    st.from_regex(r"[a-z]{1,40}(-[a-z]{1,40}){0,2}", fullmatch=True),
    st.sampled_from(Channel),
)
def test_a_token_is_read_as_it_was_made(customer_id: UUID, purpose: str, channel: Channel) -> None:
    subscription = Subscription(customer_id, purpose, channel)
    token = TOKENS.of(subscription)
    assert set(token) <= set(URL_SAFE)
    assert TOKENS.read(token) == subscription


def test_tokens_of_older_keys_stay_good_and_are_the_same_in_every_mailing() -> None:
    renewed = KeyedUnsubscribeTokens([NEW, OLD])
    assert renewed.read(TOKENS.of(KARIS)) == KARIS
    assert renewed.of(KARIS) != TOKENS.of(KARIS)
    assert renewed.of(KARIS) == KeyedUnsubscribeTokens([NEW]).of(KARIS)


def test_a_token_of_a_key_that_is_not_ours_is_none() -> None:
    assert TOKENS.read(KeyedUnsubscribeTokens([OTHER]).of(KARIS)) is None


@pytest.mark.parametrize("at", range(len(TOKENS.of(KARIS))))
def test_a_token_with_another_character_is_none(at: int) -> None:
    token = TOKENS.of(KARIS)
    for character in URL_SAFE:
        if character != token[at]:
            assert TOKENS.read(token[:at] + character + token[at + 1 :]) is None


@given(st.text(max_size=300))
def test_what_is_no_token_is_none(text: str) -> None:
    assert TOKENS.read(text) is None


@pytest.mark.parametrize("change", ["{}=", "{}==", " {}", "{}\n", "{}A", "{:.20}", "{:.44}"])
def test_there_is_one_way_to_write_a_token(change: str) -> None:
    assert TOKENS.read(change.format(TOKENS.of(KARIS))) is None


def test_a_token_for_one_channel_or_customer_is_not_good_for_another() -> None:
    tokens = {
        TOKENS.of(Subscription(customer_id, purpose, channel))[22:]
        for customer_id in (KARIS.customer_id, UUID(int=1))
        for purpose in ("kraftklubben", "kraftklubbe")
        for channel in (Channel.EMAIL, Channel.SMS)
    }
    assert len(tokens) == 8
