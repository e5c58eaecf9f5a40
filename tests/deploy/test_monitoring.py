"""Rules and dashboards reach Kubernetes as they are kept."""

from pathlib import Path

import yaml

from deploy.monitoring_manifests import MADE, SOURCES, manifests

RULES = """
groups:
- name: events
  rules:
  - alert: OutboxStuck
    expr: kundeapp_outbox_oldest_unsent_seconds > 60
"""


def test_what_was_made_of_them_is_up_to_date() -> None:
    """To mend it: make manifests."""
    made = {path.name: path.read_text("utf-8") for path in MADE.iterdir()}
    assert made == manifests(SOURCES)


def test_a_rule_and_a_dashboard_are_wrapped_and_otherwise_left_alone(tmp_path: Path) -> None:
    for folder, name, content in (
        ("rules", "events.yaml", RULES),
        ("dashboards", "queues.json", '{"title": "Køer"}'),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content, "utf-8")
    made = manifests(tmp_path)
    rule = yaml.safe_load(made["rules-events.yaml"])
    assert rule["kind"] == "PrometheusRule"
    assert rule["spec"] == yaml.safe_load(RULES)
    dashboard = yaml.safe_load(made["dashboard-queues.yaml"])
    assert dashboard["kind"] == "ConfigMap"
    assert yaml.safe_load(dashboard["data"]["queues.json"]) == {"title": "Køer"}
    assert yaml.safe_load(made["kustomization.yaml"])["resources"] == [
        "dashboard-queues.yaml",
        "rules-events.yaml",
    ]
