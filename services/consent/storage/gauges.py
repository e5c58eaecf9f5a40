"""What consent's tables say of what is yet to be told."""

from typing import Final

from prometheus_client import Gauge

from kit.gauges import Query

_overdue = Gauge(
    "kundeapp_consent_oldest_due_seconds",
    "For how long the longest overdue of what is to be told has been due.",
)

_OVERDUE = """
SELECT coalesce(greatest(0, extract(epoch FROM now() - min(due_at))), 0)
FROM notification WHERE state = 'WAITING'
"""

QUERIES: Final = (Query(_overdue, _OVERDUE),)
