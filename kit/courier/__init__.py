"""Messages to people, by mail, SMS and push: sent if, and only if, what they tell of was committed.

A use case queues a message in its own transaction. A routine in every replica takes what is due,
hands it to the transport of its channel, and tries again until it was taken, was refused, or would
be too late. A message with a permit goes only while that holds. By the end recipient and content
are wiped; who is told what stands in no log.
"""

from kit.courier.courier import Courier
from kit.courier.delivery import deliver
from kit.courier.message import (
    Attachment,
    Channel,
    CheckedTransport,
    Message,
    Permits,
    Refused,
    Transport,
    Unreachable,
)
from kit.courier.settings import CourierSettings
from kit.courier.transports import open_transports

__all__ = [
    "Attachment",
    "Channel",
    "CheckedTransport",
    "Courier",
    "CourierSettings",
    "Message",
    "Permits",
    "Refused",
    "Transport",
    "Unreachable",
    "deliver",
    "open_transports",
]
