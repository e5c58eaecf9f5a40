"""Customers whom nobody else knows, so that a test may do with them what it likes."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.households import brought
from tests.e2e.suite import Suite

PASSWORD = "furutre-attmed-naustet"
_PIN = "73520164"
_numbers = itertools.count(870_001)


@dataclass(frozen=True)
class Newcomer:
    """A customer who has just registered."""

    number: str
    name: str
    email: str
    password: str = PASSWORD


def arrive(suite: Suite, folder: Path, name: str = "Kari Elvestrand") -> Newcomer:
    """Imports a customer, and lets that one register."""
    number = str(next(_numbers))
    newcomer = Newcomer(number, name, f"newcomer-{number}@example.com")
    file = folder / f"newcomer-{number}.csv"
    file.write_text(
        "customer_number,name,email,mobile,pin\n"
        f"{number},{name},{newcomer.email},+4799{number},{_PIN}\n"
    )
    brought(suite, "customers", file)
    suite.register(number, _PIN, newcomer.email, newcomer.password)
    return newcomer
