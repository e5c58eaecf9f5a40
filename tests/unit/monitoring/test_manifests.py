"""Alerts, runbooks, dashboards and metrics agree with each other."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import prometheus_client
import pytest
import yaml

import gateway
import kit
import services
from tests.unit.monitoring import manifests

LABELS = frozenset(
    {
        "area",
        "channel",
        "client",
        "code",
        "consumer",
        "decision",
        "event",
        "kind",
        "method",
        "methods",
        "neighbour",
        "outcome",
        "pool",
        "process",
        "purpose",
        "queue",
        "reason",
        "route",
        "state",
        "status",
        "subject",
        "throttle",
    }
)
"""What a metric of ours may be told apart by: each has few values, and none is of a person."""

OF_PROMETHEUS = frozenset({"le", "alertname", "namespace", "persistentvolumeclaim", "pod"})
OF_RULES = frozenset({"path", "container"})


def walked(package: Any) -> Iterable[str]:
    """Returns the modules of a package that can be imported without starting anything."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not re.search(r"__main__|\.migrations|\.testing|\.local", module.name):
            yield module.name


@pytest.fixture(scope="module")
def labels() -> Mapping[str, frozenset[str]]:
    """The labels of each metric that any module of ours declares."""
    for package in (kit, services, gateway):
        for name in walked(package):
            importlib.import_module(name)
    return declared(prometheus_client.REGISTRY)


def declared(registry: prometheus_client.CollectorRegistry) -> Mapping[str, frozenset[str]]:
    """Returns the labels of each of our metrics in a registry."""
    # No public way tells the labels of a metric that has no values yet.
    collectors: Mapping[str, Any] = cast("Any", registry)._names_to_collectors  # noqa: SLF001
    return {
        name: frozenset(collector._labelnames)  # noqa: SLF001
        for name, collector in collectors.items()
        if name.startswith("kundeapp_")
    }


def not_allowed(labels: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Returns the labels that are not on the list, by metric."""
    return {name: found - LABELS for name, found in labels.items() if found - LABELS}


def unknown_labels(
    expressions: Iterable[str], labels: Mapping[str, frozenset[str]]
) -> Mapping[str, set[str]]:
    """Returns the labels of expressions that no metric in them has, by expression."""
    found: dict[str, set[str]] = {}
    for each in expressions:
        known = {label for name in manifests.metrics_in(each) for label in labels.get(name, ())}
        unknown = manifests.labels_in(each) - known - OF_PROMETHEUS - OF_RULES
        if unknown:
            found[each] = unknown
    return found


def test_no_metric_has_a_label_that_could_hold_a_persons_data(
    labels: Mapping[str, frozenset[str]],
) -> None:
    assert len(labels) > 40
    assert not_allowed(labels) == {}


def test_every_label_on_the_list_is_used(labels: Mapping[str, frozenset[str]]) -> None:
    assert frozenset[str]().union(*labels.values()) == LABELS


def test_a_label_that_could_hold_a_persons_data_is_found() -> None:
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("kundeapp_planted", "", ["outcome", "customer"], registry=registry)
    assert set(not_allowed(declared(registry)).values()) == {frozenset({"customer"})}


def test_rules_and_dashboards_name_only_labels_that_their_metrics_have(
    labels: Mapping[str, frozenset[str]],
) -> None:
    expressions = [rule["expr"] for rule in manifests.rules()]
    expressions += [
        query for each in manifests.dashboards().values() for query in manifests.queries(each)
    ]
    assert unknown_labels(expressions, labels) == {}
    planted = 'sum by (proces) (kundeapp_outbox_unsent{process="events"})'
    assert unknown_labels([planted], labels) == {planted: {"proces"}}


def test_rules_and_dashboards_name_only_metrics_that_are_declared(
    labels: Mapping[str, frozenset[str]],
) -> None:
    named = manifests.named()
    assert len(named) > 30
    planted = {"kundeapp_nobody_declares"}
    assert manifests.ours(named | planted) - set(labels) == planted


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        ('sum by (a) (rate(up{b="c_d"}[5m])) > 1', {"up"}),
        ("one / on (x) group_left (y) (two > 0)", {"one", "two"}),
        (
            "path:a:ratio1h > 14.4 * 0.001 and path:a:ratio5m > 6",
            {"path:a:ratio1h", "path:a:ratio5m"},
        ),
        ('absent(gone{process="x"}) or vector(0) unless here', {"gone", "here"}),
        ("histogram_quantile(0.99, sum by (le) (rate(t_bucket[5m])))", {"t_bucket"}),
        ("avg_over_time(kundeapp_planted[30m]) offset 1d", {"kundeapp_planted"}),
    ],
)
def test_every_metric_of_an_expression_is_seen(expression: str, metrics: set[str]) -> None:
    assert manifests.metrics_in(expression) == metrics


def test_every_foreign_metric_on_the_list_is_named() -> None:
    assert set(manifests.EXTERNAL) <= manifests.named()


def mismatches(alerts: Iterable[str], folder: Path) -> set[str]:
    """Returns alerts without a runbook, and runbooks without an alert."""
    pages = {page.stem for page in folder.glob("*.md")} - {"README"}
    return set(alerts) ^ pages


def test_every_alert_has_its_runbook_and_every_runbook_its_alert(tmp_path: Path) -> None:
    alerts = manifests.alerts()
    assert mismatches(alerts, manifests.RUNBOOKS) == set()
    for name, rule in alerts.items():
        url: str = rule["annotations"]["runbook_url"]
        assert url.endswith(f"/docs/runbooks/{name}.md"), name
        assert rule["labels"]["severity"] in {"page", "ticket"}, name
        assert {"summary", "description"} <= set(rule["annotations"]), name
    (tmp_path / "NobodysAlert.md").touch()
    assert mismatches({"Unexplained"}, tmp_path) == {"NobodysAlert", "Unexplained"}


def shapeless(folder: Path) -> set[str]:
    """Returns the runbooks that leave out one of the four things that each of them says."""
    sections = ("## What it means", "## What customers notice", "## Look here", "## Do this")
    return {
        page.stem
        for page in folder.glob("*.md")
        if page.stem != "README"
        and [line for line in page.read_text().splitlines() if line.startswith("##")]
        != list(sections)
    }


def test_every_runbook_says_what_it_means_what_is_noticed_where_to_look_and_what_to_do(
    tmp_path: Path,
) -> None:
    assert shapeless(manifests.RUNBOOKS) == set()
    (tmp_path / "Empty.md").write_text("# Empty\n\n## What it means\n")
    assert shapeless(tmp_path) == {"Empty"}


def test_every_alert_is_seen_to_fire_and_to_be_silent_in_a_test() -> None:
    fired: set[str] = set()
    for file in (manifests.MONITORING / "tests").glob("*.yaml"):
        for each in yaml.safe_load(file.read_text())["tests"]:
            expected = [check["exp_samples"] for check in each["promql_expr_test"]]
            named = re.findall(r'alertname="(\w+)"', str(expected))
            # Before it fires, nothing does.
            assert not named or [] in expected, each["name"]
            fired |= set(named)
    assert fired == set(manifests.alerts())


def crooked(dashboard: Mapping[str, Any]) -> list[str]:
    """Returns the titles of panels that lie on others, or leave the grid."""
    taken: set[tuple[int, int]] = set()
    found: list[str] = []
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        if cells & taken or any(x >= 24 for x, _ in cells):
            found.append(panel["title"])
        taken |= cells
    return found


def test_dashboards_can_be_imported_and_told_apart() -> None:
    dashboards = manifests.dashboards()
    assert len(dashboards) >= 3
    assert len({each["uid"] for each in dashboards.values()}) == len(dashboards)
    for name, dashboard in dashboards.items():
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(ids) == len(set(ids)), name
        assert crooked(dashboard) == [], name
        for panel in dashboard["panels"]:
            assert panel["title"], name
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, name
    grid = {"x": 20, "y": 0, "w": 8, "h": 4}
    assert crooked({"panels": [{"title": "beyond", "gridPos": grid}]}) == ["beyond"]
