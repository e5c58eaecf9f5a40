"""What rules, their tests, dashboards and runbooks say, as the tests of them read it."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "deploy" / "monitoring"
RUNBOOKS = ROOT / "docs" / "runbooks"

SUFFIXES: Mapping[str, Sequence[str]] = {
    "histogram": ("_bucket", "_count", "_sum"),
    "counter": ("",),
    "gauge": ("",),
}
"""What a metric's name ends in, by its type."""

EXTERNAL = {
    "kube_pod_container_status_restarts_total": "kube-state-metrics",
    "kubelet_volume_stats_available_bytes": "the kubelet",
    "kubelet_volume_stats_capacity_bytes": "the kubelet",
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp": "CloudNativePG's Barman",
}
"""Metrics of others, and whose they are."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_MATCHERS = re.compile(r"\{[^}]*\}")
_NAME = re.compile(r"(?<![\w:$.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")
_WORDS = frozenset({"and", "or", "unless", "offset", "bool", "inf", "nan"})


def rules() -> Sequence[Mapping[str, Any]]:
    """Returns all rules, of all files and groups."""
    files = sorted((MONITORING / "rules").glob("*.yaml"))
    read = [yaml.safe_load(file.read_text()) for file in files]
    return [rule for file in read for group in file["groups"] for rule in group["rules"]]


def alerts() -> Mapping[str, Mapping[str, Any]]:
    """Returns the alerts by their names."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def dashboards() -> Mapping[str, Mapping[str, Any]]:
    """Returns the dashboards by the names of their files."""
    files = sorted((MONITORING / "dashboards").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def queries(dashboard: Mapping[str, Any]) -> Sequence[str]:
    """Returns what a dashboard asks Prometheus."""
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def metrics_in(expression: str) -> set[str]:
    """Returns the metrics that a PromQL expression names."""
    bare = _TEXT.sub("", expression)
    for part in (_RANGE, _MATCHERS, _LABELS):
        bare = part.sub(" ", bare)
    return set(_NAME.findall(bare)) - _WORDS


def labels_in(expression: str) -> set[str]:
    """Returns the labels that a PromQL expression names."""
    bare = _TEXT.sub("", expression)
    grouped = (part[part.index("(") + 1 : -1] for part in _LABELS.findall(bare))
    matched = (re.sub(r"[=!~]+", "", part[1:-1]) for part in _MATCHERS.findall(bare))
    return {name for part in (*grouped, *matched) for name in re.findall(r"\w+", part)}


def named() -> set[str]:
    """Returns the metrics that rules and dashboards name, without those that rules record."""
    expressions = [rule["expr"] for rule in rules()]
    expressions += [query for each in dashboards().values() for query in queries(each)]
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    return {name for each in expressions for name in metrics_in(each)} - recorded


def ours(names: Iterable[str]) -> set[str]:
    """Returns those of them that are not another's."""
    return set(names) - set(EXTERNAL)


def main() -> None:
    """Writes what dashboards ask as rules, so that promtool can tell whether it is PromQL."""
    asked = [query for each in dashboards().values() for query in queries(each)]
    rules = [{"record": f"dashboard:{number}", "expr": each} for number, each in enumerate(asked)]
    sys.stdout.write(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}))


if __name__ == "__main__":
    main()
