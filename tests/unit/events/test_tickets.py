"""Tickets: what a QR code says, what a person types, and which ones are given back."""

import hashlib
from base64 import urlsafe_b64decode
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import SystemIds
from kit.testing import FixedIds
from services.events.domain.tickets import (
    Ticket,
    code_of,
    new_tickets,
    text_of,
    ticket_id_of,
    tickets_to_release,
    token_of,
)
from tests.unit.events.samples import NOW

RESERVATION = UUID(int=7)

tokens = st.binary(min_size=16, max_size=16)


def ticket(number: int, used_at: datetime | None = None) -> Ticket:
    token = number.to_bytes(16, "big")
    return Ticket(ticket_id_of(token), RESERVATION, token, f"{number:08d}", used_at=used_at)


def test_a_reservation_has_as_many_tickets_as_were_asked_for_all_different() -> None:
    tickets = new_tickets(RESERVATION, 50, SystemIds())
    assert {each.reservation_id for each in tickets} == {RESERVATION}
    for names in ("id", "token", "code"):
        assert len({getattr(each, names) for each in tickets}) == 50
    assert [each.code for each in tickets] == sorted(each.code for each in tickets)


def test_tickets_come_of_randomness_alone() -> None:
    assert new_tickets(RESERVATION, 3, FixedIds()) == new_tickets(RESERVATION, 3, FixedIds())
    assert new_tickets(RESERVATION, 3, FixedIds()) != new_tickets(RESERVATION, 3, FixedIds(2))


@given(tokens)
def test_a_qr_code_says_the_128_bits_of_a_token_in_22_characters(token: bytes) -> None:
    text = text_of(token)
    assert len(text) == 22
    assert urlsafe_b64decode(f"{text}==") == token
    assert token_of(text) == token


@given(st.text(max_size=64) | st.text("ABCabc019-_ =", min_size=22, max_size=22))
def test_a_text_that_is_not_exactly_what_a_qr_code_says_is_no_token(text: str) -> None:
    token = token_of(text)
    assert token is None or text_of(token) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("A" * 21, id="too short"),
        pytest.param("A" * 23, id="too long"),
        pytest.param("A" * 21 + "B", id="more bits than a token has"),
        pytest.param("!" * 22, id="other signs"),
        pytest.param("A" * 21 + "ø", id="other letters"),
        pytest.param("https://kundeapp.no/t/1", id="an address"),
    ],
)
def test_what_is_no_token(text: str) -> None:
    assert token_of(text) is None


@given(tokens)
def test_the_id_of_a_ticket_follows_from_its_token_and_does_not_give_it_away(token: bytes) -> None:
    ticket_id = ticket_id_of(token)
    assert ticket_id == ticket_id_of(token)
    assert ticket_id.version == 8
    assert ticket_id.bytes[:6] == hashlib.sha256(token).digest()[:6]


def test_a_token_does_not_slip_into_what_is_written_of_a_ticket() -> None:
    [one] = new_tickets(RESERVATION, 1, SystemIds())
    for secret in (one.token_text, one.code, repr(one.token)):
        assert secret not in repr(one)


def test_a_device_knows_a_ticket_by_the_sha_256_of_what_its_qr_code_says() -> None:
    one = ticket(1)
    assert one.token_hash == hashlib.sha256(b"AAAAAAAAAAAAAAAAAAAAAQ").hexdigest()


def test_a_code_is_printed_in_two_groups() -> None:
    assert ticket(12345678).code_text == "1234-5678"


@given(st.integers(0, 10_000).map(lambda seed: new_tickets(RESERVATION, 1, FixedIds(seed))[0]))
def test_a_code_is_read_back_as_it_was_printed_or_typed(one: Ticket) -> None:
    assert code_of(one.code_text) == one.code
    assert code_of(one.code_text.lower()) == one.code
    assert code_of(f" {one.code[:2]} {one.code[2:]}") == one.code
    assert set(one.code).isdisjoint("ILOU")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K7QX-2M4P", "K7QX2M4P"),
        ("k7qx2m4p", "K7QX2M4P"),
        ("O7QX-2M4P", "07QX2M4P"),
        ("o7qx-2m4p", "07QX2M4P"),
        ("KIQX-LM4P", "K1QX1M4P"),
        ("kiqx-lm4p", "K1QX1M4P"),
    ],
)
def test_letters_that_are_taken_for_digits_are_read_as_digits(typed: str, code: str) -> None:
    assert code_of(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "K7QX-2M4", "K7QX-2M4PP", "K7QX-2M4U", "K7QX-2M4Ø", "K7QX_2M4P"]
)
def test_what_is_no_code(typed: str) -> None:
    assert code_of(typed) is None


def test_a_very_long_text_is_no_code_whatever_it_holds() -> None:
    assert code_of("-" * 100_000 + "K7QX-2M4P") is None


ONE, TWO, THREE = ticket(1), ticket(2), ticket(3)


def test_all_tickets_are_given_back_where_nothing_is_said() -> None:
    assert tickets_to_release([ONE, TWO], 0, []) == [ONE, TWO]


def test_the_last_tickets_are_given_back_where_only_a_number_is_said() -> None:
    assert tickets_to_release([ONE, TWO, THREE], 2, []) == [TWO, THREE]


def test_tickets_that_are_marked_as_used_are_given_back_last() -> None:
    used = ticket(3, used_at=NOW)
    assert tickets_to_release([ONE, TWO, used], 2, []) == [ONE, TWO]
    assert tickets_to_release([ONE, TWO, used], 3, []) == [used, ONE, TWO]


def test_the_tickets_that_are_named_are_given_back() -> None:
    assert tickets_to_release([ONE, TWO, THREE], 0, [THREE.id, ONE.id]) == [THREE, ONE]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param([ONE.id, ONE.id], id="one twice"),
        pytest.param([ONE.id, THREE.id], id="one that is not there"),
    ],
)
def test_what_is_named_must_be_there_and_only_once(named: list[UUID]) -> None:
    assert tickets_to_release([ONE, TWO], 0, named) is None


@given(st.integers(1, 10), st.integers(0, 12))
def test_no_more_tickets_are_given_back_than_there_are(there: int, quantity: int) -> None:
    active = [ticket(number) for number in range(there)]
    released = tickets_to_release(active, quantity, [])
    assert released is not None
    assert len({each.id for each in released}) == len(released)
    if quantity <= there:
        assert len(released) == (quantity or there)
    else:
        assert len(released) < quantity
