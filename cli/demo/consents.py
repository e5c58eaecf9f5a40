"""What the demonstration's first customer agrees to: somebody gets Kraftklubben's news."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.gateway import Gateway

_EMAIL: Final = "EMAIL"
_BY_EMAIL: Final = {"general", "kraftklubben"}
_ACKNOWLEDGED: Final = "privacy-statement"


def agree_to_news(gateway: Gateway, customer: str) -> None:
    """Accepts the privacy statement, and switches general consent and Kraftklubben on by e-mail.

    What the customer has decided already stays as it is.

    Args:
        gateway: Where the customer has registered, and the notices are published.
        customer: The access token of the customer.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    consents = gateway.get("/v1/me/consents", customer)["consents"]
    changes = [change for consent in consents for change in _changes(consent)]
    if changes:
        gateway.patch("/v1/me/consents", {"changes": changes}, customer)


def _changes(consent: Mapping[str, Any]) -> Iterator[Mapping[str, object]]:
    """Returns what is switched on of a purpose, with the text that was shown."""
    shown = {name: consent[name] for name in ("noticeVersion", "noticeSha256", "language")}
    yes = {"purpose": consent["purpose"], "granted": True, **shown}
    if consent["purpose"] == _ACKNOWLEDGED and not consent["decidedAt"]:
        yield yes
    if consent["purpose"] in _BY_EMAIL:
        for switch in consent["channels"]:
            if switch["channel"] == _EMAIL and not switch["decidedAt"]:
                yield {**yes, "channel": _EMAIL}
