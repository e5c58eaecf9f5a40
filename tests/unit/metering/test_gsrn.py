import pytest

from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.problems import Refused


def test_a_number_whose_last_digit_checks_the_others_is_taken() -> None:
    assert check_gsrn("735005385000000011") == "735005385000000011"
    assert check_gsrn("707057500000000001") == "707057500000000001"


@pytest.mark.parametrize("digit", "023456789")
def test_any_other_last_digit_is_refused(digit: str) -> None:
    with pytest.raises(Refused, match="WRONG_CHECK_DIGIT"):
        check_gsrn(f"70705750000000000{digit}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "70705750000000000",
        "7070575000000000011",
        "70705750000000000x",
        "\N{ARABIC-INDIC DIGIT SEVEN}" * 18,
    ],
)
def test_what_is_no_eighteen_digits_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="NOT_A_GSRN"):
        check_gsrn(text)
