"""Codes of an authenticator app, and recovery codes."""

import base64
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from cryptography.fernet import InvalidToken
from pyotp.totp import TOTP

from kit.ids import SystemIds
from kit.keyed_hash import KeyedHash, SecretKey
from kit.testing.fakes import FixedIds
from services.identity.domain.second_factor import (
    STEP,
    RecoveryCodes,
    Totp,
    is_code,
    new_secret,
    step_of,
    uri_of,
)
from services.identity.sealing import Seal

NOW = datetime(2026, 4, 6, 11, 0, 10, tzinfo=UTC)
SECRET = base64.b32encode(b"12345678901234567890").decode()
"""That of RFC 6238, appendix B."""
ACCOUNT, OTHER_ACCOUNT = UUID(int=1), UUID(int=2)
OLD_KEY = SecretKey("old", b"o" * 32)
NEW_KEY = SecretKey("new", b"n" * 32)


def code(at: datetime) -> str:
    return TOTP(SECRET).at(at)


def recovery_codes(*keys: SecretKey) -> RecoveryCodes:
    return RecoveryCodes(KeyedHash(keys or [OLD_KEY], "recovery"), SystemIds())


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(second: int, expected: str) -> None:
    now = datetime.fromtimestamp(second, UTC)

    assert step_of(Totp(SECRET), expected, now) == second // 30


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_this_step_or_of_one_beside_it_is_right(steps: int) -> None:
    current = int(NOW.timestamp()) // 30

    assert step_of(Totp(SECRET), code(NOW + steps * STEP), NOW) == current + steps


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_a_step_further_off_is_wrong(steps: int) -> None:
    assert step_of(Totp(SECRET), code(NOW + steps * STEP), NOW) is None


def test_a_step_counts_from_its_first_second_to_its_last() -> None:
    shown, first = code(NOW), NOW - timedelta(seconds=10)

    assert step_of(Totp(SECRET), shown, first - STEP) is not None
    assert step_of(Totp(SECRET), shown, first - STEP - timedelta(microseconds=1)) is None
    assert step_of(Totp(SECRET), shown, first + 2 * STEP - timedelta(microseconds=1)) is not None
    assert step_of(Totp(SECRET), shown, first + 2 * STEP) is None


def test_a_step_that_was_accepted_is_not_accepted_again_nor_is_one_before_it() -> None:
    current = int(NOW.timestamp()) // 30
    used = Totp(SECRET, last_step=current)

    assert step_of(used, code(NOW), NOW) is None
    assert step_of(used, code(NOW - STEP), NOW) is None
    assert step_of(used, code(NOW + STEP), NOW) == current + 1


def test_a_code_may_be_written_in_groups() -> None:
    shown = code(NOW)

    assert step_of(Totp(SECRET), f" {shown[:3]} {shown[3:]} ", NOW) is not None
    assert is_code(f" {shown[:3]} {shown[3:]} ")


@pytest.mark.parametrize(
    "text",
    ["", "12345", "1234567", "12345a", "7KQ2-M0XW-9F4T", "\uff11\uff12\uff13\uff14\uff15\uff16"],
)
def test_nothing_else_is_a_code_of_an_app(text: str) -> None:
    assert not is_code(text)
    assert step_of(Totp(SECRET), text, NOW) is None


def test_a_secret_has_160_random_bits() -> None:
    first, second = new_secret(SystemIds()), new_secret(SystemIds())

    assert first != second
    assert len(base64.b32decode(first)) == 20


def test_an_app_reads_the_secret_from_a_uri() -> None:
    read = pyotp.parse_uri(uri_of(SECRET, "kari+straum@example.no"))

    assert isinstance(read, TOTP)
    assert (read.secret, read.digits, read.interval) == (SECRET, 6, 30)
    assert (read.issuer, read.name) == ("Kundeapp", "kari+straum@example.no")
    assert read.digest().name == "sha1"


def test_there_are_ten_recovery_codes_of_60_bits_without_letters_that_look_alike() -> None:
    codes = recovery_codes().new()

    assert len(set(codes)) == 10
    letters = "[0-9A-HJKMNP-TV-Z]"
    assert all(re.fullmatch(rf"({letters}{{4}}-){{2}}{letters}{{4}}", each) for each in codes)


def test_all_letters_of_a_recovery_code_are_as_likely() -> None:
    codes = RecoveryCodes(KeyedHash([OLD_KEY], "recovery"), FixedIds())
    letters = "".join(each for _ in range(400) for each in codes.new()).replace("-", "")

    counts = [letters.count(letter) for letter in set(letters)]

    assert len(counts) == 32
    # 48,000 letters, 1,500 of each: four standard deviations are 153.
    assert all(abs(count - 1500) < 153 for count in counts)


@pytest.mark.parametrize(
    "typed", ["7kq2-m0xw-9f1t", "7KQ2 MOXW 9FIT", "7kq2moxw9flt", " 7KQ2-M0XW-9F1T"]
)
def test_a_recovery_code_is_read_as_people_write_it(typed: str) -> None:
    codes = recovery_codes()

    assert codes.hash_of(ACCOUNT, "7KQ2-M0XW-9F1T") in codes.hashes_of(ACCOUNT, typed)


def test_a_recovery_code_is_none_of_another_account_nor_is_another_code() -> None:
    codes = recovery_codes()
    kept = codes.hash_of(ACCOUNT, "7KQ2-M0XW-9F1T")

    assert kept not in codes.hashes_of(OTHER_ACCOUNT, "7KQ2-M0XW-9F1T")
    assert kept not in codes.hashes_of(ACCOUNT, "7KQ2-M0XW-9F1V")


def test_a_recovery_code_is_found_after_the_key_was_renewed() -> None:
    kept = recovery_codes(OLD_KEY).hash_of(ACCOUNT, "7KQ2-M0XW-9F1T")
    renewed = recovery_codes(NEW_KEY, OLD_KEY)

    assert kept in renewed.hashes_of(ACCOUNT, "7KQ2-M0XW-9F1T")
    assert kept not in recovery_codes(NEW_KEY).hashes_of(ACCOUNT, "7KQ2-M0XW-9F1T")


def test_a_sealed_secret_opens_again_also_after_the_key_was_renewed() -> None:
    sealed = Seal([OLD_KEY], "totp").close(SECRET)

    assert Seal([NEW_KEY, OLD_KEY], "totp").open(sealed) == SECRET
    assert SECRET not in sealed


def test_new_secrets_are_sealed_under_the_new_key() -> None:
    sealed = Seal([NEW_KEY, OLD_KEY], "totp").close(SECRET)

    assert Seal([NEW_KEY], "totp").open(sealed) == SECRET


def test_a_sealed_secret_opens_neither_for_another_purpose_nor_with_another_key() -> None:
    sealed = Seal([OLD_KEY], "totp").close(SECRET)

    with pytest.raises(InvalidToken):
        Seal([OLD_KEY], "retry").open(sealed)
    with pytest.raises(InvalidToken):
        Seal([SecretKey("old", b"x" * 32)], "totp").open(sealed)
    with pytest.raises(KeyError):
        Seal([NEW_KEY], "totp").open(sealed)


def test_a_sealed_secret_that_was_changed_does_not_open() -> None:
    name, _, sealed = Seal([OLD_KEY], "totp").close(SECRET).partition("$")
    content = base64.urlsafe_b64decode(sealed)

    for at in range(len(content)):
        bent = bytes(byte ^ (place == at) for place, byte in enumerate(content))
        with pytest.raises(InvalidToken):
            Seal([OLD_KEY], "totp").open(f"{name}${base64.urlsafe_b64encode(bent).decode()}")


def test_secrets_are_not_shown() -> None:
    assert SECRET not in repr(Totp(SECRET))
