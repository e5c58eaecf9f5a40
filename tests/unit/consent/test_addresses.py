"""When two addresses are the same, and what is kept of one."""

import pytest

from kit.keyed_hash import SecretKey
from services.consent.domain.contacts import (
    Address,
    Contact,
    Medium,
    address_of,
    email_address,
    known,
    phone_number,
)
from services.consent.domain.suppression import Reason, fits
from services.consent.hashing import KeyedAddressHashes

OLD, NEW = SecretKey("old", b"1" * 32), SecretKey("new", b"2" * 32)


@pytest.mark.parametrize("text", ["kari@example.no", " Kari@Example.NO ", "KARI@EXAMPLE.NO"])
def test_an_e_mail_address_is_the_same_however_it_is_written(text: str) -> None:
    assert address_of(text) == email_address("kari@example.no")


def test_case_is_folded_as_unicode_says() -> None:
    assert email_address("STRASSE@example.no") == email_address("straße@example.no")
    assert email_address("ØYVIND@example.no") == email_address("øyvind@example.no")


@pytest.mark.parametrize(
    "text", ["+4791234567", "91234567", "912 34 567", "0047 912 34 567", "+47 (912) 34.567"]
)
def test_a_phone_number_is_the_same_however_it_is_written(text: str) -> None:
    assert address_of(text) == Address(Medium.MOBILE, "+4791234567")


def test_a_landline_is_a_phone_number_too() -> None:
    assert address_of("22 33 44 55") == phone_number("+4722334455")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kari",
        "kari@",
        "@example.no",
        "a@b",
        "kari@ex ample.no",
        "a@b@c.no",
        "112",
        "+47",
        "1881",
        "x" * 250 + "@b.no",
        "+123456789012345678",
        "91234567a",
    ],
)
def test_what_is_neither_is_no_address(text: str) -> None:
    assert address_of(text) is None


def test_an_address_is_not_shown() -> None:
    assert "kari" not in repr(email_address("kari@example.no"))
    assert "kari" not in repr(Contact(email=email_address("kari@example.no")))


def test_a_hash_names_its_key_and_tells_apart_what_is_not_the_same() -> None:
    hashes = KeyedAddressHashes([NEW, OLD])
    current, older = hashes.of(email_address("kari@example.no"))
    assert (current.partition("$")[0], older.partition("$")[0]) == ("new", "old")
    assert KeyedAddressHashes([OLD]).of(email_address("kari@example.no")) == [older]
    assert current not in hashes.of(email_address("ola@example.no"))


def test_only_the_hash_of_an_address_is_kept() -> None:
    hashes = KeyedAddressHashes([NEW, OLD])
    email, mobile = email_address("kari@example.no"), phone_number("91234567")
    kept = known(Contact(email=email, mobile=mobile, is_email_confirmed=True), hashes)
    assert (kept.email_hash, kept.mobile_hash) == (hashes.of(email)[0], hashes.of(mobile)[0])
    assert (kept.is_email_confirmed, kept.is_mobile_confirmed) == (True, False)
    assert known(Contact(), hashes).email_hash is None


@pytest.mark.parametrize("reason", Reason)
def test_only_a_phone_number_stands_in_the_register_of_reservations(reason: Reason) -> None:
    assert fits(phone_number("91234567"), reason)
    assert fits(email_address("a@b.no"), reason) == (reason is not Reason.RESERVATION_REGISTER)
