"""What power costs a household: rates as data, and the arithmetic on them."""

from services.metering.domain.pricing.book import (
    Conditions,
    RateBook,
    parse_rate_book,
    rate_book_of,
)
from services.metering.domain.pricing.capacity import CapacityStanding, Peak, capacity
from services.metering.domain.pricing.engine import (
    PricedHours,
    price_consumption,
    price_production,
)
from services.metering.domain.pricing.money import UNKNOWN
from services.metering.domain.pricing.parts import PricedPart
from services.metering.domain.pricing.rates import Premises, RateRow, Terms
from services.metering.domain.pricing.years import NO_BAND, CapacityStep, Component

__all__ = [
    "NO_BAND",
    "UNKNOWN",
    "CapacityStanding",
    "CapacityStep",
    "Component",
    "Conditions",
    "Peak",
    "Premises",
    "PricedHours",
    "PricedPart",
    "RateBook",
    "RateRow",
    "Terms",
    "capacity",
    "parse_rate_book",
    "price_consumption",
    "price_production",
    "rate_book_of",
]
