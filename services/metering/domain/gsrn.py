"""The number of a metering point."""

import re

from services.metering.domain.problems import Refused

_EIGHTEEN_DIGITS = re.compile(r"[0-9]{18}")


def check_gsrn(text: str) -> str:
    """Returns a Global Service Relation Number, 18 digits as text.

    Raises:
        Refused: If it has another form, or its last digit does not check the others
            (GS1 General Specifications, 7.9.1: weights 3 and 1 in turn, from the right).
    """
    if _EIGHTEEN_DIGITS.fullmatch(text) is None:
        raise Refused("NOT_A_GSRN")
    digits = [int(digit) for digit in text]
    weighted = 3 * sum(digits[-2::-2]) + sum(digits[-3::-2])
    if (weighted + digits[-1]) % 10 != 0:
        raise Refused("WRONG_CHECK_DIGIT")
    return text
