"""Which days are public holidays in Norway.

From the library `holidays` (lov om helligdager, 1995-02-24 nr. 12, and lov om 1 og 17 mai,
1947-04-26 nr. 1). Sundays are none of them here: a week says its own Sunday.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache

from holidays.countries.norway import Norway


@cache
def public_holidays(year: int) -> Mapping[date, str]:
    """Returns the public holidays of a year with their names in Bokmål.

    Two of them may fall on one day, which then has both names, joined by "; ".
    """
    return dict(Norway(years=year, language="no"))
