"""Who answers for what is done with people's data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Controller:
    """The company, as receipts name it (GDPR art. 13(1)(a)).

    Attributes:
        name: Its name.
        contact: How to reach it about privacy: an e-mail address, or a page.
        url: Where customers find Di side.
    """

    name: str
    contact: str
    url: str
