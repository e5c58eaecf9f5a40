"""What is made up to be unguessable."""

import random
from base64 import urlsafe_b64decode

from kit.ids import SystemIds


def drawn() -> set[object]:
    """Draws all kinds of secrets, after the generator that can be foreseen was set."""
    random.seed(1)
    ids = SystemIds()
    return {ids.token(), ids.random_bytes(16), ids.digits(32)}


def test_nothing_that_can_be_foreseen_goes_into_a_secret() -> None:
    assert drawn().isdisjoint(drawn())


def test_a_token_has_256_bits() -> None:
    assert len(urlsafe_b64decode(f"{SystemIds().token()}=")) == 32


def test_digits_are_as_many_as_are_asked_for_and_each_can_stand_anywhere() -> None:
    codes = [SystemIds().digits(6) for _ in range(2000)]
    assert {len(code) for code in codes} == {6}
    for place in range(6):
        assert {code[place] for code in codes} == set("0123456789")
