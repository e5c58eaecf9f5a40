"""Who lives in the demonstration. Addresses are on a domain that RFC 2606 reserves for examples."""

from dataclasses import dataclass

from cli.demo.series import Area, Household

PASSWORD = "tjukk-skodde-i-dalen"  # noqa: S105  # everyone's, in a suite on loopback


@dataclass(frozen=True)
class Point:
    """A metering point and the contract on it.

    Attributes:
        gsrn: 18 digits with a valid check digit, of a series that no grid company uses.
        address: Where it is.
        area: Its price area.
        grid_company: Who owns the grid.
        household: What its hours look like.
        held_months: How long the contract has lasted, from the first of a month.
        product: What the customer has bought.
        premises: HOME or CABIN.
    """

    gsrn: str
    address: str
    area: Area
    grid_company: str
    household: Household
    held_months: int = 24
    product: str = "SPOT"
    premises: str = "HOME"


@dataclass(frozen=True)
class Customer:
    """A customer who has registered."""

    number: str
    name: str
    email: str
    mobile: str
    pin: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Staff:
    """A member of staff, with roles as `kundeapp.access.v1.Staff.Role` names them."""

    email: str
    roles: tuple[str, ...]


def gsrn(serial: int) -> str:
    """Returns the metering point number of a serial number (GS1 General Specifications, 7.9).

    From the right, the digits weigh 3 and 1 in turn; the check digit makes the sum a multiple of
    ten.
    """
    body = f"7070575{serial:010d}"
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


_HOUSE = Household(base_wh=310, heating_wh_per_degree=95, activity_wh=900, car=True, solar_wh=9_000)
_FLAT = Household(base_wh=140, heating_wh_per_degree=34, activity_wh=520)
_CABIN = Household(base_wh=60, heating_wh_per_degree=48, activity_wh=700, weekends_only=True)
_TERRACE = Household(base_wh=210, heating_wh_per_degree=62, activity_wh=760)

CUSTOMERS = (
    Customer(
        number="100001",
        name="Ingrid Storelva",
        email="ingrid.storelva@example.com",
        mobile="+4799999901",
        pin="40172958",
        points=(
            Point(
                gsrn(9_990_000_001), "Elvevegen 12, 6240 Ørskog", Area.NO3, "Nordvest Nett", _HOUSE
            ),
        ),
    ),
    Customer(
        number="100002",
        name="Odd Arne Skarbøvik",
        email="odd.arne.skarboevik@example.com",
        mobile="+4799999902",
        pin="58310746",
        points=(
            Point(gsrn(9_990_000_002), "Nordnesbakken 3, 5005 Bergen", Area.NO5, "BKK", _FLAT),
            Point(
                gsrn(9_990_000_003),
                "Fjellstøylen 8, 6190 Bjørke",
                Area.NO3,
                "Linja",
                _CABIN,
                premises="CABIN",
            ),
        ),
    ),
    Customer(
        number="100003",
        name="Mari Tverrfjell",
        email="mari.tverrfjell@example.com",
        mobile="+4799999903",
        pin="93657021",
        points=(
            Point(
                gsrn(9_990_000_004),
                "Sjøgata 21 B, 6413 Molde",
                Area.NO3,
                "Nordvest Nett",
                _TERRACE,
                held_months=9,
                product="NORGESPRIS",
            ),
        ),
    ),
)

OPERATOR = Staff("operatoer@example.com", ("OPERATOR",))
EVENT_STAFF = Staff("arrangement@example.com", ("EVENT_STAFF",))
STAFF = (
    OPERATOR,
    Staff("kundeservice@example.com", ("CUSTOMER_SERVICE",)),
    EVENT_STAFF,
)
