"""Makes manifests of the rules and dashboards in `deploy/monitoring`: `make manifests`.

Rules are kept there as Prometheus reads them, so that its own tools check them, and dashboards as
Grafana exports them; Kubernetes wants both wrapped.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
SOURCES = _HERE / "monitoring"
MADE = _HERE / "k8s" / "components" / "monitoring" / "made"


def manifests(sources: Path) -> dict[str, str]:
    """Returns the files of a Kustomize base, by name, in YAML.

    Args:
        sources: A folder with `rules/*.yaml` and `dashboards/*.json`.
    """
    wrapped = dict(_wrapped(sources))
    base = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(wrapped),
    }
    return {
        name: _yaml(manifest) for name, manifest in {**wrapped, "kustomization.yaml": base}.items()
    }


def _wrapped(sources: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(sources.glob("rules/*.yaml")):
        yield (
            f"rules-{path.name}",
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "PrometheusRule",
                "metadata": {"name": f"kundeapp-{path.stem}"},
                "spec": {"groups": yaml.safe_load(path.read_text("utf-8"))["groups"]},
            },
        )
    for path in sorted(sources.glob("dashboards/*.json")):
        yield (
            f"dashboard-{path.stem}.yaml",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": f"kundeapp-dashboard-{path.stem}",
                    "labels": {"grafana_dashboard": "1"},
                },
                "data": {path.name: json.dumps(json.loads(path.read_text("utf-8")))},
            },
        )


def _yaml(manifest: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(  # pyright: ignore[reportUnknownMemberType] - one of its types is open
        manifest, sort_keys=False, allow_unicode=True, width=100
    )
    return f"# Made by `make manifests`.\n{text}"


if __name__ == "__main__":
    MADE.mkdir(exist_ok=True)
    for old in MADE.iterdir():
        old.unlink()
    for name, text in manifests(SOURCES).items():
        (MADE / name).write_text(text, "utf-8")
