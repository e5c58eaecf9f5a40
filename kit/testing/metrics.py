"""Metrics of this process, as whoever scrapes them sees them."""

from prometheus_client import REGISTRY


def metric(name: str, /, **labels: str) -> float | None:
    """Returns the value of a metric, None while it has none."""
    return REGISTRY.get_sample_value(name, labels)
