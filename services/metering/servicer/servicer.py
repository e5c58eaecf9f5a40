"""All RPCs together."""

from services.metering.servicer.bills import Bills
from services.metering.servicer.exports import Exports
from services.metering.servicer.imports import Imports
from services.metering.servicer.points import Points
from services.metering.servicer.prices import PriceImports
from services.metering.servicer.privacy import Privacy
from services.metering.servicer.rates import RateImports
from services.metering.servicer.readings import Readings
from services.metering.servicer.spot_prices import SpotPriceViews
from services.metering.servicer.usage import UsageViews


class MeteringServicer(
    Points,
    UsageViews,
    Bills,
    SpotPriceViews,
    Exports,
    Imports,
    PriceImports,
    Readings,
    RateImports,
    Privacy,
):
    """One method for each RPC of `MeteringService`, which says what it does."""
