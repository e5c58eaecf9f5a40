"""How the company reaches people."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a customer, named as in `kundeapp.consent.v1.Channel`."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PHONE = "PHONE"
    PUSH = "PUSH"
    POST = "POST"
