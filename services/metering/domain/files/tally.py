"""How many rows a file has, and what is wrong with those that are refused."""

from kit.errors import FieldError
from services.metering.domain.problems import SHOWN_LINES


class Tally:
    """Counts the rows of a file as they come.

    Attributes:
        rows: How many there are so far, those that are refused among them.
        refused: How many of them are refused.
        problems: Why, for the first of them.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.refused = 0
        self.problems: list[FieldError] = []

    def refuse(self, problem: FieldError, rows: int = 1) -> None:
        """Counts rows that are refused for the same reason."""
        self.refused += rows
        if len(self.problems) < SHOWN_LINES:
            self.problems.append(problem)
