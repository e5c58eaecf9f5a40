"""What an entry of the company's customer system makes of the register."""

from dataclasses import replace

import pytest

from kit.ids import SystemIds
from kit.keyed_hash import KeyedHash, SecretKey
from services.identity.domain import customers
from services.identity.domain.customers import (
    Customer,
    CustomerChanged,
    CustomerCreated,
    Entry,
    Pins,
    Status,
    take_in,
)

IDS = SystemIds()
OLD_KEY = SecretKey("old", b"o" * 32)
NEW_KEY = SecretKey("new", b"n" * 32)
PINS = Pins(KeyedHash([OLD_KEY], "pin"), IDS)
ENTRY = Entry("100001", "Kari Nordmann", "kari@example.no", "+4791234567", "12345678")


@pytest.fixture
def known() -> Customer:
    return take_in(ENTRY, None, PINS, IDS).customer


def test_an_unknown_customer_is_created_with_the_pin_of_the_file() -> None:
    intake = take_in(ENTRY, None, PINS, IDS)

    assert intake.event == CustomerCreated(intake.customer.id, "100001")
    assert PINS.matches(intake.customer.pin, "100001", "12345678")
    assert intake.new_pin == ""


def test_a_customer_without_a_pin_gets_one_of_eight_digits() -> None:
    intake = take_in(replace(ENTRY, pin=""), None, PINS, IDS)

    assert len(intake.new_pin) == 8
    assert intake.new_pin.isdecimal()
    assert PINS.matches(intake.customer.pin, "100001", intake.new_pin)


def test_the_same_entry_again_changes_nothing(known: Customer) -> None:
    intake = take_in(ENTRY, known, PINS, IDS)

    assert intake.event is None
    assert intake.customer == known


def test_an_entry_without_a_pin_keeps_the_one_there_is(known: Customer) -> None:
    intake = take_in(replace(ENTRY, pin=""), known, PINS, IDS)

    assert intake.event is None
    assert intake.new_pin == ""
    assert intake.customer.pin == known.pin


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, name="Kari Fjord"),
        replace(ENTRY, email="fjord@example.no"),
        replace(ENTRY, email=""),
        replace(ENTRY, mobile=""),
        replace(ENTRY, pin="87654321"),
    ],
)
def test_an_entry_that_says_something_new_changes_the_customer(
    known: Customer, entry: Entry
) -> None:
    intake = take_in(entry, known, PINS, IDS)

    assert intake.event == CustomerChanged(known.id, "100001")
    assert intake.customer != known
    assert intake.customer.id == known.id


def test_a_short_pin_is_taken_and_marked() -> None:
    intake = take_in(replace(ENTRY, pin="1234"), None, PINS, IDS)

    assert intake.customer.pin
    assert intake.customer.pin.is_short


def test_equal_pins_of_two_customers_do_not_look_equal() -> None:
    assert PINS.at_rest("100001", "12345678") != PINS.at_rest("100002", "12345678")


def test_a_pin_under_an_old_key_is_right_and_unchanged_after_the_key_is_renewed(
    known: Customer,
) -> None:
    renewed = Pins(KeyedHash([NEW_KEY, OLD_KEY], "pin"), IDS)

    assert renewed.matches(known.pin, "100001", "12345678")
    assert take_in(ENTRY, known, renewed, IDS).event is None


def test_no_pin_matches_where_there_is_none() -> None:
    assert not PINS.matches(None, "100001", "12345678")


@pytest.mark.parametrize(
    ("pin", "expected"),
    [("1234", True), ("12345678", True), ("123", False), ("123456789", False), ("١٢٣٤", False)],
)
def test_a_pin_has_four_to_eight_digits(pin: str, *, expected: bool) -> None:
    assert customers.is_pin(pin) is expected


def test_a_secret_key_never_shows_its_value() -> None:
    assert repr(OLD_KEY) == "SecretKey('old')"


@pytest.mark.parametrize(("key_id", "value"), [("", b"x" * 32), ("a$b", b"x" * 32), ("a", b"x")])
def test_a_weak_or_nameless_key_is_refused(key_id: str, value: bytes) -> None:
    with pytest.raises(ValueError, match="secret key"):
        SecretKey(key_id, value)


def test_hashes_of_two_purposes_have_nothing_in_common() -> None:
    assert KeyedHash([OLD_KEY], "pin").of("x") != KeyedHash([OLD_KEY], "password").of("x")


def test_an_entry_that_tells_no_status_leaves_it(known: Customer) -> None:
    moved = take_in(replace(ENTRY, status=Status.MOVED), known, PINS, IDS)
    assert moved.event == CustomerChanged(known.id, "100001", Status.MOVED)
    assert moved.customer == replace(known, status=Status.MOVED)

    again = take_in(ENTRY, moved.customer, PINS, IDS)
    assert (again.event, again.customer) == (None, moved.customer)


def test_a_new_customer_is_active_unless_told_otherwise(known: Customer) -> None:
    assert known.status is Status.ACTIVE
    intake = take_in(replace(ENTRY, status=Status.MOVED), None, PINS, IDS)
    assert intake.event == CustomerCreated(intake.customer.id, "100001", Status.MOVED)


@pytest.mark.parametrize("pin", ["12345678", "87654321", ""])
def test_the_deceased_have_neither_pin_nor_contact_nor_account(known: Customer, pin: str) -> None:
    entry = replace(ENTRY, pin=pin, status=Status.DECEASED)
    with_account = replace(known, account_id=IDS.new_id())

    intake = take_in(entry, with_account, PINS, IDS)

    dead = intake.customer
    assert (dead.pin, dead.email, dead.mobile, dead.account_id) == (None, "", "", None)
    assert dead.name == known.name
    assert intake.new_pin == ""
    assert take_in(entry, dead, PINS, IDS).event is None
    assert take_in(replace(entry, status=None), dead, PINS, IDS).event is None


def test_a_mistake_is_put_right_with_contact_and_a_new_pin(known: Customer) -> None:
    dead = take_in(replace(ENTRY, status=Status.DECEASED), known, PINS, IDS).customer

    intake = take_in(replace(ENTRY, pin="", status=Status.ACTIVE), dead, PINS, IDS)

    assert intake.event == CustomerChanged(known.id, "100001", Status.ACTIVE)
    assert (intake.customer.email, intake.customer.mobile) == (ENTRY.email, ENTRY.mobile)
    assert PINS.matches(intake.customer.pin, "100001", intake.new_pin)
